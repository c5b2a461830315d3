"""The pieces a report is put together from: each shows well in JupyterLab, on the page and on paper.

A block carries complete, escaped HTML and the same content as JSON, from which publish makes workbook and index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes

from zjanalysis.analysis.registry import bound
from zjanalysis.display import dates, sentences, theme, wording
from zjanalysis.display.known import about
from zjanalysis.display.picture import take_picture
from zjanalysis.display.tables import HTML, MIME, Table, markup, table
from zjanalysis.errors import NoData, unknown_name
from zjanalysis.inputs.columns import Column
from zjanalysis.inputs.regions import region_name
from zjanalysis.inputs.workplan import has_plan
from zjanalysis.settings import Settings, load_settings

if TYPE_CHECKING:
    from zjanalysis.inputs.period import Period

SCREEN = 96 / theme.DPI
STYLE = (
    "<style>@layer zj{.zj-cover h1{text-align:center}"
    ".zj-band{background:#fff3d6;border:1px solid #b7791f;padding:4px 12px}"
    ".zj-box>div{display:flex;gap:1em}.zj-box dt{min-width:6em;font-weight:600}.zj-box dd{margin:0}"
    ".zj-cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(13em,1fr));gap:12px;padding:0;list-style:none}"
    ".zj-card{border:1px solid #d5dbe1;border-top:4px solid #8794a1;padding:8px 12px}"
    ".zj-card-value{font-size:1.7em;font-weight:600}.zj-card dl>div{display:flex;justify-content:space-between}"
    ".zj-card dd{margin:0}}</style>"
)


@dataclass(frozen=True)
class Block:
    """One piece of a report: its HTML, its content as JSON, and a line of plain text."""

    html: str
    payload: dict[str, Any] = field(hash=False)
    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {HTML: self.html, "text/plain": self.text, MIME: self.payload}


def show(*blocks: Block | Table) -> None:
    """Show several blocks of one notebook cell, in order."""
    from IPython.display import display  # noqa: PLC0415 - only a notebook calls this

    for block in blocks:
        display(block)


def cover(
    period: Period,
    *,
    region: str,
    title: str = "政务服务效能监测通报",
    report_date: str = "",
    settings: Settings | None = None,
) -> Block:
    """Give the head of a report: the page's only h1, the sample band where the data are made, the box of definitions.

    ``region`` is a code; ``report_date`` an ISO date or empty, never the clock.
    """
    name, sample = region_name(region), period.dataset.kind == "sample"
    if not period.items["region_code"].eq(region).any():
        hint = "请用 zj list 查看有哪些地区，或换一个数据集、期次。"
        raise NoData(f"{period.dataset.folder.name} 的 {period.name} 期没有{name}的事项。", hint)
    heading = f"{name}{title}（{dates.issue_text(period.name)}）"
    terms = _box(period, region=region, report_date=report_date, settings=settings or load_settings())
    box = "".join(f"<div><dt>{markup(term)}</dt><dd>{markup(text)}</dd></div>" for term, text in terms)
    band = '<p class="zj-band"><strong>示例数据（模拟）</strong>：数字由程序生成，不反映任何地区的实际情况。</p>'
    html = (
        f'<header class="zj-cover">{STYLE}{band if sample else ""}<h1>{markup(heading)}</h1>'
        f'<dl class="zj-box">{box}</dl></header>'
    )
    facts = {"region_code": region, "region": name, "period": period.name, "title": heading}
    more = {"sample": sample, "report_date": report_date, "terms": [list(pair) for pair in terms]}
    return Block(html, {"kind": "cover", **facts, **more}, heading)


def _box(period: Period, *, region: str, report_date: str, settings: Settings) -> list[tuple[str, str]]:
    """Give the lines of the box: what the data are, up to when, how much counts, how days are converted."""
    files, units = period.files, settings.units
    own = int((period.items["region_code"] == region).sum())
    read, used = int(files["rows_read"].sum()), int(files["rows_used"].sum())
    days = [wording.plain(size) for size in (units.year, units.quarter, units.month, units.hours_per_day)]
    lines = [
        ("数据", f"{period.dataset.title}，{dates.issue_text(period.name)}；本地区{own}项"),
        ("数据截止", dates.date_text(period.cutoff) if period.cutoff else "未注明"),
        ("全部文件", f"{len(files)}个，读取{read}行，采用{used}行，未采用{int(files['rows_left_out'].sum())}行"),
        ("统计范围", "在用事项的最新版本；每个指标的口径、分子、分母和剔除数见文末“指标口径”"),
        ("时限单位", f"折算为工作日：1年＝{days[0]}，1季＝{days[1]}，1月＝{days[2]}，1日＝{days[3]}小时，"
                 f"1自然日＝{units.calendar_day:.4f}"),
        ("编制日期", dates.date_text(report_date)),
    ]  # fmt: skip
    return [(term, text) for term, text in lines if text]


def cards(gaps: pd.DataFrame, *, changes: pd.DataFrame | None = None, indicators: Sequence[str] = ()) -> Block:
    """Give one card per indicator: value, target and whether it is met, rank, change, place against the peers.

    ``gaps`` comes from compare (one region); ``changes`` from change (any regions); ``indicators`` chooses and orders.
    """
    wanted = [about(key).key for key in indicators] or gaps["indicator"].tolist()
    absent = set(wanted) - set(gaps["indicator"])
    if absent:
        raise unknown_name("指标", sorted(absent)[0], gaps["indicator"].tolist())
    rows = gaps.set_index("indicator").loc[wanted].reset_index()
    moved = rows.assign(change=float("nan")) if changes is None else _with_change(rows, changes)
    facts = [_card(row) for row in moved.to_dict("records")]
    html = f'{STYLE}<ul class="zj-cards">{"".join(map(_card_html, facts))}</ul>'
    text = "；".join(f"{card['label']}{card['text']}" for card in facts)
    return Block(html, {"kind": "cards", "cards": facts}, text)


def _with_change(rows: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    return rows.merge(changes[["region_code", "indicator", "change"]], on=["region_code", "indicator"], how="left")


def _card(row: dict[Any, Any]) -> dict[str, Any]:
    """Give one card as JSON: numbers as they are, and as they read."""
    one = about(str(row["indicator"]))
    mark, trend = wording.change_mark(row["change"], one.unit, one.better)
    numbers = {name: None if wording.missing(row[name]) else float(row[name]) for name in ("value", "change", "target")}
    ranks = {"rank": None if wording.missing(row["rank"]) else int(row["rank"]), "n_ranked": int(row["n_ranked"])}
    words = {"meets_target": str(row["meets_target"]), "verdict": wording.verdict_word(row["verdict"])}
    return {
        "indicator": one.key,
        "label": one.short or one.label,
        "text": wording.amount(row["value"], one.unit),
        "unit": one.unit,
        "target_text": sentences.target_text(one, row["target"], str(row["region_code"])),
        "rank_text": wording.rank_text(row["rank"], row["n_ranked"], tied=bool(row["tied"])),
        "ratio_text": wording.ratio_text(row["numerator"], row["denominator"]),
        "change_text": mark,
        "trend": trend,
        "peers": wording.peers_word(str(row["region_code"])),
        **numbers,
        **ranks,
        **words,
    }


STATES = {
    "达标": "zj-good",
    "优于": "zj-good",
    "改善": "zj-good",
    "未达标": "zj-bad",
    "落后": "zj-bad",
    "退步": "zj-bad",
}


def _card_html(card: dict[str, Any]) -> str:
    state = STATES.get(card["meets_target"], STATES.get(card["verdict"], "zj-flat"))
    trend = card["trend"] if card["trend"] in STATES else ""
    lines = [("目标", card["target_text"], ""), ("是否达标", card["meets_target"], card["meets_target"]),
             ("位次", card["rank_text"], ""), (f"与{card['peers']}比", card["verdict"], card["verdict"]),
             (f"环比{trend}", card["change_text"], card["trend"])]  # fmt: skip
    body = "".join(
        f"<div><dt>{markup(term)}</dt><dd{_state(word)}>{markup(text)}</dd></div>" for term, text, word in lines
    )
    return (
        f'<li class="zj-card {state}"><p class="zj-card-label">{markup(card["label"])}</p>'
        f'<p class="zj-card-value">{markup(card["text"])}</p><dl class="zj-card-facts">{body}</dl></li>'
    )


def _state(word: str) -> str:
    return f' class="{STATES[word]}"' if word in STATES else ""


def say(*sentences: str) -> Block:
    """Give one paragraph of sentences made by `wording`; empty ones are dropped."""
    text = "".join(sentence for sentence in sentences if sentence)
    return Block(f'<p class="zj-say">{markup(text)}</p>', {"kind": "say", "text": text}, text)


def exhibit(axes: Axes, *, table: Table, sentence: str, alt: str = "") -> Block:
    """Give a figure with the sentence over it, the table it draws and the table's place in the workbook."""
    picture = take_picture(axes, alt=alt)
    size = f'width="{round(picture.width * SCREEN)}" height="{round(picture.height * SCREEN)}"'
    html = (
        f'<figure class="zj-exhibit"><figcaption><p class="zj-say">{markup(sentence)}</p></figcaption>'
        f'<img src="{picture.data_uri()}" alt="{markup(picture.alt)}" {size}>'
        f'<details class="zj-data"><summary>数据表：{markup(table.caption)}</summary>{table.html()}</details>'
        f'<p class="zj-source">数据见工作簿“{markup(table.sheet)}”页</p></figure>'
    )
    payload = {"kind": "exhibit", "sentence": sentence, "alt": picture.alt, "table": table.payload()}
    return Block(html, payload, f"{sentence}（{picture.alt}）")


DEFINITION_COLUMNS = (
    Column("indicator", "指标"),
    Column("value", "现值", "number"),
    Column("ratio", "分子/分母（N/M）"),
    Column("n", "纳入", "count", unit="项"),
    Column("n_left_out", "剔除", "count", unit="项"),
    Column("definition", "口径"),
    Column("basis", "依据"),
)


def definitions(scores: pd.DataFrame, *, settings: Settings | None = None) -> Block:
    """Give how each indicator is defined, with N/M of the region's own rows, and how ranks and verdicts are read."""
    known = [about(key) for key in scores["indicator"]]
    ratios = zip(scores["numerator"], scores["denominator"], strict=True)
    rows = scores.assign(
        ratio=[wording.ratio_text(numerator, denominator) for numerator, denominator in ratios],
        definition=[one.definition for one in known],
        basis=[bound(one, region).basis for one, region in zip(known, scores["region_code"], strict=True)],
    )
    shown = table(rows, caption="指标口径", columns=DEFINITION_COLUMNS, sheet="指标口径")
    planned = bool(scores["region_code"].map(has_plan).any())
    notes = sentences.reading_rules((settings or load_settings()).comparison, planned=planned)
    listed = "".join(f"<li><strong>{markup(term)}</strong>：{markup(text)}</li>" for term, text in notes)
    html = f'<section class="zj-definitions">{shown.html()}<ul>{listed}</ul></section>'
    payload = {"kind": "definitions", "table": shown.payload(), "notes": [list(note) for note in notes]}
    return Block(html, payload, "指标口径")


def finish(period: Period) -> Block:
    """Give the mark that the notebook ran to its end; a page without it is not released."""
    text = f"通报正文完。数据：{period.dataset.title}，{dates.issue_text(period.name)}。"
    html = f'<footer class="zj-end" data-zj-complete="true"><p>{markup(text)}</p></footer>'
    return Block(html, {"kind": "end", "complete": True}, text)
