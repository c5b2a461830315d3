"""Hostile files, made by a script, and functions that do what a reader must survive; each with what it ends in.

``python benchmarks/fuzz_inputs.py --table`` tries every file and prints the table of docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from corpus import HEAD, SHEET, A, B, book, csv_of, parts, pressed, with_

Write = Callable[[Path], object]
STRINGS, BOOK, RELATIONS = "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def sheet(body: bytes, *, before: bytes = b"") -> Write:
    """A workbook whose first sheet is this XML."""
    xml = (
        b"<?xml version='1.0'?>" + before + b"<worksheet " + MAIN + b"><sheetData>" + body + b"</sheetData></worksheet>"
    )
    return parts(lambda held: held.update({SHEET: xml}))


def only(address: bytes) -> bytes:
    """A row with one cell."""
    digits = address.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return b'<row r="' + digits + b'"><c r="' + address + b'"><v>1</v></c></row>'


def text(content: str) -> Write:
    return lambda path: path.write_text(content, encoding="utf-8", newline="")


def many_sheets(held: dict[str, bytes]) -> None:
    """Four hundred sheets that are all the same large part."""
    rows = b"".join(b'<row r="%d">' % n + b"".join(b'<c r="%s%d"><v>1</v></c>' % (c.encode(), n) for c in "ABCDEFGHIJ")
                    + b"</row>" for n in range(1, 3001))  # fmt: skip
    held[SHEET] = b"<worksheet " + MAIN + b"><sheetData>" + rows + b"</sheetData></worksheet>"
    named = b"".join(b'<sheet name="s%d" sheetId="%d" r:id="rId1"/>' % (n, n) for n in range(2, 2000))
    held[BOOK] = held[BOOK].replace(
        b"</sheets>",
        named.replace(b"r:id", b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id')
        + b"</sheets>",
    )


def merged(body: bytes, times: int) -> Write:
    head = "".join(
        f'<c r="{letter}1" t="inlineStr"><is><t>{text}</t></is></c>' for letter, text in zip("ABC", HEAD, strict=False)
    )
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(2, 20_000))
    xml = (
        b"<worksheet "
        + MAIN
        + b'><sheetData><row r="1">'
        + head.encode()
        + b"</row>"
        + rows
        + b"</sheetData><mergeCells>"
    )
    return pressed(SHEET, xml, body, times, b"</mergeCells></worksheet>")


def stray_cell(path: Path) -> None:
    """Cells without an address: the scan in front does not see how far they reach, the wall does."""
    wide, deep = b"<c><v>1</v></c>" * 400, b'<row r="99999"><c><v>1</v></c></row>'
    xml = b"<worksheet " + MAIN + b'><sheetData><row r="1">' + wide + b"</row>" + deep + b"</sheetData></worksheet>"
    parts(lambda held: held.update({SHEET: xml}))(path)


DEEP = b"<a>" * 200_000
LONG = "0个工作日内办结" * 30_000  # a limit that takes a backtracking engine for ever
# name → (file name, how it is written, a part of the sentence or of a finding; "" when it is simply read)
ATTACKS: dict[str, tuple[str, Write, str]] = {
    "5 kB comment before <worksheet>, cell XFD1048576": ("a.xlsx", sheet(only(b"XFD1048576"), before=b"<!--" + b"x" * 5_000 + b"-->"), "很远的单元格"),
    "DOCTYPE after 1 MB of comment": ("a.xlsx", sheet(only(b"A1"), before=b"<!--" + b"x" * 1_100_000 + b"--><!DOCTYPE x [<!ENTITY a 'b'>]>"), "DOCTYPE"),
    "20 M shared strings": ("a.xlsx", pressed(STRINGS, b"<sst " + MAIN + b">", b"<si><t/></si>", 20_000_000, b"</sst>"), "不予打开"),
    "3 M shared strings": ("a.xlsx", pressed(STRINGS, b"<sst " + MAIN + b">", b"<si><t/></si>", 3_000_000, b"</sst>"), "文字表有"),
    "one shared string of 300 MB": ("a.xlsx", pressed(STRINGS, b"<sst " + MAIN + b"><si><t>", b"x", 300_000_000, b"</t></si></sst>"), "不予打开"),
    "one shared string of 40 MB": ("a.xlsx", pressed(STRINGS, b"<sst " + MAIN + b"><si><t>", b"x", 40_000_000, b"</t></si></sst>"), "一格超过"),
    "one cell OJ99999": ("a.xlsx", sheet(only(b"OJ99999")), "很远的单元格"),
    "one cell A400000": ("a.xlsx", sheet(only(b"A400000")), "很远的单元格"),
    "cells without an address, one in row 99999": ("a.xlsx", stray_cell, "没有读取"),
    "1.6 GB of blanks in 1.6 MB": ("a.xlsx", pressed(SHEET, b"<worksheet " + MAIN + b"><sheetData>", b" ", 1_400_000_000, b"</sheetData></worksheet>"), "倍"),
    "one inline text of 45 MB": ("a.xlsx", pressed(SHEET, b"<worksheet " + MAIN + b'><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>', b"x", 45_000_000, b"</t></is></c></row></sheetData></worksheet>"), ""),
    "elements nested 200,000 deep": ("a.xlsx", sheet(DEEP), ""),
    "2 M merged ranges": ("a.xlsx", merged(b'<mergeCell ref="A1:A2"/>', 2_000_000), "合并"),
    "20,000 overlapping merges of 19,000 rows": ("a.xlsx", merged(b'<mergeCell ref="A2:A19000"/>', 20_000), "互相重叠"),
    "2,000 sheets that are one part": ("a.xlsx", parts(many_sheets), "张工作表"),
    "styles of 60 MB": ("a.xlsx", pressed("xl/styles.xml", b"<styleSheet " + MAIN + b"><cellXfs>", b"<xf/>", 12_000_000, b"</cellXfs></styleSheet>"), "异常地大"),
    "400,000 defined names": ("a.xlsx", parts(lambda h: h.update({BOOK: h[BOOK].replace(b"</workbook>", b"<definedNames>" + b'<definedName name="a">x!$A$1</definedName>' * 400_000 + b"</definedNames></workbook>")})), ""),
    "a limit of 240,000 characters": ("a.xlsx", book(HEAD, with_(A, law="2" + LONG[:32_000]), B), "不是一个时限"),
    "visits 到现场 × 5,000": ("a.xlsx", book(HEAD, with_(A, visits="到现场" * 5_000 + "x"), B), "不是次数"),
    "a note of 32,000 digits": ("a.xlsx", book([*HEAD, "承诺办结时限说明"], [*A, "1" * 32_000], B), ""),
    "a header of 32,000 brackets": ("a.xlsx", book([*HEAD, "(" * 32_000], [*A, 1], B), ""),
    "JSON lines with 20,000 names": ("a.jsonl", text("".join(f'{{"k{n}": 1}}\n' for n in range(20_000))), "超过上限"),
    "JSON 100,000 deep": ("a.json", text("[" * 100_000), "不是完整的 JSON"),
    "JSON number of 5,000 digits": ("a.jsonl", text('{"TASK_NAME": "甲", "LIMIT_SCENE_NUM": ' + "1" * 5_000 + ', "DIVISION_CODE": "440823"}'), ""),
    "JSON with half a character": ("a.jsonl", text('{"TASK_NAME": "\\ud800甲", "LIMIT_SCENE_NUM": 1, "DIVISION_CODE": "440823"}'), ""),
    "JSON list of 10 M empty records": ("a.json", text("[" + "{}," * 9_999_999 + "{}]"), "超过上限"),
    "JSON lines that fill 390 columns by 120,000 rows": ("a.jsonl", text("".join(f'{{"k{n}": 1}}\n' for n in range(390)) + "{}\n" * 120_000), "格，超过上限"),
    "CSV of 120,000 lines of 390 commas": ("a.csv", text(("," * 390 + "\n") * 120_000), "格，超过上限"),
    "CSV of 30 M line breaks": ("a.csv", text("\n" * 30_000_000), "超过上限"),
    "one CSV line of 50 M commas": ("a.csv", text("," * 50_000_000), "太长"),
    "one CSV line of 7 M commas in bad quotes": ("a.csv", text('a"' + "," * 7_000_000), "太长"),
    "one CSV field of 60 MB": ("a.csv", text('"' + "x\n" * 30_000_000), "一格超过"),
    "a CSV line of 60 MB without a break": ("a.csv", text("x" * 60_000_000), "太长"),
}  # fmt: skip


# --- what a reader may do that nobody foresaw; importable behind the wall ---


def hang(path: Path) -> None:
    time.sleep(3_600)


def spin(path: Path) -> None:
    while True:
        pass


def hog(path: Path) -> int:
    held = []
    while True:
        held.append(bytearray(50_000_000))


def abort(path: Path) -> None:
    os.abort()


def fault(path: Path) -> None:
    raise ZeroDivisionError("a fault of ours")


def size(path: Path) -> int:
    print("a library that talks")
    return path.stat().st_size


# --- what one file costs ---

MEASURE = """
import json, os, sys
from pathlib import Path
from zjanalysis.inputs.check import check_files
from zjanalysis.settings import Settings

def waitpid(pid, options):  # what subprocess asks when a reader has ended
    pid, status, used = os.wait4(pid, options)
    ended.append(used)
    return pid, status

os.waitpid = waitpid
for line in sys.stdin:
    ended = []
    found = check_files([Path(json.loads(line))], settings=Settings(root=Path("."))).findings
    seconds, peak = sum(used.ru_utime + used.ru_stime for used in ended), max(used.ru_maxrss for used in ended) / 1024
    print(json.dumps([seconds, peak, "；".join(found["message"].head(2))]), flush=True)
"""
Tried = Callable[[Path], tuple[float, float, str]]


@contextmanager
def measuring() -> Iterator[Tried]:
    """Return the function that checks one file in a process apart from this one, the same for all files.

    It gives processor seconds and peak MB of the file's own reader, and what was said; it fails when the process does.
    """
    with subprocess.Popen(
        [sys.executable, "-c", MEASURE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None

        def tried(path: Path) -> tuple[float, float, str]:
            print(json.dumps(str(path)), file=asked.stdin, flush=True)
            seconds, peak, said = json.loads(asked.stdout.readline())
            return seconds, peak, said

        yield tried


def good(tried: Tried, folder: Path) -> tuple[float, float]:
    """Return processor seconds and peak MB for a file of two items: what every reader takes."""
    path = folder / "好.csv"
    path.write_text(csv_of(HEAD, A, B), encoding="utf-8")
    return tried(path)[:2]
