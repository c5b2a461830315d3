"""The tables of items are those of the analysis tests."""

from __future__ import annotations

from tests.analysis.conftest import items_of, make_items

__all__ = ["items_of", "make_items"]
