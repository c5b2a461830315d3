"""Tables: heads, units, escaping, payload and back."""

from __future__ import annotations

import html.parser
import json
import re

import pandas as pd
import pytest

from zjanalysis.columns import Column
from zjanalysis.display.tables import Table, table, table_from_payload
from zjanalysis.errors import ConfigError, UnknownName


def scores(**more: object) -> pd.DataFrame:
    rows = {"region_code": ["440802", "440803"], "indicator": ["instant", "visits"], "value": [0.8, None], "n": [5, 0]}
    return pd.DataFrame({**rows, **more})


class Reader(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_table_has_caption_scopes_and_units() -> None:
    columns = ["region", "value", Column("n", "事项数", "count", unit="项")]
    read = Reader(table(scores(), caption="例", columns=columns).html())
    assert [attrs["scope"] for tag, attrs in read.tags if tag == "th"] == ["col"] * 3 + ["row"] * 2
    assert "表　例" in read.words
    assert "（项）" in read.words


def test_values_read_in_the_unit_of_their_row_and_missing_is_said() -> None:
    read = Reader(table(scores(), caption="例", columns=["region", "indicator", "value"]).html())
    assert read.words[-6:] == ["赤坎区", "即办率", "80.00%", "霞山区", "平均跑动次数", "无数据"]


def test_one_unit_stands_in_the_head_only() -> None:
    same = scores(indicator=["instant", "instant"], value=[0.8, 0.5])
    shown = table(same, caption="例", columns=["region", "value"])
    assert shown.heads[1].unit == "%"
    assert Reader(shown.html()).words[-4:] == ["赤坎区", "80.00", "霞山区", "50.00"]


def test_differences_carry_their_sign_and_points() -> None:
    frame = scores(change=[-0.0123, 0.5])
    words = Reader(table(frame, caption="例", columns=["region", "change"]).html()).words
    assert [words[-3], words[-1]] == ["−1.23个百分点", "+0.5000次"]


def test_numbers_align_right_and_text_left() -> None:
    read = Reader(table(scores(), caption="例", columns=["region", "value"]).html())
    assert [attrs.get("class") for tag, attrs in read.tags if tag == "td"] == ["zj-num"] * 2


def test_a_column_that_says_the_same_in_every_row_is_the_note_whatever_it_holds() -> None:
    rows = pd.DataFrame({"name": list("甲乙丙"), "unit_name": ["局"] * 3, "n": [2, 2, 2], "m": [1, 2, 3]})
    heads = [
        Column("name", "名"),
        Column("unit_name", "单位"),
        Column("n", "数", "count", unit="项"),
        Column("m", "序"),
    ]
    html = table(rows, caption="例", columns=heads).html()
    assert re.findall(r'<th scope="col"[^>]*>(?:<span class="zj-short">)?([^<]+)', html) == ["名", "序"]
    assert "单位均为局。数均为2项。" in html
    assert "均为" not in table(rows.head(2), caption="例", columns=heads).html()


def test_numbers_of_an_analysts_own_column_are_numbers() -> None:
    shown = table(pd.DataFrame({"部门": ["甲"], "天数": [116.0]}), caption="例")
    assert [head.kind for head in shown.heads] == ["text", "number"]
    assert '<td class="zj-num">116</td>' in shown.html()


OWN = pd.DataFrame({"department": ["甲局", "乙局", "甲局"], "item_type": ["许可", "许可", "确认"], "visits": [1, 0, 2]})


@pytest.mark.parametrize(
    ("rows", "heads", "first"),
    [
        (OWN.groupby("department").agg(平均跑动=("visits", "mean")), ["实施主体", "平均跑动"], ["乙局", "0"]),
        (OWN.pivot_table(index="department", columns="item_type", values="visits"), ["实施主体", "确认", "许可"],
         ["乙局", "无数据", "0"]),
        (OWN["department"].value_counts().to_frame(), ["实施主体", "项数"], ["甲局", "2"]),
        (OWN["department"].value_counts(), ["实施主体", "项数"], ["甲局", "2"]),
        (OWN.groupby(["department", "item_type"])[["visits"]].agg(["max"]),
         ["实施主体", "事项类型", "到办事现场次数·最大"], ["乙局", "许可", "0"]),
        (OWN[["visits"]].describe().rename(columns={"visits": "次"}), ["项目", "次"], ["项数", "3"]),
        (OWN.isna().sum(), ["项目", "数值"], ["实施主体", "0"]),
        (OWN.loc[[2, 0], ["visits"]], ["到办事现场次数"], ["2.0000"]),
        (OWN.set_index("department", drop=False)[["department"]], ["实施主体"], ["甲局"]),
    ],
)  # fmt: skip
def test_what_a_grouping_made_the_index_comes_first(
    rows: pd.DataFrame | pd.Series, heads: list[str], first: list[str]
) -> None:
    shown = table(rows, caption="例")
    assert [head.label for head in shown.heads] == heads
    assert shown.texts()[0] == first


def test_a_column_of_the_index_can_be_asked_for_and_what_is_no_table_is_refused() -> None:
    grouped = OWN.groupby("department")[["visits"]].sum()
    assert table(grouped, caption="例", columns=["visits", "department"]).rows[0] == (0, "乙局")
    with pytest.raises(ConfigError, match="这里要一张表，得到的是 list"):
        table([1, 2], caption="例")  # type: ignore[arg-type]


def test_the_row_in_focus_is_marked() -> None:
    read = Reader(table(scores(), caption="例", columns=["region"], focus="440803").html())
    assert [attrs.get("class") for tag, attrs in read.tags if tag == "tr"] == [None, None, "zj-focus"]


def test_the_payload_is_json_and_comes_back() -> None:
    shown = table(scores(), caption="例", columns=["region", "value", "n"], note="注", sheet="页")
    payload = json.loads(json.dumps(shown.payload(), allow_nan=False))
    assert table_from_payload(payload) == shown
    assert payload["rows"] == [["赤坎区", 0.8, 5], ["霞山区", None, 0]]


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="是不是“value”"):
        table(scores(), caption="例", columns=["valeu"])


def test_verdicts_and_regions_stand_by_name() -> None:
    shown = table(scores(verdict=["优于", "落后"], best_region=["440823", None]), caption="例",
                  columns=["verdict", "best_region"])  # fmt: skip
    assert shown.rows == (("优于", "遂溪县"), ("落后", None))


def test_a_table_without_rows_is_one_sentence() -> None:
    shown = table(scores().iloc[:0], caption="例", columns=["region", "value"])
    assert isinstance(shown, Table)
    assert shown.html() == '<p class="zj-say">例：没有。</p>'


def test_the_frame_is_not_changed() -> None:
    frame = scores()
    table(frame, caption="例", columns=["region", "value"])
    pd.testing.assert_frame_equal(frame, scores())


def test_a_date_stays_on_one_line() -> None:
    rows = pd.DataFrame({"name": ["甲", "乙"], "due": ["2021-06-30", "长期推进"]})
    html = table(rows, caption="例", columns=(Column("name", "事项"), Column("due", "完成时限"))).html()
    assert html.count('<td class="zj-short">') == 2


def test_of_two_columns_of_one_name_neither_is_told_beneath() -> None:
    rows = pd.DataFrame({"甲": ["a", "b", "c"], "乙": [1, 1, 1], "丙": [1, 2, 3]})
    heads = (Column("甲", "地区", "text"), Column("乙", "位次", "number"), Column("丙", "位次", "number"))
    printed = table(rows, caption="例", columns=heads)
    assert "均为" not in printed.html()
