"""Figures by what they draw: order, place, words; that no ink is cut off, no words lie on others, SVG says the same."""

from __future__ import annotations

import html
import inspect
import io
import json
import re
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

import zjanalysis as zj
from tests.display.test_blocks import VIEWS, made
from zjanalysis.display import peers, picture, reasons, series, spine, theme, wording
from zjanalysis.display.distributions import _dots
from zjanalysis.display.picture import alt_of, crop, draw_png
from zjanalysis.display.tables import about
from zjanalysis.errors import ConfigError
from zjanalysis.studies import Study
from zjanalysis.units import Verdict

ROOT = Path(__file__).resolve().parents[2]
DRAWN = ("spine", "split", "departments", "ranking", "pairs", "funnel", "sensitivity", "changes", "change_split",
         "limits", "compression", "visits", "trend", "trend_line", "counties")  # fmt: skip
MONTHS = pd.DataFrame({"month": [f"2021-0{month}" for month in range(1, 6)], "value": [0.97, 0.95, None, 0.99, 0.98],
                       "numerator": 97, "denominator": 100, "indicator": "instant"})  # fmt: skip
BOARD = pd.DataFrame({"title": ["网上可办", "很长很长的任务名称" * 9], "n_rows": [10, 4], "n_met": [4, 0],
                      "n_in_progress": [3, 1], "n_long_term": [1, 0], "n_not_started": [1, 1], "n_overdue": [1, 2],
                      "n_no_value": [0, 1]})  # fmt: skip
DAYS = pd.DataFrame({"quantity": ["实际办理"] * 3 + ["承诺时限"] * 3, "limit_days": [0, 1, None] * 2,
                     "n": [20000, 3, 1, 2, 2, 30000]})  # fmt: skip


def words(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def bars(axes: Axes) -> list[Rectangle]:
    return [bar for bar in axes.patches if isinstance(bar, Rectangle)]


def hold(axes: Axes) -> None:
    """Hold a drawing against what every figure owes its reader."""
    pixels = np.asarray(Image.open(io.BytesIO(draw_png(axes))).convert("RGB")).astype(int)
    band = np.array([int(theme.BAND[i : i + 2], 16) for i in (1, 3, 5)])
    edges = np.concatenate([pixels[:, 0], pixels[:, -1]])
    assert (
        (edges >= 250).all(axis=1) | (np.abs(edges - band) <= 6).all(axis=1)
    ).mean() > 0.9  # words begin at the edge
    figure = picture.figure_of(axes)
    within = [
        text
        for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim())))
        for place, text in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
        if low <= place <= high
    ]
    ticks = [*within, axes.xaxis.label] if axes.axison else []
    seen = [text for text in [*axes.texts, *figure.texts, *ticks] if text.get_text().strip() and text.get_visible()]
    boxes = [text.get_window_extent().padded(-2) for text in seen]
    both = [(seen[i].get_text(), seen[k].get_text()) for i in range(len(boxes)) for k in range(i + 1, len(boxes))
            if boxes[i].overlaps(boxes[k])]  # fmt: skip
    assert both == []
    wide = figure.get_figwidth() * figure.get_dpi()
    assert [t.get_text() for t, box in zip(seen, boxes, strict=True) if box.x0 < -2 or box.x1 > wide + 2] == []
    assert min(text.get_fontsize() for text in seen) >= 8


@pytest.mark.parametrize("whose", ["city", "county", "hostile"])
@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_cut_and_no_words_lie_on_others(name: str, whose: str, request: pytest.FixtureRequest) -> None:
    (block,) = made(name, request.getfixturevalue(whose))
    assert block.figure is not None
    hold(block.figure)


def test_these_are_all_the_views_that_draw(county: Study) -> None:
    assert {name for name in VIEWS for block in made(name, county) if block.figure is not None} == set(DRAWN)


@pytest.mark.parametrize(
    "block",
    [
        series.trend(MONTHS, name="湛江市", indicator="instant", source="例", target=1.0),
        series.board(BOARD, source="例"),
        series.bands(DAYS, name="遂溪县", source="例"),
    ],
    ids=["trend", "board", "bands"],
)
def test_figures_along_time_and_in_bands_too(block: zj.display.blocks.Block) -> None:  # type: ignore[name-defined]
    hold(block.figure)


@pytest.mark.parametrize("name", DRAWN)
def test_the_svg_holds_every_word_as_text_with_its_width(name: str, county: Study) -> None:
    (block,) = made(name, county)
    drawn = re.search(r"<svg(?! class=\"zj-phone\").*?</svg>", block.html, re.DOTALL)
    assert drawn
    texts = re.findall(r"<text([^>]*)>([^<]*)</text>", drawn[0])
    said = {html.unescape(text) for _, text in texts}
    assert {line for word in words(block.figure) for line in word.split("\n")} <= said
    assert all("textLength=" in look for look, _ in texts)
    assert f"图　{block.payload['title']}" in "".join(text for _, text in texts)
    assert "<image" not in drawn[0]
    assert drawn[0].count("<g>") == 0


def test_a_ranking_is_in_order_with_median_and_target_named(county: Study) -> None:
    block = zj.ranking(county, "instant")
    values = block.rows["value"].tolist()
    assert all(a >= b for a, b in pairwise(values))
    assert any(word.startswith("目标 81.11%") for word in words(block.figure))
    assert any("中位数" in word for word in words(block.figure))
    fewer = zj.ranking(county, "visits")
    assert fewer.rows["value"].is_monotonic_increasing
    bold = [text.get_text() for text in block.figure.texts if text.get_fontfamily()[0] == theme.STRONG[0]]
    assert "雷州市" in bold


def test_the_spine_shows_every_region_of_every_indicator_best_to_the_right(county: Study) -> None:
    rows = spine.spine_rows(county)
    assert len(rows) == 6
    for row in rows.to_dict("records"):
        others, own, _, _ = spine._spots(county, row)
        assert len(others) == len(county.peers)
        assert all(0 <= spot <= 1 for spot in [*others, own])
        better = sum(spot > own for spot in others)
        assert better + 1 == row["rank"]
    written = set(words(zj.spine(county).figure))
    assert {"判断", "达标", "位次（区间）", "较上期"} <= written
    assert set(rows["moved"].map(wording.in_points)) <= written


def test_the_key_on_a_phone_has_the_colours_of_the_dots(county: Study) -> None:
    rows = spine.spine_rows(county)
    spots = [spine._spots(county, row) for row in rows.to_dict("records")]
    drawn = spine._narrow(county, rows.assign(moved="退步1.50个百分点"), spots).get_children()
    marks = [one.get_color() for one in drawn if isinstance(one, Text) and one.get_text() == "●"]
    assert marks == [theme.FOCUS, theme.PEER]
    assert not any("个百分点" in one.get_text() for one in drawn if isinstance(one, Text))  # it ran into the wedge


def test_neither_key_nor_alt_of_the_spine_names_a_median_of_too_few(pair: Study) -> None:
    rows = spine.spine_rows(pair)
    assert rows["median"].isna().all()
    spots = [spine._spots(pair, row) for row in rows.to_dict("records")]
    for axes in (spine._wide(pair, rows, spots), spine._narrow(pair, rows, spots)):
        assert not any("中位数" in word for word in words(axes))
    assert not any(
        "中位数" in alt for alt in re.findall('aria-label="(.*?)"', zj.spine(pair)._repr_mimebundle_()["text/html"])
    )


def test_the_spine_says_whether_a_change_is_good(county: Study) -> None:
    """A share of visits that rises is worse, whatever the verb for rising says."""
    rows = spine.spine_rows(county).set_index("indicator")
    good = rows["change"] * [about(key).sign for key in rows.index] > 0
    assert good.any()
    assert all(text.startswith("改善") for text in rows.loc[good, "moved"])
    assert not any(text.startswith(("提高", "下降", "增加", "减少")) for text in rows["moved"])


def test_a_column_that_knows_nothing_is_not_drawn(first: Study) -> None:
    assert not {"较上期", "达标", "方案目标"} & set(words(zj.spine(first).figure))


PARTS = pd.DataFrame({"region_code": "440800", "indicator": "time_compression", "part": ["结构", "水平", "覆盖"],
                      "contribution": [0.02, -0.03, 0.0], "n_codes": [300, 300, 12],
                      "value": 0.89, "peer_value": 0.90})  # fmt: skip


def waterfall(indicator: str = "time_compression") -> Axes:
    return reasons.waterfall(PARTS, about(indicator), ("兄弟地市合计", 0.90), ("湛江市", 0.89))


def test_the_steps_of_a_waterfall_join_end_to_end_and_say_what_helps() -> None:
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars(waterfall())]
    assert ends[0] == pytest.approx((0.90, 0.92))
    assert ends[1] == pytest.approx((0.92, 0.89))
    assert {"有利", "不利", "无影响", "+2.00个百分点", "−3.00个百分点"} <= set(words(waterfall()))
    hurt = words(waterfall("visits"))
    assert hurt.index("不利") < hurt.index("有利")


def test_pairs_are_sorted_and_a_refused_word_is_hollow(county: Study) -> None:
    block = zj.pairs(county, "visit_share")
    known = block.rows["difference"].dropna().tolist()
    assert known == sorted(known, reverse=True)
    faces = [to_hex(colour) for colour in block.figure.collections[-1].get_facecolor()]
    refused = [word == Verdict.NONE for word in block.rows["verdict"]]
    assert [face == "#ffffff" for face in faces] == refused


def test_a_point_lies_where_its_range_says(county: Study) -> None:
    rows = zj.funnel(county, "instant").rows
    for row in rows.to_dict("records"):
        assert peers.place_in(row["value"], row["low"], row["high"]) == row["place"]
    assert rows["n"].is_monotonic_decreasing


def test_a_month_without_value_leaves_a_gap_and_three_make_no_line() -> None:
    block = series.trend(MONTHS, name="湛江市", indicator="instant", source="例", target=1.0)
    line = block.figure.lines[0]
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)).tolist() == [False, False, True, False, False]
    free = series.trend(MONTHS, name="茂名市", indicator="instant", source="例", target=None)  # no plan on record
    assert [len(one.figure.get_lines()) for one in (block, free)] == [2, 1]
    few = series.trend(MONTHS.head(4), name="湛江市", indicator="instant", source="例", target=1.0)
    assert few.figure is None
    assert "不画趋势" in few.sentence


def test_the_states_of_a_task_fill_its_bar() -> None:
    block = series.board(BOARD, source="例")
    assert sum(bar.get_width() for bar in block.figure.patches) == 10 + 4
    assert block.sentence == "2项任务共列台账14项，达标4项，逾期3项。"


def test_case_bands_are_taken_as_the_analysis_gives_them() -> None:
    rows = series.case_bands(DAYS)
    assert rows["band"].tolist() == ["即办", "1日内", "1日以上"]
    assert rows[["n_actual", "n_promised"]].sum().tolist() == [20004, 30004]


def test_the_alt_text_says_what_is_to_be_seen(county: Study) -> None:
    for name in DRAWN:
        (block,) = made(name, county)
        assert block.payload["alt"] == alt_of(block.figure)
        assert re.search(r"\d", block.payload["alt"])


def test_words_over_the_edge_are_cropped_nowhere() -> None:
    blank = np.full((90, 4, 4), 255, dtype=np.uint8)
    assert crop(blank).shape == (90, 4, 4)
    blank[45, 1] = 0
    cut = crop(blank)
    assert len(cut) == 1 + 2 * picture.EDGE
    assert (cut[picture.EDGE, 1] == 0).all()


def test_an_axes_that_lies_in_no_figure_is_refused() -> None:
    axes = picture.new_figure(10).add_subplot()
    axes.remove()
    with pytest.raises(ConfigError):
        picture.figure_of(axes)


def test_the_same_figure_gives_the_same_bytes(county: Study) -> None:
    first, again = (zj.ranking(county, "visits") for _ in range(2))
    assert first.html == again.html
    assert draw_png(first.figure) == draw_png(again.figure)


def test_a_drawing_without_groups_says_the_same() -> None:
    assert picture._ungrouped('<g><g id="a"><path/></g><g/></g>') == '<g id="a"><path/></g>'


def test_marks_of_one_look_say_it_once_and_a_path_along_an_axis_needs_one_number() -> None:
    """A page with 21 peers and a city of 2,600 items has to stay under 350 kB (`publish.gate`)."""
    dot, word = '<use href="#m" x="{}" y="1" style="fill:red"/>', '<text font-size="8" fill="red" x="{}">{}</text>'
    dots = "".join(map(dot.format, range(3)))
    assert (
        picture._alike(dots)
        == f'<g style="fill:red">{dots.replace(" style=" + chr(34) + "fill:red" + chr(34), "")}</g>'
    )
    words = "".join(word.format(n, "二") for n in range(3))
    assert picture._alike(words).startswith('<g font-size="8" fill="red"><text x="0">二</text>')
    assert picture._alike(dots + words).count("<g") == 2
    two, seen_through = dot.format(1) * 2, dots.replace("fill:red", "opacity:0.5")
    assert [picture._alike(one) for one in (two, seen_through)] == [two, seen_through]
    drawn = picture._PATH.sub(picture._path, '<path d="M 1.5 2 L 1.5 4 L 3 4 C 3 5 6 7 8 9 L 8 1 z M 8 1 L 9 9 "/>')
    assert drawn == '<path d="M1.5 2V4H3C3 5 6 7 8 9V1zM8 1L9 9"/>'
    axes = picture.new_figure(90).subplots()
    axes.scatter(range(700), [n * 7 % 100 for n in range(700)], alpha=0.5)
    assert len(picture.draw_svg(axes, alt="七百点")) < 700 * 50 + 3000


def test_the_exhibit_of_an_analyst_keeps_its_own_words(county: Study) -> None:
    import seaborn as sns

    zj.theme()
    axes = sns.histplot(county.own, x="statutory_days", binwidth=5)
    rows = county.own.groupby("handling_type", as_index=False).size()
    block = zj.exhibit(axes, title="法定时限", table=rows, source="市局", alt="直方图：法定时限的分布，最多在20天。")
    assert "直方图：法定时限的分布，最多在20天。" in block.html


def seaborns() -> list[str]:
    """The functions of seaborn that draw into an Axes."""
    import seaborn as sns

    drawing = [name for name, thing in vars(sns).items() if inspect.isfunction(thing)]
    return [name for name in drawing if "ax" in inspect.signature(getattr(sns, name)).parameters]


@pytest.mark.parametrize("name", ["02_city_benchmark", "03_district_report"])
def test_a_published_figure_is_drawn_by_seaborn(
    name: str, city: Study, county: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's footer lists seaborn, so it must have drawn something there: the views of the notebook are called."""
    import seaborn as sns

    drawn: list[str] = []
    for function in seaborns():
        plain = getattr(sns, function)
        monkeypatch.setattr(sns, function, lambda *a, _f=plain, _n=function, **k: (drawn.append(_n), _f(*a, **k))[1])
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    code = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    me, by_seaborn = city if name.startswith("02") else county, set()
    for view in ("limits", "compression", "visits", "counts", "spine"):
        drawn.clear()
        block = getattr(zj, view)(me)
        if f"zj.{view}(me" in code and drawn and block.figure is not None:
            by_seaborn.add(view)
    assert by_seaborn
    assert "spine" not in by_seaborn, "the test tells a figure of seaborn from one of our own"


def test_the_figure_of_an_analyst_says_the_names_of_its_columns(county: Study) -> None:
    import seaborn as sns

    zj.theme()
    rows = county.own.groupby(["department", "handling_type"], as_index=False).size()
    axes = sns.histplot(county.own, x="statutory_days", hue="handling_type")
    block = zj.exhibit(axes, title="法定时限的分布", table=rows, source=county)
    drawn = [axes.get_xlabel(), axes.get_ylabel(), axes.get_legend().get_title().get_text()]
    assert not [text for text in drawn if re.search("[a-z]", text)], drawn
    assert [head["label"] for head in block.payload["table"]["columns"]] == ["实施主体", "办件类型", "项数"]
    assert not plt.get_fignums(), "JupyterLab would show it a second time"


def test_a_long_name_of_an_analysts_figure_is_not_cut_off(county: Study) -> None:
    import seaborn as sns

    zj.theme()
    rows = county.own.groupby("department", as_index=False)["visits"].mean().head(5)
    axes = sns.barplot(rows, x="visits", y="department")
    zj.exhibit(axes, title="各部门平均跑动次数", table=rows, source=county)
    axes.figure.draw_without_rendering()
    assert min(label.get_window_extent().x0 for label in axes.get_yticklabels()) >= 0


@pytest.mark.parametrize("what", [None, "图", pd.DataFrame()])
def test_what_is_no_figure_is_refused_with_an_example(what: object) -> None:
    with pytest.raises(ConfigError, match=r"例如 axes = sns\.barplot"):
        zj.exhibit(what, title="图", table=pd.DataFrame({"a": [1]}))


def test_a_long_list_is_drawn_as_dots_that_grow_a_short_one_item_by_item() -> None:
    shares = [round(n % 7 / 10, 3) for n in range(900)]
    long = pd.DataFrame({"department": ["甲", "乙"] * 450, "compression": shares})
    dots = _dots(long, ["甲", "乙"])
    assert (len(dots), dots["size"].sum(), dots["area"].max()) == (14, 900, 129.0)
    short = _dots(long.head(40), ["甲", "乙"])
    assert (len(short), set(short["area"]), short["row"].between(-0.3, 1.3).all()) == (40, {16.0}, True)
