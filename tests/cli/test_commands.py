"""The command line as its users meet it: right numbers, one Chinese sentence for every wrong input, exit codes."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from zjanalysis.cases.analysis import find_cases
from zjanalysis.cases.views import case_overall
from zjanalysis.cli import main
from zjanalysis.inputs.period import load_period
from zjanalysis.ledger.reading import read_ledger

ROOT = Path(__file__).resolve().parents[2]
REAL = ["--data", str(ROOT / "data" / "gd-2021-05")]


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def scores(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {(row.get("region_code", ""), row["indicator"]): row for row in csv.DictReader(file)}


def test_the_reference_values_as_written(tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    every = ["--scope", "全部", "--level", "全部", "--as-written"]
    assert main(["measure", *REAL, *every, "--by", "全部", "--out", str(out)]) == 0
    whole = scores(out)
    assert float(whole["", "time_compression"]["value"]) == pytest.approx(0.659885, abs=5e-7)
    assert float(whole["", "time_compression_mean"]["value"]) == pytest.approx(0.547972, abs=5e-7)
    assert float(whole["", "visits"]["value"]) == pytest.approx(0.042882, abs=5e-7)
    assert float(whole["", "zero_visit"]["value"]) == pytest.approx(0.959770, abs=5e-7)
    assert whole["", "time_compression"]["n"] == "1522"
    assert main(["measure", *REAL, "--scope", "行政许可", "--as-written", "--out", str(out)]) == 0
    permits = scores(out)
    assert float(permits["440000", "time_compression"]["value"]) == pytest.approx(0.797794, abs=5e-7)
    assert float(permits["440100", "time_compression_mean"]["value"]) == pytest.approx(0.867274, abs=5e-7)
    assert (permits["440000", "time_compression"]["n"], permits["440100", "time_compression"]["n"]) == ("272", "238")


def test_converted_is_the_default_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "scores.csv"
    assert main(["measure", *REAL, "--scope", "行政许可", "--out", str(out)]) == 0
    assert "已折算为工作日" in capsys.readouterr().out
    value = float(scores(out)["440000", "time_compression"]["value"])
    assert value != pytest.approx(0.797794, abs=1e-4)


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run what must be refused: exit code 2, a Chinese sentence with the next step, no traceback."""
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = int(str(stop.code))
    said = capsys.readouterr().err
    assert code == 2
    assert re.search(r"[\u4e00-\u9fff].*[。？]", said)
    assert re.search(r"提示：|--help", said)
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["buidl"], "是不是“build”"),
        (["due", "台账.xlsx"], "是不是“ledger due”？"),
        (["inti"], "是不是“keys init”或“ledger init”？"),
        (["measure", "--hlep"], "不认识的参数：--hlep"),
        (["build", "--limit", "x"], "--limit 应是整数"),
        (["build", "--limit", "-1"], "不能是负数"),
        (["build", "--only", "赤砍区"], "是不是“赤坎区”"),
        (["build", "--period", "2020Q4", "--period", "2021Q1"], "参数 --period 写了两次，只能写一次"),
        (["compare", "遂溪县", "--indicator", "visits", "--indicator", "visits"], "参数 --indicator 写了两次"),
        (["cases", "--by", "地区", "--by", "部门"], "参数 --by 写了两次"),
        (["cases", "--by", "全部,地区"], "“全部”要单独写"),
        (["measure", "--level", "4，全部"], "“全部”要单独写"),
        (["compare", ""], "参数 REGION 是空的"),
        (["check", "a.xlsx", " "], "参数 FILE|DIR 是空的"),
        (["measure", "--period", ""], "参数 --period 是空的"),
        (["compare", "遂溪县", "--peers", ","], "参数 --peers 是空的"),
        (["watch", ""], "参数 DIR 是空的"),
        (["plan", "遂溪县", "--indicator", "instant", "--floor", "nan"], "--floor 应是数字"),
        (["plan", "遂溪县", "--indicator", "instant", "--floor", "-3"], "--floor 不能是负数，现为“-3”"),
        (["plan", "遂溪县", "--indicator", "instant", "--min-peers", "-1"], "--min-peers 不能是负数"),
        (["plan", "遂溪县", "--indicator", "instant", "--max-per-department", "0"], "至少为 1"),
        (["plan", "遂溪县", "--indicator", "instant", "--target", "-5%"], "目标 -0.05 超出范围"),
        (["plan", "遂溪县", "--indicator", "instant", "--target", "nan"], "目标 nan 超出范围"),
        (["ledger", "due", "台账.xlsx", "--on", "2021-06-01", "--within", "-3"], "--within 不能是负数"),
        (["build", "--timeout", "inf"], "--timeout 应是数字"),
        (["build", "--period", "2022Q9"], "未找到期次“2022Q9”"),
        (["build", "--date", "四月"], "日期“四月”读不懂"),
        (["measure", "--data", "data/none"], "未找到数据集“data/none”"),
        (["measure", "--by", "颜色"], "未找到分组列“颜色”"),
        (["measure", "--scope", "行政许克"], "是不是“行政许可”"),
        (["measure", "--region", "赤砍区"], "是不是“赤坎区”"),
        (["measure", *REAL, "--level", "6"], "都不在统计范围内"),
        (["check", "没有这个文件.xlsx"], "找不到“没有这个文件.xlsx”"),
        (["compare", "北京市"], "未找到"),
        (["plan", "遂溪县", "--indicator", "instand"], "是不是“instant”"),
        (["plan", "遂溪县"], "缺少参数"),
        (["plan", "遂溪县", "--indicator", "instant", "--due", "2021-02-30"], "日期“2021-02-30”读不懂"),
        (["plan", "遂溪县", "--indicator", "instant", "--due", "六月底"], "日期“六月底”读不懂"),
        (["ledger", "merge", "台账.xlsx", "副本.xlsx"], "没有给出日期"),
        (["ledger", "brief", "台账.xlsx"], "没有给出日期"),
        (["ledger", "due", "台账.xlsx"], "没有给出日期"),
        (["template", "模板.docx"], "应以 .xlsx 结尾"),
    ],
)
def test_a_wrong_call_is_one_sentence(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert says in refused(arguments, capsys)


def test_an_empty_folder_and_an_empty_period(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "没有工作簿" in refused(["check", str(tmp_path)], capsys)
    (tmp_path / "空 集" / "2021Q1" / "items").mkdir(parents=True)
    text = 'title = "空"\nkind = "real"\nsource = "无"\nlicence = "无"\n'
    (tmp_path / "空 集" / "dataset.toml").write_text(text, encoding="utf-8")
    assert "是空的" in refused(["measure", "--data", str(tmp_path / "空 集")], capsys)


def test_a_list_may_be_given_in_pieces(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--only", "赤坎区", "--only", "440823,霞山区", "--dry-run", "--out", "没有"]) == 0
    assert re.findall(r"^(.+)：首次生成$", capsys.readouterr().err, re.M) == ["赤坎区", "霞山区", "遂溪县"]


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_workbook_without_the_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = workbook(tmp_path / "名单.xlsx", [["姓名", "电话"], ["甲", "1"]])
    assert main(["check", str(path)]) == 1
    assert "名单.xlsx" in capsys.readouterr().out


def test_office_hours_in_the_limits_are_named_cell_by_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hours = "办公时间：星期一至星期五，上午8:30~12:00，下午14:30~17:30（法定节假日除外）"
    heads = [
        "行政区划",
        "事项名称",
        "基本编码",
        "事项类型",
        "行使层级",
        "法定办结时限",
        "承诺办结时限",
        "到办事现场次数",
    ]
    rows = [["440823", f"事项{n}", f"44011100000{n}", "行政许可", "县级", hours, hours, 0] for n in range(4)]
    path = workbook(tmp_path / "遂溪县.xlsx", [heads, *rows])
    assert main(["check", str(path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    cells = {f["cell"] for f in found["findings"] if f["header"] in {"法定办结时限", "承诺办结时限"}}
    assert {"F2", "G2", "F5", "G5"} <= cells
    assert found["files"][0]["rows_read"] == 4


def test_what_is_sent_out_reads_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "填报 模板.xlsx"
    assert main(["template", str(path), "--region", "遂溪县"]) == 0
    assert path.is_file()
    assert "已经存在" in refused(["template", str(path)], capsys)


def test_the_task_list_goes_out_and_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "任务清单.xlsx"
    asked = ["plan", "遂溪县", "--indicator", "instant", "--period", "2021Q1"]
    for _ in range(2):  # a list nobody has written in is made anew
        assert main([*asked, "--target", "85%", "--out", str(path)]) == 0
    assert "zj plan 440823 --indicator instant --period 2021Q1 --apply 文件" in capsys.readouterr().out
    book = openpyxl.load_workbook(path)
    n_tasks = 0
    for name in book.sheetnames[1:]:
        heads = [cell.value for cell in book[name][3]]
        for row in book[name].iter_rows(min_row=4):
            row[heads.index("反馈")].value = "同意"
            n_tasks += 1
    book.save(path)
    capsys.readouterr()
    assert main([*asked, "--apply", str(path)]) == 0
    said = capsys.readouterr().out
    assert f"采纳{n_tasks}项" in said
    for other in (["徐闻县", "--indicator", "instant"], ["遂溪县", "--indicator", "visits"]):
        assert "这是遂溪县即办率的清单" in refused(["plan", *other, "--apply", str(path)], capsys)
    for option in (["--target", "85%"], ["--min-peers", "1"], ["--floor", "2"], ["--without-reviews"]):
        assert f"{option[0]} 用不上" in refused([*asked, *option, "--apply", str(path)], capsys)
    assert "--out、--due 用不上" in refused(
        [*asked, "--due", "2021-06-30", "--apply", str(path), "--out", str(tmp_path / "新.xlsx")], capsys
    )
    book[book.sheetnames[1]].cell(5, heads.index("反馈") + 1).value = "再议"
    book.save(path)
    assert main([*asked, "--apply", str(path)]) == 0
    assert f"未识别：{book.sheetnames[1]}第5行“再议”。" in capsys.readouterr().out
    filled = path.read_bytes()
    assert "已经存在，不会覆盖" in refused([*asked, "--target", "85%", "--out", str(path)], capsys)
    assert path.read_bytes() == filled
    values = re.findall(r"(现状|按反馈|全部落实)\s+([\d.]+)", said)
    assert dict(values)["按反馈"] == dict(values)["全部落实"] != dict(values)["现状"]


def test_a_code_or_a_period_may_be_typed_in_digits_of_the_full_width(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "４４０８２３", "--period", "２０２１Q１"]) == 0
    assert capsys.readouterr().out.startswith("遂溪县")


def test_compare_says_both_and_diff_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "湛江市", "--indicator", "time_compression"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"第\d+位（共12个地区）.*(未?达标)；按同事项比，(优于|相当|落后|不作判断)", said)
    assert "只比双方都有的事项并统一法定时限，湛江市（市本级）时限压缩率" in said
    assert "区间下限" in said
    assert main(["diff", "2020Q4", "2021Q1", "--region", "湛江市"]) == 0
    said = capsys.readouterr().out
    assert "承诺时限" in said
    assert not re.search(r"[a-z]+_[a-z]+", said)  # no identifier reaches a reader
    moved = re.search(r"其中新增([+−]?[\d.]+)个百分点、取消([+−]?[\d.]+)个百分点、变动([+−]?[\d.]+)个百分点", said)
    assert moved is not None
    parts = [float(text.replace("−", "-")) for text in moved.groups()]
    change = re.search(r"时限压缩率（总量口径）\s+[\d.]+%\s+[\d.]+%\s+(改善|退步)([\d.]+)个百分点", said)
    assert change is not None
    assert sum(parts) == pytest.approx(float(change.group(2)) * (1 if change.group(1) == "改善" else -1), abs=0.02)


def test_diff_takes_no_later_period_for_the_last_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "2021Q1", "2020Q4"]) == 2
    told = capsys.readouterr()
    assert "2021Q1 晚于 2020Q4" in told.err
    assert "zj diff 2020Q4 2021Q1" in told.err
    assert not told.out


@pytest.mark.e2e
def test_the_ledger_from_start_to_inspection(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, notice = tmp_path / "台 账.xlsx", tmp_path / "督办单.xlsx"
    assert main(["ledger", "init", str(path), "--period", "2020Q4"]) == 0
    assert main(["ledger", "update", str(path), "--period", "2021Q1", "--on", "2021-04-15"]) == 0
    values = read_ledger(path).ledger.set_index("ledger_id")["current"]
    scores = {row["region_code"]: row for row in case_overall(find_cases(load_period("", "2021Q1"))).query(
        "indicator == 'on_time'").to_dict("records")}  # fmt: skip
    for code in ("440800", "440823"):
        assert values[f"保障三-03@{code}"] == scores[code]["numerator"] / scores[code]["denominator"]
    assert values[["七-06@440823", "四-08@440800"]].between(0, 1).all()
    assert main(["ledger", "due", str(path), "--on", "2021-06-01", "--out", str(notice)]) == 0
    assert "市政务服务数据管理局" in capsys.readouterr().out
    assert openpyxl.load_workbook(notice).sheetnames


@pytest.mark.e2e
def test_one_report_from_workbooks_to_page(tmp_path: Path) -> None:
    out = tmp_path / "报告 输出"
    assert main(["build", "--only", "遂溪县", "--out", str(out), "--jobs", "1"]) == 0
    page = (out / "2021Q1" / "district" / "440823.html").read_text(encoding="utf-8")
    assert 'lang="zh-CN"' in page
    assert "示例数据（模拟）" in page
    assert re.search(r"<title>[^<]*遂溪县", page)
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert len(page.encode("utf-8")) < 350_000
    assert (out / "2021Q1" / "district" / "440823.xlsx").is_file()
    manifest = json.loads((out / "2021Q1" / "manifest.json").read_text(encoding="utf-8"))
    assert "440823" in json.dumps(manifest)
    assert main(["verify", str(out / "2021Q1" / "district" / "440823.html"), "--out", str(out)]) == 0


@pytest.mark.parametrize(
    "command", ["build", "cases", "check", "measure", "compare", "plan", "diff", "ledger", "verify"]
)
def test_help_is_chinese_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    said = capsys.readouterr().out
    assert stop.value.code == 0
    assert "用法：zj" in said
    assert f"示例：\n  zj {command}" in said
    assert not re.search(r"usage:|options:|show this help", said)


TABLES_AND_MORE = {"pandas", "numpy", "openpyxl", "matplotlib", "duckdb", "jinja2", "papermill", "multiprocessing"}
STARTS = [
    (["--help"], TABLES_AND_MORE),
    (["list"], TABLES_AND_MORE | {"zjanalysis.publish.build", "zjanalysis.publish.provenance"}),
    (["build", "--help"], TABLES_AND_MORE),
    (["measure", "--region", "遂溪县"], {"openpyxl", "duckdb", "jinja2", "papermill"}),
]


@pytest.mark.parametrize(
    ("words", "without"), STARTS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_command_loads_only_what_it_needs(words: list[str], without: set[str]) -> None:
    """By the modules, not by a clock: what is loaded is what a start costs."""
    assert not loaded_by(words) & without


def loaded_by(words: list[str]) -> set[str]:
    """Return the modules that a process has loaded when a command has ended well."""
    code = (
        "import sys\nfrom zjanalysis.cli import main\n"
        "if __name__ == '__main__':\n    try:\n        code = main(sys.argv[1:])\n    except SystemExit as stop:\n"
        "        code = stop.code\n    print('loaded', *sys.modules, file=sys.stderr)\n    sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    return set(done.stderr.splitlines()[-1].split()[1:])
