"""The guard is fast and small on hostile files, and sees what the reader does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from corpus import CASES, HEAD, SHEET, A, B, book, cell, made, parts, pressed

from zjanalysis.errors import InputError
from zjanalysis.inputs.guard import inspect, scan_sheet
from zjanalysis.settings import Guard

HOSTILE = [case.name for case in CASES if case.refused and case.name.endswith((".xlsx", ".xlsm", ".xlsb", ".xls"))]
MEASURE = """
import resource, sys, time
from pathlib import Path
from zjanalysis.errors import InputError
from zjanalysis.inputs.workbook import sheets_of
from zjanalysis.settings import Guard
start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    sheets_of(Path(sys.argv[1]), Guard())
except InputError as error:
    print(time.process_time() - start, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


# a megabyte that unpacks to a gigabyte of blanks, its size told truly
bomb = pressed(SHEET, b"<worksheet><sheetData>", b" ", 1_600_000_000, b"</sheetData></worksheet>", HEAD, A)


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="resource is not there")
@pytest.mark.parametrize(
    "kind", ["bomb", "远处单元格.xlsx", "压缩信息不符.xlsx", "部件太多.xlsx", "加密.xlsx", "截断.xlsx"]
)
def test_refused_within_a_second_and_200_mb(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "坏.xlsx"
    if kind == "bomb":
        bomb(path)
    else:
        next(case for case in CASES if case.name == kind).write(path)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, encoding="utf-8", check=True)
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 1
    assert megabytes < 200


def far(content: bytes, guard: Guard | None = None) -> list[str]:
    sheet = b'<worksheet xmlns="m"><sheetData>' + content + b"</sheetData></worksheet>"
    return scan_sheet(iter([sheet]), guard or Guard()).far


FILLED = b"<v>1</v></c></row>"


@pytest.mark.parametrize(
    "content",
    [
        b'<row r="1"><c r="A1">' + FILLED + b'<row r="2"><c r="XFD1048576">' + FILLED,
        b'<row r="2"><c s="1" r="XFD2">' + FILLED,
        b'<row r="2"><c\tr="XFD2">' + FILLED,
        b"<row r='2'><c r='XFD2'>" + FILLED,
        b'<row r="2"><x:c r = "XFD2">' + FILLED,
        b'<row r="2"><c r="AAAA2">' + FILLED,
        b'<row r="1"><c r="ABC1" s="1"/><c r="OZZ1">' + FILLED,
        b'<row r="1"><c r="A999999999">' + FILLED,
        b'<row r="1"><c r="A400001">' + FILLED,
        b'<row r="1"><c r="OJ1">' + FILLED + b'<row r="2"><c r="A399999">' + FILLED,
        b'<row r="399999"><c r="A399999">' + FILLED,
        b'<row r="99999"><c r="OJ99999">' + FILLED,
        b"<row r='99999'><c r='OJ99999'>" + FILLED,
        b'<row r="1"><c r="OJ1"><v>1</v></c><c r="OK1" s="1"/></row><row r="5000"><c r="A5000">' + FILLED,
    ],
)
def test_every_way_to_write_a_far_cell(content: bytes) -> None:
    assert far(content) != []


@pytest.mark.parametrize(
    "content",
    [
        b'<row r="1"><c r="XFD1" s="3"/></row>',
        b'<row r="1"><c r="XFD1" s="3"></c></row>',
        b'<row r="1"><c r="OJ1">' + FILLED,
        b'<row r="30000"><c r="A30000">' + FILLED,
        b"".join(b'<row r="%d"><c r="A%d">' % (n, n) + FILLED for n in range(1, 60_000)),
        b'<row r="1"><c r="A1">'
        + FILLED
        + b"".join(b'<row r="%d" ht="9"><c r="A%d" s="1"/></row>' % (n, n) for n in range(99_000, 99_100)),
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>r="XFD1"</t></is></c></row>'.replace(
            b'"XFD1"', b"&quot;XFD1&quot;"
        ),
    ],
)
def test_formats_and_large_tables_are_not_far(content: bytes) -> None:
    assert far(content) == []


def test_a_far_cell_split_between_two_blocks() -> None:
    sheet = b'<worksheet xmlns="m"><sheetData>' + b'<row r="2"><c r="XFD2">' + FILLED + b"</sheetData></worksheet>"
    for cut in range(len(sheet)):
        assert scan_sheet(iter([sheet[:40], sheet[40:cut], sheet[max(cut, 40) :]]), Guard()).far == ["XFD2"], cut


def test_what_the_reader_does_not_tell(tmp_path: Path) -> None:
    def then(made_book: openpyxl.Workbook, sheet: object) -> None:
        cell("G2", "=1+1")(made_book, sheet)  # type: ignore[arg-type]
        made_book["清单"].row_dimensions[3].hidden = True

    path = tmp_path / "表.xlsx"
    book(HEAD, A, B, then=then)(path)
    seen = inspect(path, Guard())["清单"]
    assert (seen.empty_formulas, seen.reach["hidden"], seen.error_cells) == (frozenset({"G2"}), 1, frozenset())


def test_calculated_formulas_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "表.xlsx"
    parts(lambda h: h.update({SHEET: h[SHEET].replace(b"<v></v>", b"<v>2</v>").replace(b"<v/>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>")}),
          HEAD, [*A[:6], "=1+1", A[7]])(path)  # fmt: skip
    assert inspect(path, Guard())["清单"].empty_formulas == frozenset()


@pytest.mark.parametrize("name", HOSTILE)
def test_the_sentence_names_the_file_and_the_next_step(name: str, tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == name)
    from zjanalysis.inputs.check import check
    from zjanalysis.inputs.workbook import sheets_of
    from zjanalysis.settings import Settings

    with pytest.raises(InputError, match="“") as caught:
        check(sheets_of(made(case, tmp_path), Guard()), settings=Settings(root=tmp_path))
    assert name in caught.value.message
    assert caught.value.exit_code == 2
    assert caught.value.hint
