"""What every block of every view owes its reader, wherever the view lives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from zjanalysis.display.blocks import Block


def listed(result: Block | Iterable[Block]) -> list[Block]:
    """Return what a view gives as a list of blocks."""
    return [result] if isinstance(result, Block) else list(result)


def hold_whole(block: Block) -> None:
    """Hold a block against what all of them have: words, content as JSON, headed tables, no value nobody wrote."""
    assert block.sentence
    assert json.dumps(block.payload, allow_nan=False)
    assert block.html.count("<table") == block.html.count("<caption>")
    assert "nan" not in re.sub(r"<[^>]*>", "", block.html)
    assert "None" not in block.html
