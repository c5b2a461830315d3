"""The focus city and its report units by code and name, kept beside the project so that a look needs no pandas."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path

from zjanalysis.publish.manifest import write_whole
from zjanalysis.settings import Settings


def named_units(settings: Settings) -> dict[str, str]:
    """Give code → name: the focus city, then its report units in the official order.

    What was found is kept in ``.cache`` under the digest of the tables it comes from; without it the tables are read.
    """
    tables = resources.files("zjanalysis") / "reference"
    seen = hashlib.sha256(settings.focus.encode("utf-8"))
    for name in ("divisions.csv", "zones.csv"):
        seen.update((tables / name).read_bytes())
    kept = settings.root / ".cache" / "publish" / f"units-{seen.hexdigest()[:32]}.json"
    try:
        return dict(json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return _read(settings, kept)


def _read(settings: Settings, kept: Path) -> dict[str, str]:
    from zjanalysis.inputs import regions  # noqa: PLC0415  pandas, only when the tables have changed

    named = {code: regions.region_name(code) for code in (settings.focus, *regions.report_units(settings.focus))}
    try:
        write_whole(kept, json.dumps(named, ensure_ascii=False).encode("utf-8"))
    except OSError:
        return named  # a read-only project folder: the tables are read again next time
    return named
