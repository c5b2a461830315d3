"""How long one large workbook takes, against what calamine alone needs for its bare values, in one run.

python benchmarks/inputs.py            60,000 rows × 30 columns, best of three
python benchmarks/inputs.py 200000     as many rows as named; also prints the peak of memory
python benchmarks/inputs.py FOLDER     the workbooks of a folder as one period: data/province/2021Q1/items
"""

from __future__ import annotations

import csv
import platform
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
HEAD = [
    "行政区划代码",
    "地区",
    "事项名称",
    "基本编码",
    "实施编码",
    "业务办理项编码",
    "事项类型",
    "行使层级",
    "实施主体",
    "法定办结时限",
    "法定办结时限单位",
    "承诺办结时限",
    "承诺办结时限单位",
    "办件类型",
    "到办事现场次数",
    "必须现场办理原因说明",
    "是否网办",
    "网上办理深度",
    "服务对象",
    "是否依申请",
    "纳入综合窗口",
    "是否可预约",
    "是否支持物流快递",
    "事项状态",
    "事项版本",
    "办件量",
    "材料",
    "办理地点",
    "主题分类",
    "事项唯一标识",
]


def rows(n: int) -> list[list[str | int]]:
    """Return n rows made from the real items: their names, codes and texts, limits as they are."""
    source = ROOT / "data" / "gd-2021-05" / "2021-05" / "items" / "items.csv"
    with source.open(encoding="utf-8-sig", newline="") as stream:
        real = list(csv.DictReader(stream))
    made: list[list[str | int]] = []
    for i in range(n):
        item, copy = real[i % len(real)], i // len(real)
        code, days = f"11440823{item['TASK_CODE'][8:31]}", 5 + i % 40
        made.append([
            "440823", "遂溪县", f"{item['TASK_NAME']}（{copy}）", item["CATAID"], code, f"{code}{copy:03d}",
            item["TASK_TYPE_TEXT"], "县级", item["DEPT_NAME"], days, "工作日", 1 + i % 5, "工作日", "承诺件", i % 3 % 2,
            "" if i % 3 != 1 else "需现场核验", "是", "Ⅲ级", item["服务对象"], "是", "是", "是", "是", "在用", 1, i % 500,
            item["材料"], item["办理地点"], item["主题分类"], f"id-{i:08d}",
        ])  # fmt: skip
    return made


def write(path: Path, body: list[list[str | int]]) -> None:
    """Write a workbook as Excel does: shared strings, one sheet."""
    shared: dict[str, int] = {}
    names = [chr(65 + c) if c < 26 else f"A{chr(39 + c)}" for c in range(30)]

    def cell(c: int, r: int, value: str | int) -> str:
        if isinstance(value, int):
            return f'<c r="{names[c]}{r}" s="1"><v>{value}</v></c>'
        return f'<c r="{names[c]}{r}" s="1" t="s"><v>{shared.setdefault(value, len(shared))}</v></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(f'<worksheet xmlns="{main}"><sheetData>'.encode())
            for r, row in enumerate([HEAD, *body], 1):
                cells = "".join(cell(c, r, value) for c, value in enumerate(row) if value != "")
                part.write(f'<row r="{r}" spans="1:30">{cells}</row>'.encode())
            part.write(b"</sheetData></worksheet>")
        strings = "".join(f"<si><t>{escape(text)}</t></si>" for text in shared)
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{strings}</sst>')
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{kind}"><sheets>'
                         '<sheet name="实施清单" sheetId="1" r:id="rId1"/></sheets></workbook>')  # fmt: skip
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">'
                         f'<Relationship Id="rId1" Type="{kind}/worksheet" Target="worksheets/sheet1.xml"/>'
                         f'<Relationship Id="rId2" Type="{kind}/sharedStrings" Target="sharedStrings.xml"/>'
                         "</Relationships>")  # fmt: skip
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
                         f'Type="{kind}/officeDocument" Target="xl/workbook.xml"/></Relationships>')  # fmt: skip
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types">'
                         '<Default Extension="xml" ContentType="application/xml"/></Types>')  # fmt: skip


def bare(*paths: Path) -> float:
    """Processor time of calamine alone: open, read every sheet, give the bare values."""
    import python_calamine

    start = time.process_time()
    for path in paths:
        with python_calamine.load_workbook(path) as book:
            for name in book.sheet_names:
                book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return time.process_time() - start


def ours(*paths: Path) -> float:
    """Processor time of the whole way without the wall: guard, read, check, table rules."""
    from zjanalysis.inputs.check import assembled, check
    from zjanalysis.inputs.workbook import sheets_of
    from zjanalysis.settings import load_settings

    start, settings = time.process_time(), load_settings()
    checked = {path.name: check(sheets_of(path, settings.guard), settings=settings) for path in paths}
    items, findings, _ = assembled(checked, {path.name: path for path in paths})
    taken = time.process_time() - start
    print(f"  items {len(items):,}, findings {len(findings):,}, {taken:.2f} s")
    return taken


def walled(path: Path, n_files: int) -> None:
    """Elapsed and processor time behind the wall, the start of the readers with it: one file, or several at once."""
    import os
    import shutil

    from zjanalysis.inputs.period import read_period
    from zjanalysis.settings import load_settings

    paths = [path.with_name(f"{n}.xlsx") for n in range(n_files)]
    for n, copy in enumerate(paths):
        shutil.copy(path, copy)
        with zipfile.ZipFile(copy, "a") as archive:
            archive.writestr("docProps/custom.txt", str(n))  # the same table twice would be read once
    before, start = os.times(), time.perf_counter()
    read_period(paths, settings=load_settings(), mapping={})
    after, elapsed = os.times(), time.perf_counter() - start
    used = sum(after[:4]) - sum(before[:4])
    print(f"behind the wall, {n_files} file(s): {elapsed:.2f} s elapsed, {used:.2f} s of processors")


def compare(*paths: Path, rounds: int = 3) -> None:
    pairs = [(bare(*paths), ours(*paths)) for _ in range(rounds)]
    alone, whole = (min(times) for times in zip(*pairs, strict=True))
    aim = 1.6 if len(paths) == 1 else 2
    print(f"calamine alone {alone:.2f} s, read and checked {whole:.2f} s, ratio {whole / alone:.2f} (aim {aim})")


def main(n: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "大表.xlsx"
        write(path, rows(n))
        print(f"{platform.python_version()}, {n:,} rows × 30 columns, {path.stat().st_size / 1e6:.1f} MB")
        if n > 60_000:
            child = [sys.executable, __file__, "--child", str(path)]
            subprocess.run(child, check=True)
            return
        ours(path)
        compare(path)
        for n_files in (1, 4):
            walled(path, n_files)


def child(path: Path) -> None:
    import resource

    ours(path)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB (aim 2,000)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]))
    elif sys.argv[1:] and Path(sys.argv[1]).is_dir():
        compare(*sorted(Path(sys.argv[1]).glob("*.xlsx")), rounds=2)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 60_000)
