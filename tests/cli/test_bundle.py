"""``zj bundle`` as its users meet it, from the form for addresses to the zips."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest

from zjanalysis.cli import main
from zjanalysis.inputs.addresses import load_addresses
from zjanalysis.inputs.regions import report_units
from zjanalysis.publish.build import build
from zjanalysis.publish.jobs import list_jobs, select
from zjanalysis.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    known, out = load_settings(ROOT), tmp_path_factory.mktemp("reports")
    assert build(select(list_jobs(known, "data/sample"), ("440823",)), out=out, settings=known).exit_code == 0
    return out


@pytest.fixture
def reports(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "报告"))


def test_zips_lie_beside_the_reports_and_the_last_line_says_where(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bundle", "--reports", str(reports)]) == 0
    said = capsys.readouterr()
    place = reports / "打包" / "2021Q1"
    assert f"已写入压缩包 2 个，未收入报告 0 份。位置：{place}" in said.out
    assert "已写入 440823_遂溪县_2021Q1.zip" in said.err
    assert len(list(place.glob("*.zip"))) == 2
    assert main(["bundle", "--reports", str(reports)]) == 0


def test_the_form_reads_back_and_gives_letters(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = tmp_path / "收件人.xlsx"
    assert main(["template", str(form), "--addresses", "--region", "440800"]) == 0
    book = openpyxl.load_workbook(form)
    column = [cell.value for cell in book.active["A"]]
    assert len(column) == 3 + 1 + len(report_units("440800"))
    row = column.index("遂溪县") + 1
    book.active.cell(row, 2, "a@x.example.cn")
    book.save(form)
    assert load_addresses(form)["440823"].to == ("a@x.example.cn",)
    out = tmp_path / "下发"
    assert main(["bundle", "--reports", str(reports), "--out", str(out), "--mail", str(form)]) == 0
    assert "邮件草稿 1 封（没有发送）" in capsys.readouterr().out
    assert (out / "440823_遂溪县_2021Q1.eml").is_file()


def test_a_report_left_out_is_exit_code_1(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (reports / "2021Q1" / "district" / "440823.html").write_bytes(b"")
    assert main(["bundle", "--reports", str(reports)]) == 1
    assert "页面与发布时的内容不符" in capsys.readouterr().err


def test_wrong_calls_are_one_sentence(reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "--reports", str(reports), "--period", "2021Q9"]) == 2
    assert "未找到已发布的期次“2021Q9”，是不是“2021Q1”" in capsys.readouterr().err
    assert main(["bundle", "--reports", str(tmp_path / "没有")]) == 2
    assert "未找到已发布的期次" in capsys.readouterr().err
    bad = tmp_path / "收件人.csv"
    bad.write_text("地区,收件人\n遂溪县,张三\n", encoding="utf-8")
    assert main(["bundle", "--reports", str(reports), "--mail", str(bad)]) == 2
    assert "收件人“张三”不是邮箱地址" in capsys.readouterr().err
    assert not (reports / "打包").exists()
