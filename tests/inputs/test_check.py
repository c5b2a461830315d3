"""What an item holds after the check: values of coded columns, reasons, flags, versions; and the input stays as it was."""

from __future__ import annotations

import copy
import io
import re
import shutil
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from corpus import HEAD, A, B, book

from zjanalysis.columns import ALL_COLUMNS
from zjanalysis.inputs.check import Checked, check, check_files, completeness
from zjanalysis.inputs.findings import KEYS, summary
from zjanalysis.inputs.headers import near, nearest, read_header
from zjanalysis.inputs.rules import deduplicate
from zjanalysis.inputs.workbook import Sheet
from zjanalysis.settings import Settings

SETTINGS = Settings(root=Path())


def checked(table: str, name: str = "遂溪县.csv") -> Checked:
    """Check a table written with | between the cells."""
    grid = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return check([Sheet(name, "", grid)], settings=SETTINGS)


def test_reasons_in_their_order() -> None:
    items = checked("""
        事项名称 | 事项类型 | 法定时限    | 承诺时限 | 跑动次数
        甲       | 行政许可 | 20个工作日  | 5天      | 0
        乙       | 套餐服务 | 20个工作日  | 5天      | 0
        丙       | 行政许可 |             |          | 0
        丁       | 行政许可 | 0           | 无       | 0
        戊       | 行政许可 | 无          | 5天      | 0
        己       | 行政许可 | 500天       | 5天      | 0
        庚       | 行政许可 | 20工作曰    | 5天      | 0
        辛       | 行政许可 | 上午8:30    | 5天      | 0
        壬       | 行政许可 | 20天        |          | 0
        癸       | 行政许可 | 20天        | 无       | 0
    """).items
    assert items["limit_reason"].fillna("").tolist() == [
        "", "套餐服务", "缺法定时限", "法定时限为0", "无法定时限", "无期限（哨兵值）", "时限单位不明", "时限无法识别",
        "缺承诺时限", "缺承诺时限",
    ]  # fmt: skip


def test_converted_and_written_numbers() -> None:
    items = checked("""
        事项名称 | 法定时限 | 承诺时限
        甲       | 2个月    | 30自然日
        乙       | 1年      | 4小时
    """).items
    units = SETTINGS.units
    assert items["statutory_days"].tolist() == pytest.approx([2 * units.month, units.year])
    assert items["promised_days"].tolist() == pytest.approx([30 * units.calendar_day, 4 / units.hours_per_day])
    assert items[["statutory_written", "promised_written"]].to_numpy().tolist() == [[2, 30], [1, 4]]
    assert items[["statutory_unit", "promised_unit"]].to_numpy().tolist() == [["月", "自然日"], ["年", "小时"]]


def test_what_promises_mean() -> None:
    items = checked("""
        事项名称 | 法定时限 | 承诺时限 | 办件类型
        甲       | 20天     | 当场办结 | 即办件
        乙       | 20天     |          | 即办件
        丙       | 20天     | 30天     | 承诺件
    """).items
    assert items["promised_days"].tolist() == [0, 0, 30]
    assert items["limit_reason"].isna().all()


def test_both_scales_of_online_depth() -> None:
    four = checked("事项名称|跑动次数|WBSD_LEVEL\n甲|0|4\n乙|0|3\n丙|0|").items
    assert four["end_to_end"].tolist() == [True, False, pd.NA]
    eight = checked("事项名称|跑动次数|ONLINE_HANDLE_DEPTH\n甲|0|4\n乙|0|1^2^5\n丙|0|8").items
    assert eight["end_to_end"].tolist() == [False, True, False]
    text = checked("事项名称|跑动次数|网办深度\n甲|0|全程网办（Ⅳ级）\n乙|0|Ⅰ级").items
    assert text["online_depth"].tolist() == ["Ⅳ级", "Ⅰ级"]


def test_text_is_trusted_before_code() -> None:
    items = checked(
        """
        事项名称 | 跑动次数 | TASK_TYPE | TASK_TYPE_TEXT | USE_LEVEL | 服务对象
        甲       | 0        | 20        | 公共服务事项   | 3         | 自然人|
        乙       | 0        | 20        | 其他行政权力   | 4         | 1,2
        丙       | 0        | 01        |                | 市级      | 行政机关
        丁       | 0        | TC        |                |           |
    """.replace("自然人|", "自然人")
    ).items
    assert items["item_type"].tolist() == ["公共服务", "其他行政权力", "行政许可", "套餐服务"]
    assert items["use_level"].fillna("").tolist() == ["3", "4", "3", ""]
    assert items["serves_public"].tolist() == [True, True, False, pd.NA]
    assert items["on_application"].tolist() == [False, True, True, False]


def test_online_from_the_handling_form() -> None:
    items = checked("事项名称|跑动次数|办理形式\n甲|0|窗口办理、网上办理\n乙|1|窗口办理\n丙|1|1,3").items
    assert items["online"].tolist() == [True, False, True]


def test_match_key() -> None:
    base, other = "440125004000", "440119001000"
    usc = "11440823MB2C000001"
    items = checked(f"""
        事项名称 | 跑动次数 | 基本编码 | 实施编码
        甲       | 0        | {base}   | {usc}4{other}
        乙       | 0        |          | {usc}4{other}
        丙       | 0        |          | {usc}4{other}02
        丁       | 0        |          | 12345
    """).items
    assert items["match_code"].fillna("").tolist() == [base, other, other, ""]


def test_region_by_code_name_sheet_or_file() -> None:
    items = checked(
        "事项名称|跑动次数|行政区划代码|地区\n甲|0|440882000000|\n乙|0||廉江\n丙|0|440811|湛江开发区\n丁|0||"
    ).items
    assert items["region"].tolist() == ["雷州市", "廉江市", "湛江经济技术开发区", "遂溪县"]


def test_in_force_is_the_newest_version_in_use() -> None:
    found = checked("""
        事项名称 | 跑动次数 | 业务办理项编码 | 事项版本   | 事项状态
        甲       | 0        | A1             | 2020/3/1   | 在用
        甲       | 0        | A1             | 2021-01-01 | 在用
        乙       | 0        | B1             | 2          | 取消
        乙       | 0        | B1             | 10         |
        丙       | 0        | C1             |            | 暂停
    """)
    items, _ = deduplicate(found.items, found.places)
    assert items["in_force"].tolist() == [False, True, False, True, False]


def test_a_duplicate_in_another_file_names_that_file(tmp_path: Path) -> None:
    for name, end in (("a.csv", ""), ("b.csv", "\n")):
        text = f"事项名称,地区,跑动次数,业务办理项编码\n甲,遂溪县,0,A1\n{end}"
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = check_files([tmp_path], settings=SETTINGS)
    assert found.files["rows_left_out"].tolist() == [0, 1]
    message = found.findings.loc[found.findings["rule"].eq("duplicate_item"), "message"].item()
    assert message == "与a.csv第 2 行是同一事项，没有重复计入。"


def test_a_list_sent_twice_with_other_figures_is_no_mere_duplicate(tmp_path: Path) -> None:
    """乐昌市.xlsx stood before 乐昌市（最终版）.xlsx: of 20 items the old figures counted, and the new were to be deleted."""
    for name, visits in (("遂溪县.csv", 1), ("遂溪县（核对）.csv", 0)):
        (tmp_path / name).write_text(
            f"事项名称,地区,跑动次数,业务办理项编码\n甲,遂溪县,{visits},A1\n乙,遂溪县,0,A2\n", "utf-8"
        )
    found = check_files([tmp_path], settings=SETTINGS).findings
    twice = found[found["rule"].str.startswith("duplicate")].set_index("rule")["message"]
    assert (
        twice["duplicate_differs"]
        == "是同一事项，却与遂溪县.csv第 2 行的到办事现场次数不同；只计了那一行，没有计这一行。"
    )
    assert twice["duplicate_item"] == "与遂溪县.csv第 3 行是同一事项，没有重复计入。"


def test_a_copy_sent_back_is_read_as_the_build_reads_it(tmp_path: Path) -> None:
    """遂溪县（核对）.xlsx, corrected and handed in, was left out by the check without a word; the build counted it."""
    book(HEAD, A)(tmp_path / "遂溪县（核对）.xlsx")
    assert check_files([tmp_path], settings=SETTINGS).files["rows_used"].tolist() == [1]


def test_a_name_nobody_knows_beside_a_known_code_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "行政区划代码,地区,事项名称,跑动次数\n440823,遂城县,甲,0\n440823,遂溪县,乙,0\n", "utf-8"
    )
    found = check_files([tmp_path], settings=SETTINGS).findings
    assert found.loc[found["rule"].eq("region_conflict"), "value"].tolist() == ["遂城县"]


def test_the_file_of_last_quarter_handed_in_again_is_said(tmp_path: Path) -> None:
    for period in ("2021Q1", "2021Q2"):
        (tmp_path / period / "items").mkdir(parents=True)
        book(HEAD, A)(tmp_path / period / "items" / "遂溪县.xlsx")
        book(HEAD, A if period == "2021Q1" else B)(tmp_path / period / "items" / "徐闻县.xlsx")
    again = (tmp_path / "2021Q2" / "items" / "遂溪县.xlsx").with_name("县里报来.xlsx")
    again.with_name("遂溪县.xlsx").replace(again)
    shutil.copy(tmp_path / "2021Q1" / "items" / "遂溪县.xlsx", again)
    found = check_files([tmp_path / "2021Q2" / "items"], settings=SETTINGS).findings
    assert found.loc[found["rule"].eq("file_of_last"), "message"].tolist() == [
        "“县里报来.xlsx”与2021Q1的“遂溪县.xlsx”内容完全相同，仍按本期计。"
    ]


def test_cases_are_not_taken_for_items(tmp_path: Path) -> None:
    """A table of cases has names and limits too: its office was told to fill in 事项类型."""
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "办件.csv").write_text("办件编号,地区,事项名称,承诺办结时限\n1,遂溪县,甲,5\n", "utf-8")
    found = check_files([tmp_path], settings=SETTINGS)
    assert found.findings[["rule", "value"]].to_numpy().tolist() == [
        ["file_refused", "“办件.csv”是办件表，不是事项清单。"]
    ]


def test_rules_without_a_file_of_their_own() -> None:
    found = checked("事项名称|法定时限|承诺时限|办件量\n甲|300个工作日|20天|许多\n乙|20天|5天|1,200").findings
    assert {"limit_odd", "number_unreadable"} <= set(found["rule"])


def test_cells_are_addressed_as_the_sheet_does() -> None:
    header = "|".join([*(f"列{i}" for i in range(25)), "事项名称", "跑动次数"])
    found = checked(f"说明\n\n{header}\n{'|' * 25}甲|几次").findings
    assert found.loc[
        found["rule"].eq("visits_unreadable"), ["cell", "row_number", "header", "value"]
    ].to_numpy().tolist() == [["AA4", 4, "跑动次数", "几次"]]


def test_a_column_full_of_spaces_is_one_finding() -> None:
    body = "\n".join(f"甲{i}|\u30005天" for i in range(200))
    grid = [
        ["事项名称", "承诺时限"],
        *([name, limit] for name, limit in (line.split("|") for line in body.split("\n"))),
    ]
    found = check([Sheet("遂溪县.csv", "", grid)], settings=SETTINGS).findings
    assert found.loc[found["rule"].eq("text_cleaned"), "row_number"].tolist() == [0]


def test_the_grid_stays_as_it_was() -> None:
    grid = [["事项名称", "地区", "承诺时限"], [" 甲 ", "遂溪县", "5天"], ["乙", "", "５天"]]
    sheet = Sheet("a.xlsx", "表", copy.deepcopy(grid), merged=(((1, 1), (2, 1)),))
    assert check([sheet], settings=SETTINGS).items["region"].tolist() == ["遂溪县", "遂溪县"]
    assert sheet.grid == grid


def test_order_of_the_rows_does_not_matter() -> None:
    lines = ["甲|20天|5天|A1", "乙|30天|9天|A2", "丙|无|1天|A3", "丁|10天|20天|A4"]
    head = "事项名称|法定时限|承诺时限|业务办理项编码"
    one, two = (checked("\n".join([head, *order])) for order in (lines, lines[::-1]))
    columns = [key for key in one.items.columns if key != "row_number"]
    pd.testing.assert_frame_equal(
        one.items[columns].sort_values("item_name", ignore_index=True),
        two.items[columns].sort_values("item_name", ignore_index=True),
    )
    assert sorted(one.findings["message"]) == sorted(two.findings["message"])


def test_a_mapping_settles_what_a_header_means() -> None:
    grid = [["事项名称", "handle_type", "跑动次数"], ["甲", "2", "0"]]
    sheet = Sheet("遂溪县.csv", "", grid)
    asked = check([sheet], settings=SETTINGS)
    assert "column_ambiguous" in set(asked.findings["rule"])
    told = check([sheet], settings=SETTINGS, mapping={"handle_type": "handling_type"})
    assert told.items["handling_type"].tolist() == ["承诺件"]
    assert "column_ambiguous" not in set(told.findings["rule"])


def test_summary_counts_every_finding_once() -> None:
    table = "事项名称|承诺时限|跑动次数\n甲|无|几次\n|5天|0\n乙|5天|0\n合计||"
    findings = checked(table).findings
    counts = summary(findings)
    assert counts["n_findings"].sum() == len(findings)
    assert counts[["n_errors", "n_warnings", "n_notes"]].to_numpy().sum() == len(findings)
    assert summary(findings, by=("file",))["n_rows_out"].tolist() == [2]  # one without a name, one total
    assert set(counts.columns) <= {*ALL_COLUMNS, *KEYS}


def test_completeness_counts_what_is_filled() -> None:
    items = checked("事项名称|法定时限|承诺时限|跑动次数\n甲|20天|5天|0\n乙|无||1").items
    shares = completeness(items).set_index("column_label")["filled_share"]
    assert shares[["事项名称", "法定办结时限", "承诺办结时限", "到办事现场次数", "基本编码"]].tolist() == [
        1,
        1 / 2,
        1 / 2,
        1,
        0,
    ]


def test_findings_have_their_columns_even_when_empty() -> None:
    found = checked(
        "事项名称|事项类型|行使层级|基本编码|法定时限|承诺时限|跑动次数|是否网办\n甲|行政许可|县级|440125004000|20天|5天|0|是"
    )
    assert found.findings.empty
    assert found.findings.columns.tolist() == list(KEYS)
    assert pd.read_csv(io.StringIO(found.findings.to_csv(index=False))).empty


# Header → column, in the dialects of the exchange tables, the portal, its interface and the hall systems.
DIALECTS = """
ROW_GUID item_id | TASK_GUID item_id | MATTERID item_id | ITEM_ID item_id | itemGuid item_id | id item_id | rowguid item_id
TASK_NAME item_name | name item_name | taskname item_name | CATANAME catalog_name | catalog_name catalog_name
CATALOG_CODE base_code | LOCAL_CATALOG_CODE base_code | NATION_CATALOG_CODE base_code | ctg_code base_code | jbbm base_code
TASK_CODE impl_code | carry_out_code impl_code | service_code impl_code | itemId impl_code | ssbm impl_code
TASK_HANDLE_ITEM handle_item_code | YW_CODE handle_item_code | situation_code handle_item_code | ywblxbm handle_item_code
TASK_TYPE item_type_code | TASK_TYPE_TEXT item_type | service_item_type item_type_code | shenpilb item_type_code
USE_LEVEL use_level_code | USE_LEVEL_TEXT use_level | useLevel use_level_code | authority_level_text use_level
DEPT_NAME department | service_agent_name department | impl_org_name department | ouname department
AREACODE region_code | DIVISION_CODE region_code | region_code region_code | 行政区划 region_code
ANTICIPATE_DAY statutory_limit | legal_period statutory_limit | legal_time statutory_limit | fdbjsx statutory_limit
ANTICIPATE_TYPE statutory_unit_code | ANTICIPATE_TYPE_TEXT statutory_unit | legal_time_unit_text statutory_unit
ANTICIPATE_EXPLAIN statutory_note | FDBLSXSM statutory_note | legal_time_note statutory_note
PROMISE_DAY promised_limit | promised_period promised_limit | promise_time promised_limit | cnbjsx promised_limit
PROMISE_TYPE promised_unit_code | PROMISE_TYPE_TEXT promised_unit | promised_period_type promised_unit_code
PROMISE_EXPLAIN promised_note | CRBJSXSM promised_note | accept_time_sp promised_note | cnbjsxsm promised_note
PROJECT_TYPE handling_type_code | PROJECT_TYPE_TEXT handling_type | type handling_type_code
LIMIT_SCENE_NUM visits | limitSceneNum visits | transport_count visits | applyermin_count visits
LIMIT_SCENE_EXPLAIN visit_reason | UNONLINEREASON visit_reason | scene_reason visit_reason
IS_ONLINE online | ONLINECHECK online | ONLINECHECK_TEXT online | suit_online online | sfwb online
ONLINE_HANDLE_DEPTH online_depth | WBSD_LEVEL_TEXT online_depth | declare_service_level online_depth
SERVER_TYPE serves | SERVE_TYPE_TEXT serves | service_object_type serves | IS_ENTRY_CENTER in_hall
is_importonewindow one_window | is_importmultiwindow one_window | IS_EXPRESS express | is_express_delivery express
TASK_STATE state | TASK_STATE_TEXT state | status_text state | TASK_VERSION version | VERSION_DATE version
"""
PAIRS = [pair.split() for line in DIALECTS.strip().splitlines() for pair in line.split("|")]


@pytest.mark.parametrize(("header", "key"), PAIRS)
def test_headers_of_every_dialect(header: str, key: str) -> None:
    for written in (header, header.lower(), f" {header}\n", f"中文名称({header})", f"{header}/说明", f"*{header}"):
        assert read_header(written).keys == (key,)


OWN_HEADS = ["事项的名称", "地区", "基本编码", "事项类型", "法定时限", "承诺时限", "跑几次", "是否网办", "行使层级"]


def test_headers_nobody_knows_are_named_with_the_nearest_and_settled_by_the_data_set(tmp_path: Path) -> None:
    project = Settings(root=tmp_path, data="data/试")
    path = tmp_path / "收到" / "县.csv"
    path.parent.mkdir()
    path.write_text("\n".join(",".join(map(str, row)) for row in (OWN_HEADS, A, B)), encoding="utf-8")
    refused = check_files([path], settings=project).findings
    assert refused["rule"].tolist() == ["file_refused"]
    assert (
        "没认出的表头：事项的名称（您是不是指“事项名称”？）、跑几次（您是不是指“到办事现场次数”？）。"
        in refused["action"].item()
    )
    lines = re.findall(r'"[^"]*" = "[^"]*"', refused["action"].item())
    assert lines == ['"事项的名称" = "事项名称"', '"跑几次" = "到办事现场次数"']
    toml = tmp_path / "data" / "试" / "dataset.toml"
    toml.parent.mkdir(parents=True)
    about = 'title = "试"\nkind = "real"\nsource = "试"\nlicence = "MIT"\n[columns]\n'
    toml.write_text("\n".join([about.rstrip(), *lines]), encoding="utf-8")
    found = check_files([path], settings=project)
    assert found.findings.empty
    assert found.items["visits"].tolist() == [0, 1]


def test_a_column_that_is_missing_is_asked_about_sooner() -> None:
    heads = ["事项名称", "地区", "法定时限", "承诺天数", "联系电话", "备注"]
    asked = {"承诺天数": "承诺办结时限", "联系电话": "", "备注": ""}
    assert nearest([read_header(text) for text in heads]) == asked
    there = nearest([read_header(text) for text in [*heads, "承诺时限"]])
    assert there["承诺天数"] == ""  # the promise has its column: another is no guess


def test_a_header_of_any_length_is_looked_at_quickly() -> None:
    start = time.process_time()
    assert read_header("(" * 32_000).keys == read_header("基本编码" * 9_000).keys == ()
    assert near("(" * 32_000) == ""
    assert time.process_time() - start < 0.5


def test_the_same_workbook_twice_counts_once_and_the_copy_is_the_one_named(tmp_path: Path) -> None:
    for name in ("遂溪县 - 副本.xlsx", "遂溪县.xlsx", "遂溪县(1).xlsx"):
        book(HEAD, A, B)(tmp_path / name)
        (tmp_path / name).write_bytes((tmp_path / "遂溪县 - 副本.xlsx").read_bytes())
    found = check_files([tmp_path], settings=SETTINGS)
    assert found.items["file"].tolist() == ["遂溪县.xlsx"] * 2
    assert found.findings[["rule", "file"]].to_numpy().tolist() == [
        ["file_repeated", "遂溪县 - 副本.xlsx"], ["file_repeated", "遂溪县(1).xlsx"],
    ]  # fmt: skip
    assert found.findings["message"].iloc[0] == "“遂溪县 - 副本.xlsx”与“遂溪县.xlsx”内容完全相同，只计一次。"


def test_a_copy_saved_anew_leaves_the_original_as_it_is(tmp_path: Path) -> None:
    head, rows = [*HEAD, "业务办理项编码"], [[*A, "X1"], [*B, "X2"]]
    book(head, *rows)(tmp_path / "遂溪县 - 副本.xlsx")
    book(head, *rows, ["注：新存的"])(tmp_path / "遂溪县.xlsx")
    found = check_files([tmp_path], settings=SETTINGS)
    assert found.items["file"].tolist() == ["遂溪县.xlsx"] * 2
    assert found.findings.query("rule == 'duplicate_item'")["file"].tolist() == ["遂溪县 - 副本.xlsx"] * 2
