"""Where a report unit stands on the tile map: reference/tiles.csv, a rough relative place, never a boundary.

Boundary data may not be redistributed and maps with boundaries need review, so there is none; the table is the user's
to edit, and a unit it does not know stands in the rows below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from zjanalysis.inputs.reference import read_reference

WIDTH = 4  # tiles in a row where nothing is known of the place


@dataclass(frozen=True)
class Layout:
    """``places``: code → row and column from 0, north and west first; ``note`` says what the places mean."""

    places: Mapping[str, tuple[int, int]]
    note: str

    @property
    def rows(self) -> int:
        """Give how many rows of tiles there are."""
        return max((row for row, _ in self.places.values()), default=-1) + 1

    @property
    def columns(self) -> int:
        """Give how many tiles the widest row reaches."""
        return max((column for _, column in self.places.values()), default=-1) + 1


def tile_layout(codes: Sequence[str]) -> Layout:
    """Give every region a tile: its place in tiles.csv, or the next free one in the rows below, in the order given.

    >>> tile_layout(["440881", "440825"]).places["440825"], tile_layout(["440902", "440904"]).places["440904"]
    ((3, 1), (0, 1))
    """
    known = {code: _table()[code] for code in codes if code in _table()}
    first = max((row for row, _ in known.values()), default=-1) + 1
    others = [code for code in dict.fromkeys(codes) if code not in known]
    below = {code: (first + position // WIDTH, position % WIDTH) for position, code in enumerate(others)}
    if not known:
        return Layout(below, "按行政区划代码顺序排列，不表示方位")
    more = "，末行地区未标方位" if below else ""
    return Layout({**known, **below}, f"按大致方位排列（上北下南），不表示行政区域界线和面积{more}")


@cache
def _table() -> dict[str, tuple[int, int]]:
    table = read_reference("tiles")
    rows, columns = table["row"].astype("int64") - 1, table["column"].astype("int64") - 1
    return dict(zip(table["code"], zip(rows.tolist(), columns.tolist(), strict=True), strict=True))
