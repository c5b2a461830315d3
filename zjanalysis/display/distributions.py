"""Distributions and relations over tidy tables: limits, compression by department (drawn by seaborn), visits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb

from zjanalysis.analysis.indicators import in_scope
from zjanalysis.columns import Column
from zjanalysis.display import theme, wording
from zjanalysis.display.blocks import Block, exhibit, leading, names_of, say
from zjanalysis.display.canvas import along, beside, dots, key, plane, put, row_chart, scale, spans, write
from zjanalysis.display.picture import MM, describe
from zjanalysis.display.tables import about, page_table, table
from zjanalysis.inputs.regions import UNNAMED, office, region_name
from zjanalysis.studies import Study

SIDES = {"statutory_days": "法定时限", "promised_days": "承诺时限"}
TONES = {"法定时限": theme.PEER, "承诺时限": theme.FOCUS}


def _permits(me: Study, *, own: bool) -> pd.DataFrame:
    """Return the permits with a usable pair of limits, and how far each is compressed."""
    rows = in_scope(me.own if own else me.items, me.scope, one=about("time_compression"))
    usable = rows[rows["limit_reason"].isna() & (rows["statutory_days"] > 0)]
    return usable.assign(compression=1 - usable["promised_days"] / usable["statutory_days"])


def _holding(days: pd.Series, share: float) -> float:
    """Return the smallest of the days within which at least the share of the items lies; never a number between two."""
    return float(np.quantile(days, share, method="inverted_cdf"))


def limits(me: Study) -> Block:
    """Return the limits of every region of the group, statutory beside promised, as boxes over the items."""
    rows = _permits(me, own=False)
    if rows.empty:
        return say(f"没有两项时限齐全的{me.scope.kind}事项，{wording.NO_DATA}。")
    long = rows.melt(["region_code"], list(SIDES), var_name="side", value_name="days")
    long = long.assign(side=long["side"].map(SIDES), region=names_of(long["region_code"]))
    groups = long.groupby(["region", "side"], sort=False)["days"]
    ends = {name: groups.agg(_holding, share=share) for name, share in (("low", 0.1), ("most", 0.9))}
    spread = pd.DataFrame({"n": groups.size(), "mean": groups.mean(), **ends}).reset_index()
    promised = spread[spread["side"] == "承诺时限"].sort_values(["mean", "region"], kind="stable")
    order, here = promised["region"].tolist(), names_of(me.group)[me.group.index(me.region)]
    items = me.scope.noun
    own = promised[promised["region"] == here]
    mean, most = (wording.number(own[key].iloc[0]) if len(own) else "" for key in ("mean", "most"))
    said = f"{me.name}{items}平均承诺{mean}个工作日，九成在{most}个工作日以内。" if len(own) else ""
    lead = wording.ends(order, wording.amounts(promised["mean"], "days"), "最短", "最长")
    alt = f"点线图：{len(order)}个地区{me.scope.kind}事项的法定时限与承诺时限，按平均承诺从短到长：{lead}。"
    printed = page_table("limits", spread, kind=me.scope.kind)
    return exhibit(describe(_limit_dots(spread, order, here), alt), title=f"{items}平均承诺时限：{lead}", table=printed,
                   sentence=said, source=me)  # fmt: skip


def _limit_dots(spread: pd.DataFrame, order: list[str], here: str) -> Axes:
    """Draw per region and side the mean as a dot, the middle eight tenths of the items as a line."""
    shift = {"法定时限": -0.16, "承诺时限": 0.16}
    rows = spread.assign(row=spread["region"].map(order.index) + spread["side"].map(shift))
    sides = {side: rows[rows["side"] == side].set_index("region") for side in TONES}
    right = {side[:2]: map(wording.number, part["mean"][order]) for side, part in sides.items()}
    axes = row_chart(order, head="地区", right=right, strong=[name == here for name in order])
    label = "工作日（点为平均，线为中间八成事项）"
    scale(axes, [0.0, *rows["most"], *rows["mean"]], unit="days", zero=True, label=label)
    for side, part in sides.items():
        spans(axes, part["low"], part["most"], at=part["row"], colours=TONES[side], linewidths=3, alpha=0.55)
    dots(axes, rows["mean"], rows["row"], size=30, colours=rows["side"].map(TONES).tolist(), zorder=5)
    key(axes, [("●", side, tone) for side, tone in TONES.items()])
    return axes


def compression(me: Study, *, limit: int = 12) -> Block:
    """Return how far each permit is compressed, by department of the region: a dot an item, those that lag first."""
    rows = _permits(me, own=True).dropna(subset=["department"])
    if rows.empty:
        return say(f"{me.name}没有写明部门、两项时限齐全的{me.scope.kind}事项，{wording.NO_DATA}。")
    groups = rows.groupby("department", sort=False)["compression"]
    quartiles = {name: groups.quantile(share) for name, share in (("low", 0.25), ("middle", 0.5), ("high", 0.75))}
    quarters = pd.DataFrame({**quartiles, "n": groups.size()}).reset_index()
    quarters = quarters.sort_values(["middle", "department"], kind="stable", ignore_index=True)
    drawn = leading(quarters, limit)
    order = drawn["department"].tolist()
    points = _dots(rows[rows["department"].isin(order)], order)
    right = {"中位数": wording.amounts(drawn["middle"], "share"), "事项": [f"{n}项" for n in drawn["n"]]}
    axes = row_chart([office(name, me.name) for name in order], head="部门", right=right)
    grow = points["area"].nunique() > 1
    label = "单个事项的压缩幅度，越向右越好" + "；点越大事项越多" * grow
    scale(axes, [*points["compression"], 1.0], unit="share", zero=False, label=label)
    sns.scatterplot(points, x="compression", y="row", color=theme.FOCUS, s=points["area"] if grow else 16, alpha=0.55,
                    linewidth=0, legend=False, clip_on=False, ax=axes)  # fmt: skip
    lead = wording.ends(quarters["department"], wording.amounts(quarters["middle"], "share"), "最低")
    alt = f"散点图：{me.name}{len(order)}个部门每个{me.scope.kind}事项的压缩幅度，按中位数从低到高：{lead}。"
    said = f"{len(quarters)}个部门的事项压缩幅度中位数：{lead}。"
    return exhibit(describe(axes, alt), title=f"事项压缩幅度中位数：{lead}", sentence=said, source=me,
                   table=page_table("compression", quarters))  # fmt: skip


MOST_DOTS = 600  # more of them cannot be told apart, and weigh as much as the rest of a page


def _dots(points: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """Return the dots of `compression`: equal items of a department side by side, of a long list as one larger dot."""
    keys = ["department", "compression"]
    if len(points) > MOST_DOTS:
        few = points.assign(compression=points["compression"].round(2)).groupby(keys, as_index=False).size()
        area = (16 * np.sqrt(few["size"])).clip(upper=160).round()
        return few.assign(area=area, row=few["department"].map(order.index))
    same = points.groupby(keys)["compression"]
    beside = ((same.cumcount() + 0.5) / same.transform("size") - 0.5) * 0.6
    return points.assign(area=16.0, row=points["department"].map(order.index) + beside)


def visits(me: Study, *, limit: int = 10) -> Block:
    """Return the mean visits of each kind of office in every region of the group as a map of shades.

    The kinds that ask for most visits in all in the region come first, then those that do in the group: a mean of one
    or two items names nobody.
    """
    inside = in_scope(me.items, me.scope, one=about("visits"))
    blank = int(inside.loc[inside["region_code"] == me.region, "visits"].isna().sum())
    rows = inside.dropna(subset=["visits"])
    if rows.empty:
        return say(f"没有到现场次数，{wording.NO_DATA}。")
    kind, here = rows["department"].fillna(UNNAMED).map(office_kind), region_name(me.region)
    rows = rows.assign(office=kind, region=names_of(rows["region_code"]))
    every = rows.pivot_table(index="office", columns="region", values="visits", aggfunc="sum", sort=False)
    own = every[here] if here in every else pd.Series(np.nan, index=every.index)
    totals = pd.DataFrame({"total": own, "group": every.sum(axis=1)})
    totals = totals.sort_values(["total", "group"], ascending=False, kind="stable").reset_index()
    most = leading(totals, limit)["office"].tolist()
    wide = rows[rows["office"].isin(most)].pivot_table("visits", "office", "region", sort=False)
    wide = wide.reindex(index=most, columns=sorted(wide.columns, key=lambda name: name != here))
    columns = [Column("office", "部门"), *(Column(name, name, "visits") for name in wide.columns)]
    columns.append(Column("total", "合计", "number"))
    matrix = table(totals.merge(wide, on="office"), caption="各部门平均到现场次数", columns=columns, sheet="跑动热力图",
                  note=f"合计为{me.name}的到现场次数（次）。")  # fmt: skip
    said = _most_visits(own.dropna()) + f"（{blank}项{wording.NO_DATA}）" * bool(blank and own.notna().any())
    alt = f"热力图：{me.name}跑动合计最多的{len(wide)}类部门在{wide.shape[1]}个地区的平均到现场次数，{said}。"
    return exhibit(describe(_shades(wide), alt), title=f"跑动次数：{me.name}{said}", table=matrix, source=me,
                   sentence=f"{me.name}{said}；颜色越深平均跑得越多。")  # fmt: skip


def _most_visits(totals: pd.Series) -> str:
    if totals.empty:
        return wording.NO_DATA
    if not totals.sum():
        return "各部门都不用跑现场"
    most = totals.index[totals == totals.max()]
    each = f"{'各' if len(most) > 1 else ''}{wording.plain(totals.max())}次"
    return f"合计跑{wording.plain(totals.sum())}次，最多的是{wording.listed(most, limit=3)}（{each}）"


def _shades(wide: pd.DataFrame) -> Axes:
    """Draw the mean visits of offices (rows) in regions (columns) as shades, the number in each."""
    sides, (n_rows, n_columns) = {"left": 26, "right": 2}, wide.shape
    room = (theme.WIDTH / MM - sum(sides.values())) / n_columns / (theme.SMALL * theme.POINT)
    regions = [theme.wrap(theme.printable(name), min(4, room)) for name in wide.columns]
    offices = [theme.shorten(theme.printable(name), 8) for name in wide.index]
    cells = [(*place, value) for place, value in np.ndenumerate(wide.to_numpy("float64")) if not np.isnan(value)]
    most = max(value for *_, value in cells) or 1.0
    axes = plane(height=22 + 6.0 * n_rows, **sides)
    axes.set_axis_off()
    axes.set(xlim=(0, n_columns), ylim=(n_rows, 0))
    corners = [[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)] for y, x, _ in cells]
    ends = [*zip(to_rgb(PALE), to_rgb(theme.BEHIND), strict=True)]  # of the shades: no visits, the most visits
    tones = [tuple(pale + (full - pale) * (value / most) for pale, full in ends) for *_, value in cells]
    put(axes, PolyCollection(corners, facecolors=tones, edgecolors="white", linewidths=0.6))
    middle = {"fontsize": theme.SMALL, "ha": "center", "va": "center"}
    for y, x, value in cells:
        ink = theme.INK if value / most < DARK else "white"
        write(axes, x + 0.5, y + 0.5, f"{value:.2f}", color=ink, **middle)
    along(axes, [place + 0.5 for place in range(n_columns)], regions)
    beside(axes, [place + 0.5 for place in range(n_rows)], offices, fontsize=theme.TEXT, color=theme.INK)
    return axes


PALE, DARK = "#F3F0EF", 0.58  # from here on white is read better than black


OFFICES = ("公安", "生态环境", "住房和城乡建设", "自然资源", "水务", "农业农村", "市场监督", "交通运输", "卫生健康",
           "教育", "人力资源", "民政", "林业", "应急", "文化广电", "城市管理", "气象", "烟草", "税务", "消防", "档案",
           "财政", "发展和改革", "海事", "渔业", "行政审批", "司法", "统计", "商务", "工业和信息化", "科技",
           "宗教", "残疾人", "医疗保障", "退役军人")  # fmt: skip
"""The kinds of office, as their names contain them, so that the same office of ten counties is one row."""


def office_kind(name: str) -> str:
    """Return the kind of office a department's name speaks of, else the name itself.

    >>> office_kind("遂溪县公安局"), office_kind("湛江市生态环境局遂溪分局")
    ('公安', '生态环境')
    """
    return next((kind for kind in OFFICES if kind in name), name)
