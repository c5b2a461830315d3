"""The pieces a report is put together from: each shows well in JupyterLab, on the page and on paper.

A block carries complete, escaped HTML and the same content as JSON, from which publish makes workbook, document, index.
"""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.analysis.registry import Scope, for_region
from zjanalysis.display import dates, picture, templates, theme, wording
from zjanalysis.display.tables import HTML, MIME, Table, about, page_table, word
from zjanalysis.display.tables import table as table_of
from zjanalysis.errors import ConfigError, answering
from zjanalysis.inputs.regions import city_of, counted_peers, is_county, is_whole, level_name, region_name, report_units
from zjanalysis.inputs.workplan import unplanned
from zjanalysis.studies import Study
from zjanalysis.units import UNITS


@answering("block")
@dataclass(frozen=True, repr=False)
class Block:
    """One piece of a report: its HTML, its content as JSON, a line of plain text.

    ``rows`` is the table behind it, ``sentence`` what it says, ``figure`` its Axes: what is changed there
    (``block.figure.set_title("…")``) is what is shown. The words for who cannot see it stay those of the data.
    """

    html: str
    payload: dict[str, Any] = field(hash=False)
    sentence: str
    rows: pd.DataFrame | None = field(default=None, hash=False, compare=False)
    figure: Axes | None = field(default=None, hash=False, compare=False)

    def __repr__(self) -> str:
        """Return what it says; the rows behind it are ``.rows``, the Axes ``.figure``."""
        return self.sentence

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        block = redrawn(self)
        return {HTML: block.html, "text/plain": self.sentence, MIME: block.payload}


def show(*blocks: Block | Table | pd.DataFrame | pd.Series | Iterable[Any]) -> None:
    """Show several blocks of one notebook cell, in order: views, tables of pandas, lists of these.

    Raises ConfigError for what no page can show.
    """
    from IPython.display import display  # noqa: PLC0415 - only a notebook calls this

    for block in list(_blocks(blocks)):
        display(block)


def _blocks(views: Any) -> Iterator[Block | Table]:
    """Return what is to be shown one by one, as a page can show it."""
    if isinstance(views, (tuple, list)):
        for one in views:
            yield from _blocks(one)
    elif isinstance(views, (pd.DataFrame, pd.Series)):
        yield table_of(views)
    elif isinstance(views, (Block, Table)):
        yield views
    else:
        hint = "图写 zj.exhibit(axes, title=…, table=…)，文字写 zj.say(…)，方案写 me.plan(…).steps，其他单独占一格。"
        raise ConfigError(f"页面上只有视图和表，得到的是 {type(views).__name__}。", hint)


def cover(me: Study, *, title: str = "政务服务效能监测通报", alone: bool = False, report_date: str = "") -> Block:
    """Return the head of a report: the page's only h1, and the sample band where the data are made up.

    ``alone``: the report is of the region without those in it, a city is called 市本级. ``report_date`` is an ISO date
    or empty, never the clock; raises ConfigError for another.
    """
    report_date = report_date and dates.iso_day(report_date)
    sample = me.period.dataset.kind == "sample"
    name = region_name(me.region)
    heading = f"{me.name if alone else name}{title}（{dates.issue_text(me.period.name)}）"
    html = templates.html("cover", heading=heading, band=wording.SAMPLE if sample else "")
    facts = {"region_code": me.region, "region": name, "period": me.period.name, "title": heading}
    more = {"sample": sample, "report_date": report_date, "cutoff": me.period.cutoff, "source": source_of(me)}
    return Block(html, {"kind": "cover", **facts, **more}, heading)


def source_of(me: Study) -> str:
    """Return the line under every figure: where it is from, up to when, and that it is made up when it is."""
    until = f"截至{dates.date_text(me.period.cutoff)}" if me.period.cutoff else "截止日期未注明"
    mark = f"【{wording.SAMPLE}】" if me.period.dataset.kind == "sample" else ""
    return f"{mark}来源：{me.period.dataset.title}，{dates.issue_text(me.period.name)}，{until}"


def say(*sentences: str) -> Block:
    """Return one paragraph of sentences made by `wording`; empty ones are dropped."""
    text = "".join(str(sentence) for sentence in sentences if sentence)
    return Block(templates.html("say", text=text), {"kind": "say", "text": text}, text)


def listing(printed: Table, sentence: str = "", *, limit: int = 0) -> Block:
    """Return a table as a block, with the sentence over it; at most ``limit`` rows are shown (0: all)."""
    html = templates.html("listing", sentence=sentence, printed=replace(printed, limit=checked(limit)))
    payload = {"kind": "table", "sentence": sentence, "limit": limit, "table": printed.payload()}
    return Block(html, payload, sentence or printed.caption, printed.frame)


def checked(limit: int) -> int:
    """Return a limit as every view means it: so many rows, 0 for all; ConfigError for a number below 0."""
    if limit < 0:
        raise ConfigError(f"limit={limit} 不能是负数。", "写几就列几行，0 为全部。")
    return limit


def leading(rows: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Return the first rows by a limit (`checked`)."""
    return rows.head(limit) if checked(limit) else rows


def exhibit(
    axes: Axes | tuple[Axes, Axes], *, title: str, table: Table | pd.DataFrame | pd.Series, source: str | Study = "",
    sentence: str = "", alt: str = "",
) -> Block:  # fmt: skip
    """Return a figure, ours or an analyst's own, with the table it draws and the table's place in the workbook.

    ``title`` says what is to be seen and stands, with ``source`` (or that of a study), inside the picture; ``alt`` are
    the words for who cannot see it, made from the table where none are given. Of two Axes a phone shows the second.
    A table without a row is no figure but a sentence that says so.
    """
    printed = table if isinstance(table, Table) else table_of(table, caption=title)
    wide, *narrow = axes if isinstance(axes, tuple) else (axes,)
    figure = picture.figure_of(wide)
    if pyplot := sys.modules.get("matplotlib.pyplot"):  # else JupyterLab shows an analyst's figure a second time
        pyplot.close(figure)
    if not printed.rows:
        return say(f"{title}：{wording.NO_DATA}。")
    in_chinese(wide)
    words = alt or picture.alt_of(wide) or f"图：{title}。{first_rows(printed)}"
    picture.frame(wide, title=title, source=source_of(source) if isinstance(source, Study) else source)
    drawings = [picture.draw_svg(wide, alt=words, look="zj-desk" if narrow else "")]
    drawings += [picture.draw_svg(each, alt=f"{words}（窄屏）", look="zj-phone") for each in narrow]
    said = {"title": theme.printable(title), "sentence": sentence}
    html = templates.html("exhibit", **said, drawings=drawings, printed=printed)
    payload = {"kind": "exhibit", "title": title, "sentence": sentence, "alt": words, "table": printed.payload()}
    return Block(html, payload, sentence or words, printed.frame, wide)


def in_chinese(axes: Axes) -> None:
    """Have an analyst's figure say the columns' names where seaborn wrote their keys."""
    axes.set_xlabel(word(axes.get_xlabel()))
    axes.set_ylabel(word(axes.get_ylabel()))
    if legend := axes.get_legend():
        legend.set_title(word(legend.get_title().get_text()))


def first_rows(printed: Table) -> str:
    """Say how many rows a table has and what the first ones read."""
    first = "；".join("，".join(row) for row in printed.texts()[:3])
    return f"数据表共{len(printed.rows)}行，前几行为：{first}。"


def carry(block: Block) -> Block:
    """Return an exhibit that takes its picture along, for the document and the card made from the page.

    Without its title, which the document writes under it. What is no figure stays as it is.
    """
    if block.figure is None:
        return block
    titles = picture.titles(block.figure)
    for title in titles:
        title.set_visible(False)
    drawn = base64.b64encode(picture.draw_png(block.figure)).decode("ascii")
    for title in titles:
        title.set_visible(True)
    picture.figure_of(block.figure).stale = False
    return replace(block, payload={**block.payload, "png": drawn})


def redrawn(block: Block) -> Block:
    """Return an exhibit as its figure is now: the same where nobody has changed it, else with one picture for all."""
    if block.figure is None or not picture.figure_of(block.figure).stale:
        return block
    said, html, alt = dict(block.payload), block.html, block.payload["alt"]
    if title := theme.printable(block.figure.get_title()):
        picture.retitle(block.figure, title)
        html = re.sub('data-title="[^"]*"', lambda _: f'data-title="{picture.NUMBERED}{escape(title)}"', html, count=1)
        said["title"] = title
    drawing = picture.draw_svg(block.figure, alt=alt)
    again = replace(block, html=picture.DRAWN.sub(lambda _: drawing, html), payload=said)
    again = carry(again) if "png" in said else again
    picture.figure_of(block.figure).stale = True  # for the next time it is shown
    return again


def definitions(me: Study) -> Block:
    """Return how each indicator is defined, with N/M of the region's own rows, and how places and words are read."""
    scores = me.scores[me.scores["region_code"] == me.region]
    indicators = [about(key) for key in scores["indicator"]]
    ratios = zip(scores["numerator"], scores["denominator"], strict=True)
    rows = scores.assign(
        ratio=[wording.ratio_text(numerator, denominator) for numerator, denominator in ratios],
        definition=[one.definition if me.scope.kind else one.definition.replace("行政许可", "") for one in indicators],
        basis=[for_region(one, me.region).basis for one in indicators],
    )
    printed = page_table("definitions", rows)
    notes = reading_rules(me)
    html = templates.html("definitions", printed=printed, notes=notes)
    payload = {"kind": "definitions", "table": printed.payload(), "notes": [list(note) for note in notes]}
    return Block(html, payload, "指标口径", rows)


def printed_steps(rows: pd.DataFrame, other: str) -> list[float]:
    """Return value − ``other`` of every row as it follows from what is printed of both (`wording.step`)."""
    ends = zip(rows["indicator"], rows["value"], rows[other], strict=True)
    return [wording.step(value, beside, about(key).unit) for key, value, beside in ends]


def change_words(rows: pd.DataFrame) -> list[str]:
    """Return what the change of every row means, by what is printed of both values and by what it comes from."""
    steps = zip(rows["indicator"], printed_steps(rows, "previous"), rows["listed"], strict=True)
    known = ((about(key), step, listed) for key, step, listed in steps)
    return [wording.change_word(step, one.unit, one.sign, listed=listed) for one, step, listed in known]


def since(me: Study) -> str:
    """Return what a change is counted from in a sentence: 较上期, or the last period by name where one is missing."""
    return dates.since(me.before.name, me.period.name)


def n_places(counts: Iterable[int]) -> str:
    """Say how many regions enter figures that stand together: 10地, or 8–10地 where not all have the same.

    >>> n_places([10, 10]), n_places([8, 10])
    ('10地', '8–10地')
    """
    low, *_, high = sorted([*counts] * 2)
    return f"{low}地" if low == high else f"{low}–{high}地"


def with_data(me: Study, *keys: str) -> list[str]:
    """Return the peers that have a value on one of the indicators."""
    rows = me.scores[me.scores["indicator"].isin(keys) & me.scores["value"].notna()]
    return [code for code in me.peers if code in set(rows["region_code"])]


def peers_text(me: Study, *keys: str) -> str:
    """Count the peers that have a value on one of the indicators; one alone is named."""
    there, county = with_data(me, *keys), is_county(me.region)
    return level_name(there[0]) if len(there) == 1 else counted_peers(me.whom, len(there), county=county)


def reading_rules(me: Study) -> list[tuple[str, str]]:
    """Return how places, 达标, 判断 and missing values of a report are to be read, with the thresholds in force."""
    rules, no_plan = me.settings.comparison, unplanned(me.region)
    met = (
        "公布值与方案的数值相比；方案写“高于（低于）兄弟地区”的，"
        f"{'只与方案所说的兄弟地区比，换了比较地区即不判定' if me.chosen else '与全组（含本地区）中位数相比'}；"
        "要求提高的，比台账的基期（没有台账时为上期）"
        f"提高至少{wording.plain(UNITS['share'].relevant * UNITS['share'].scale)}个百分点，已是100%的保持即可。"
    )
    return [
        ("位次", "按公布的小数位比较，数值相同则并列，其后位次顺延（1、2、2、4）；"
                 "括号内为位次区间：少列或多列几个事项时可能落到的位次。"),
        ("达标", f"{no_plan}，不列目标，不判定达标。" if no_plan else met),
        ("判断", "只比两地都有的事项（双因素模型，时限压缩率统一法定时限），"
         "与居中的地区相比：差距超出波动范围且不小于"
         f"{wording.difference(rules.margin_time, 'share')}（跑动{wording.plain(rules.margin_visits)}次）为优于或落后，"
         "在波动之内为相当；有差别的事项太少、同事项不足一半或有数据的兄弟地区不足"
         f"{rules.min_peers}个时不作判断。"),
        ("剔除", "在统计范围内但缺少所需数值的事项，不计入分子分母，逐项列出原因；无数据不等于0。"),
        ("进位", "四舍五入；与目标或中位数在两位小数上相同而实际不同的，多列一位。"
                 "差按印出的两个数相减，个百分点是两个百分数之差；差的各部分分别进位，相加可差末位。"),
    ]  # fmt: skip


def file_facts(me: Study, *, report_date: str = "") -> Block:
    """Return what the report is made from: files, rows, cut-off, how limits become working days."""
    files, units = me.period.files, me.settings.units
    read, used = int(files["rows_read"].sum()), int(files["rows_used"].sum())
    days = [wording.plain(size) for size in (units.year, units.quarter, units.month, units.hours_per_day)]
    lines = [
        ("数据", f"{me.period.dataset.title}，{dates.issue_text(me.period.name)}；本地区{len(me.own)}项"),
        ("数据截止", dates.date_text(me.period.cutoff) if me.period.cutoff else "未注明"),
        ("全部文件", f"{len(files)}个，读取{read}行，采用{used}行，未采用{int(files['rows_left_out'].sum())}行"),
        ("统计范围", f"在用事项的最新版本{types_text(me.scope)}；每个指标的口径、分子、分母和剔除数见“指标口径”"),
        ("地区", f"{city_note(me.region, _parts(me))}；比较对象为{me.others if me.peers else '无'}"),
        ("时限单位", f"折算为工作日：1年＝{days[0]}，1季＝{days[1]}，1月＝{days[2]}，1日＝{days[3]}小时，"
                 f"1自然日＝{units.calendar_day:.4f}"),
        ("编制日期", dates.date_text(report_date and dates.iso_day(report_date))),
    ]  # fmt: skip
    facts = [(term, text) for term, text in lines if text]
    html = templates.html("terms", pairs=facts, look="zj-terms")
    payload = {"kind": "facts", "terms": [list(pair) for pair in facts]}
    return Block(html, payload, "；".join(f"{a}：{b}" for a, b in facts))


def types_text(scope: Scope) -> str:
    """Say which types of items count where the data set says so; empty where each indicator takes its own.

    >>> types_text(Scope()), types_text(Scope(())), types_text(Scope(("行政许可", "公共服务")))
    ('', '，不限事项类型', '，事项类型为行政许可、公共服务')
    """
    if scope.item_types is None:
        return ""
    return f"，事项类型为{'、'.join(scope.item_types)}" if scope.item_types else "，不限事项类型"


def city_note(region: str, parts: Collection[str] = ()) -> str:
    """Say what a region's name stands for: a city is its own departments, not the sum of its counties.

    >>> city_note("440800"), city_note("440823")
    ('湛江市指市本级，不含所辖县（市、区）', '遂溪县')
    >>> city_note("440800+")
    '湛江全市为市本级与所辖10个县（市、区）、功能区的合计'

    ``parts``: whose items are in the sum; a zone without any is named.
    """
    name = region_name(region)
    if is_whole(region):
        units = report_units(city_of(region))
        without = [region_name(unit) for unit in units if parts and unit not in parts]
        noted = f"（{'、'.join(without)}没有事项，未计入）" if without else ""
        return f"{name}为市本级与所辖{len(units) - len(without)}个县（市、区）、功能区的合计{noted}"
    return name if is_county(region) or city_of(region) != region else f"{name}指市本级，不含所辖县（市、区）"


def _parts(me: Study) -> Collection[str]:
    return set(me.own["part_code"]) if "part_code" in me.own else ()


def finish(me: Study) -> Block:
    """Return the mark that the notebook ran to its end; a page without it is not released."""
    text = f"通报完。{source_of(me)}。"
    return Block(templates.html("finish", text=text), {"kind": "end", "complete": True}, text)


def names_of(codes: Iterable[str]) -> list[str]:
    """Return the names of region codes; beside a county a city is 市本级.

    >>> names_of(["440800", "440900"]), names_of(["440800", "440823"])
    (['湛江市', '茂名市'], ['湛江市（市本级）', '遂溪县'])
    """
    every = list(codes)
    name = level_name if any(map(is_county, set(every))) else region_name
    return [name(code) for code in every]


def short_name(name: str) -> str:
    """Return a region's name without 县, 区 or 市 where two characters are left.

    >>> short_name("遂溪县"), short_name("湛江经济技术开发区")
    ('遂溪', '湛江经开区')
    """
    bare = name.replace("经济技术开发区", "经开区")
    return bare[:-1] if bare[-1] in "县区市" and len(bare) == 3 else bare
