"""The gate: a good page passes; each of the twelve points, broken alone, is found and told."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjanalysis.publish import gate
from zjanalysis.publish.gate import PageReader
from zjanalysis.publish.jobs import Job, list_jobs, select
from zjanalysis.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent.parent
Faults = Callable[..., list[str]]


@pytest.fixture(scope="module")
def job() -> Job:
    return select(list_jobs(load_settings(ROOT), "data/sample", report_date="2021-04-15"), ("440823",))[0]


@pytest.fixture
def faults(published: Path, job: Job) -> Faults:
    """Return the function that changes page, notebook or workbook and gives what the gate says."""
    page = (published / f"{job.key}.html").read_text(encoding="utf-8")
    notebook = (published / f"{job.key}.ipynb").read_text(encoding="utf-8")

    def check(
        old: str = "", new: str = "", *, old_nb: str = "", new_nb: str = "", workbook: Path | None = None
    ) -> list[str]:
        assert old in page, "the test changes nothing"
        assert old_nb in notebook, "the test changes nothing"
        text = page.replace(old, new, 1) if old else page
        made = nbformat.reads(notebook.replace(old_nb, new_nb, 1) if old_nb else notebook, as_version=4)
        return gate.faults(made, text, job=job, workbook=workbook or published / f"{job.key}.xlsx")

    return check


def test_a_released_page_has_no_fault(faults: Faults) -> None:
    assert faults() == []


BROKEN = {
    "1 completion mark": ('data-zj-complete="true"', "", "没有完成标记"),
    "1 tags": ("</main>", "", "标签没有配对"),
    "2 policy": ("default-src 'none'; ", "", "CSP"),
    "2 link": ("<main", '<a href="https://example.org/">x</a><main', "有指向外部的地址"),
    "2 picture": ("<main", '<img alt="别处的一幅图片" src="//example.org/x.png"><main', "有指向外部的地址"),
    "2 style": ("<style>", "<style>@import 'x.css';", "样式里有要加载的地址"),
    "3 language": ('lang="zh-CN"', 'lang="en"', "页面语言不是 zh-CN"),
    "3 second h1": ("<main", "<h1>x</h1><main", "一级标题应有且只有一个"),
    "3 heading order": ("<h2 ", "<h4>x</h4><h2 ", "标题跳级"),
    "3 landmark": ("<main", "<div", "缺少 <main> 区域"),
    "3 skip link": ('href="#main"', 'href="#nowhere"', "目录指向不存在的位置"),
    "3 caption": ("<caption>", "<caption hidden></caption><p>", "标签没有配对"),
    "3 scope": ('<th scope="col"', "<th", "表头没有 scope"),
    "3 alt": (' aria-label="点图', ' title="点图', "图片没有说明文字"),
    "3 colour": ('class="zj-say"', 'class="zj-say" style="color:#ccc"', "有未经检验的行内样式"),
    "3 style sheet": ("--page-ink: #1f2328", "--page-ink: #cccccc", "样式表被改动"),
    "4 title": (
        "遂溪县政务服务效能监测通报（2021年第1期）【",
        "赤坎区政务服务效能监测通报（2021年第1期）【",
        "标题没有写明“遂溪县”",
    ),
    "4 sample": ("<strong>示例数据（模拟）</strong>", "", "示例数据没有标明"),
    "5 path": ("<main", "<p>/home/" + "someone/x.csv</p><main", "有本机路径"),
    "5 windows path": ("<main", "<p>C:\\Users\\someone\\x.csv</p><main", "有本机路径"),
    "5 traceback": ("<main", "<p>Traceback (most recent call last)</p><main", "有程序出错信息"),
    "6 script": ("<main", "<script>alert(1)</script><main", "有可执行的脚本"),
    "6 handler": ("<main", '<p onclick="x()">x</p><main', "有事件属性 onclick"),
    "6 frame": ("<main", "<iframe></iframe><main", "有不允许的标签 <iframe>"),
    "7 picture kind": ("<main", '<img alt="另一种格式的图片" src="data:image/webp;base64,AA=="><main', "图片格式不对"),
    "8 margins": ("37mm 26mm 35mm 28mm", "10mm", "打印样式缺少：页边距"),
    "8 font": ("<style>", "<style>@font-face{font-family:x}", "页面嵌入了字体"),
    "9 open code": (
        "<details><summary>展开生成本页的代码",
        "<details open><summary>展开生成本页的代码",
        "代码没有折叠",
    ),
    "10 provenance": ('id="zj-provenance"', 'id="other"', "页面没有来源记录"),
    "11 clock": ("<main", "<p>2021-04-15T08:30:00</p><main", "有随时间变化的内容"),
    "11 address": ("<main", "<p>&lt;object at 0x7f01a2b3c4&gt;</p><main", "有随时间变化的内容"),
    "12 count": ('<figure class="zj-figure">', '<figure class="other">', "幅，记录"),
    "12 picture": ('<figure class="zj-figure">', '<figure class="zj-figure"></figure><figure>', "第 1 图缺少图"),
    "12 table": ('<figure class="zj-figure">', '<figure class="zj-figure"></figure><figure>', "第 1 图缺少表"),
    "12 place": ('<figure class="zj-figure">', '<figure class="zj-figure"></figure><figure>', "第 1 图缺少数据表位置"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_point_broken_alone_is_found(faults: Faults, name: str) -> None:
    old, new, message = BROKEN[name]
    found = faults(old, new)
    assert any(message in fault for fault in found), found


def test_a_page_too_large_is_found(faults: Faults) -> None:
    assert any("超过 3000 字" in fault for fault in faults('<h2 id="s1">', f'<p>{"字" * 3_000}</p><h2 id="s1">'))
    assert any("超过 350 kB" in fault for fault in faults("</main>", f"<p>{'字' * 500_000}</p></main>"))


def test_the_pages_of_the_sample_are_read_in_three_minutes(published: Path) -> None:
    pages = [published / "city.html", *sorted((published / "district").glob("*.html"))]
    assert all(0 < gate.signs_to_read(page.read_text(encoding="utf-8")) <= 2_500 for page in pages)


def test_the_page_of_another_region_or_period_is_found(faults: Faults) -> None:
    found = faults(old_nb='"region_code": "440823"', new_nb='"region_code": "440802"')
    assert any(fault.startswith("报头是“遂溪县”2021Q1，应是“遂溪县”") for fault in found), found


def test_an_error_in_the_notebook_is_found(faults: Faults) -> None:
    error = '"outputs": [{"output_type": "error", "ename": "X", "evalue": "", "traceback": []},'
    assert "笔记本有出错的单元格" in faults(old_nb='"outputs": [\n    {', new_nb=error + "\n    {")


def changed(workbook: Path, to: Path, part: str, old: bytes, new: bytes) -> Path:
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(to, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(old, new, 1) if re.fullmatch(part, name) else content)
    return to


def test_a_formula_or_a_missing_sheet_in_the_workbook_is_found(faults: Faults, published: Path, tmp_path: Path) -> None:
    good = published / "district" / "440823.xlsx"
    formula = changed(good, tmp_path / "f.xlsx", r"xl/worksheets/sheet\d+\.xml", b"<v>", b"<f>1+1</f><v>")
    assert set(faults(workbook=formula)) == {"工作簿里有公式"}
    with zipfile.ZipFile(good) as book:
        names = re.findall(r'<sheet [^>]*name="([^"]+)"', book.read("xl/workbook.xml").decode("utf-8"))
    lost = names[1].encode("utf-8")
    without = changed(good, tmp_path / "s.xlsx", r"xl/workbook\.xml", lost, b"other")
    assert faults(workbook=without) == [f"工作簿缺少“{names[1]}”页"]


def test_what_a_notebook_of_ones_own_does_not_say_is_named_as_it_is_written(faults: Faults) -> None:
    """One that ran to its end is not told that it did not; what is missing is said once."""
    assert faults(old_nb='"kind": "end"', new_nb='"kind": "other"') == ["没有完成标记，请在笔记本最后写 zj.finish(me)"]
    missing = faults("<h1", '<p class="h1"', old_nb='"kind": "cover"', new_nb='"kind": "other"')
    assert "报头应有且只有一个，现有 0 个，由 zj.cover(me) 写出" in missing
    assert not any("一级标题" in fault for fault in missing)
    assert "没有完成标记，笔记本没有运行到最后" in faults(
        old_nb='"execution_count": 3', new_nb='"execution_count": null'
    )


def test_hidden_warnings_are_counted() -> None:
    output = nbformat.v4.new_output
    cell = nbformat.v4.new_code_cell(
        "", outputs=[output("stream", name="stderr", text="一\n二\n"), output("stream", text="三")]
    )
    assert gate.hidden_warnings(nbformat.v4.new_notebook(cells=[cell])) == 2


def test_the_manifest_says_what_the_page_says(published: Path) -> None:
    entries = json.loads((published / "manifest.json").read_text(encoding="utf-8"))["reports"]
    for entry in entries:
        page = (published / f"{entry['key']}.html").read_text(encoding="utf-8")
        record = json.loads(page.partition('id="zj-provenance">')[2].partition("</script>")[0])
        assert record["fingerprint"] == entry["fingerprint"]
        assert record["parts"] == entry["parts"]
        assert entry["region"] in page.partition("<title>")[2].partition("</title>")[0]


PIECES = ("<p>", "</p>", "<P Class=x>", '<td scope="row">', '<use x="1.5" href="#a"/>', "<br>", "<br/>", '<a title="a&amp;b">',
          "</a >", "<style>", "</style>", "<script>", "</script>", '<i a="1" a="2" disabled>', "</i", "<!-- <p> -->", "<![CDATA[",
          "<title>", "</title>", "a < b & c", "\n", "<", '"', ">", "<svg viewBox='0 0'>", '<b\tid="">')  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_a_page_reads_as_the_standard_library_reads_it(pieces: list[str]) -> None:
    class Plain(PageReader):
        parse_starttag = HTMLParser.parse_starttag

    readers = PageReader(), Plain()
    for reader in readers:
        reader.feed("".join(pieces))
        reader.close()
    ours, plain = ((reader.elements, reader.unpaired, reader.open) for reader in readers)
    assert ours == plain
