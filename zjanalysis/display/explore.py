"""The explorer of notebook 00: widgets that choose, what follows from it at once, and the code that shows the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd

from zjanalysis.analysis.indicators import as_written, measure
from zjanalysis.analysis.registry import ITEM_INDICATORS, Scope, indicator
from zjanalysis.display import templates
from zjanalysis.display.actions import plan
from zjanalysis.display.blocks import Block
from zjanalysis.display.peers import ranking
from zjanalysis.display.reasons import departments
from zjanalysis.display.tables import NUMERIC, Table, page_columns, table, table_from_payload
from zjanalysis.errors import ConfigError, unknown_name
from zjanalysis.files import write_whole
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.regions import group_names, load_regions, peers_of, region_code
from zjanalysis.settings import load_settings
from zjanalysis.studies import Study, study_of

AS_SET, RAW, ALL_TYPES = "数据集口径", "时限按原文数字，不折算", "不限事项类型"
DEFINITIONS: dict[str, tuple[Callable[[Period], Period], str]] = {
    AS_SET: (lambda now: now, ""),
    RAW: (lambda now: replace(now, items=as_written(now.items), memory={}), ", as_written=True"),
    ALL_TYPES: (lambda now: replace(now, dataset=replace(now.dataset, item_types=()), memory={}), ", all_types=True"),
}
"""By name: what a definition makes of a period, and how `zj.study` is asked for it."""


@dataclass(frozen=True)
class Choice:
    """What an analyst has chosen. ``department`` empty compares regions; ``target`` is a value of the indicator."""

    data: str
    period: str
    region: str
    peers: str = ""
    indicator: str = "time_compression"
    department: str = ""
    definition: str = AS_SET
    target: float | None = None


@dataclass(frozen=True)
class View:
    """What a choice shows: figure with sentence and table, the items of a department, the plan, and the code of it."""

    choice: Choice
    main: Block
    items: Table | None
    plan: Block | None
    code: str


def chosen_study(period: Period, choice: Choice) -> Study:
    """Return the study of a choice on a loaded period; raises UnknownName for a definition nobody knows."""
    if choice.definition not in DEFINITIONS:
        raise unknown_name("口径", choice.definition, DEFINITIONS)
    changed = period.once(("definition", choice.definition), lambda: DEFINITIONS[choice.definition][0](period))
    return study_of(changed, region=choice.region, peers=choice.peers)


def view(period: Period, choice: Choice, *, before: View | None = None) -> View:
    """Return the view of a choice on a loaded period.

    Without a department: the place in the group. With one: the departments of the region, and the items of the one
    chosen whose promise is longer than a peer's. A target adds the fewest items to change for it. Of the view before,
    of the same period, the parts the change does not touch are kept: the same objects.
    """
    me = chosen_study(period, choice)
    if before and replace(before.choice, target=choice.target) == choice:
        main, longer = before.main, before.items
    elif choice.department:
        own, caption = me.laggards(), f"{choice.department}：承诺长于{me.whom}的事项"
        longer = table(own[own["department"] == choice.department], caption=caption, columns=page_columns("laggards"),
                       sheet="拖累事项")  # fmt: skip
        main = departments(me, choice.indicator)
    else:
        main, longer = ranking(me, choice.indicator), None
    if before and replace(before.choice, department=choice.department) == choice:
        needed = before.plan
    else:
        needed = None if choice.target is None else plan(me, choice.indicator, target=choice.target)[0]
    return View(choice, main, longer, needed, code_of(choice))


def code_of(choice: Choice) -> str:
    """Return the lines that show the same in any notebook after ``import zjanalysis as zj``."""
    where = f"{choice.data!r}, {choice.period!r}, region={choice.region!r}"
    peers = f", peers={choice.peers!r}" if choice.peers else ""
    lines = [f"me = zj.study({where}{peers}{DEFINITIONS[choice.definition][1]})"]
    figure, rows = "ranking", f'me.scores.query("indicator == {choice.indicator!r}").sort_values("value")'
    if choice.department:
        figure, rows = "departments", f'me.laggards().query("department == {choice.department!r}")'
    lines += [f"zj.show(zj.{figure}(me, {choice.indicator!r}))", f"zj.show({rows})"]
    if choice.target is not None:
        lines.append(f"zj.show(*zj.plan(me, {choice.indicator!r}, target={choice.target!r}))")
    return "\n".join(lines)


FOLDER = "mine"
_WORDS = {"info": "第 _START_–_END_ 行，共 _TOTAL_ 行", "search": "查找：", "lengthMenu": "每页 _MENU_ 行",
          "emptyTable": "没有", "zeroRecords": "没有找到", "infoEmpty": "没有",
          "infoFiltered": "（全部 _MAX_ 行）"}  # fmt: skip
_PAGE = 12
_SHORT: dict[str, Any] = {
    "paging": False, "layout": {"topStart": "search", "topEnd": None, "bottomStart": None, "bottomEnd": None},
}  # fmt: skip
_LONG: dict[str, Any] = {
    "lengthMenu": [_PAGE, 4 * _PAGE, {"label": "全部", "value": -1}],
    "layout": {"topStart": "search", "topEnd": "pageLength", "bottomStart": "info", "bottomEnd": "paging"},
}
_TABLE_STYLE = "table-layout:auto;width:auto;max-width:100%;margin:0;caption-side:top"
_WIDE = {"description_width": "5em"}


def explore(data: str = "", period: str = "", *, region: str = "", peers: str = "") -> Any:
    """Return the explorer as one widget: choose, and figure, sentence, table, plan and code follow.

    Raises ConfigError where the extra ``explore`` is not installed.
    """
    widgets, settings = _widgets(), load_settings()
    now = load_period(data, period)
    held = {"data": data or settings.data, "period": now.name}
    chosen = _choosers(widgets, now, region=region_code(region or settings.focus), peers=peers)
    outputs = {name: widgets.Output().add_class(f"zj-{name}") for name in ("main", "plan", "tables")}
    desk, send, message, code = _laid_out(widgets, chosen.values(), outputs)
    current: View | None = None

    def choice() -> Choice:
        scale = 100 if indicator(chosen["indicator"].value).unit == "share" else 1
        target = round(chosen["target"].value / scale, 4)
        names = ("region", "peers", "indicator", "department", "definition")
        return Choice(**held, **{name: chosen[name].value for name in names}, target=target)

    def follow(_: Any = None) -> None:
        nonlocal current
        before, current = current, view(now, choice(), before=current)
        _put(outputs, current, before)
        code.value, message.value = current.code, ""

    def written(_: Any) -> None:
        path = write_parameters(choice(), settings.reports / FOLDER)
        message.value = templates.html("sent", name=path.name, path=f"{settings.out}/{FOLDER}/{path.name}")

    send.on_click(written)
    _linked(chosen, now, follow)
    follow()
    return desk


def _laid_out(widgets: Any, chosen: Iterable[Any], outputs: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
    """Stand what one sets over the two pictures, the tables and the code under them, in the order of the Tab key.

    Returns all of it, the button that sends, what is told then, and the field of the code.
    """
    send = widgets.Button(description="送到报告", icon="file-text-o", layout={"margin": "2px 2px 2px 2em"})
    code = widgets.Textarea(description="代码", rows=9, style=_WIDE, layout={"width": "98%"})
    setting = widgets.Box([*chosen, send], layout={"flex_flow": "row wrap"})
    pictures, message = widgets.HBox([outputs["main"], outputs["plan"]]), widgets.HTML()
    keys = widgets.Output(outputs=_html(templates.html("desk")))
    desk = widgets.VBox([keys, setting, message, pictures, outputs["tables"], code]).add_class("zj-desk")
    return desk, send, message, code


def write_parameters(choice: Choice, folder: Path) -> Path:
    """Write what ``zj build --with`` reads to make the report of a choice, apart from the official ones."""
    asked = {"data": choice.data, "period": choice.period, "only": choice.region, "peers": choice.peers,
            "out": folder.as_posix()}  # fmt: skip
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in asked.items()]
    return write_whole(folder / f"{choice.region}.toml", "".join(lines).encode("utf-8"))


def _widgets() -> Any:
    """Return ipywidgets, and put the script of the searchable tables into the notebook, from the disk."""
    with suppress(ImportError):
        import itables  # noqa: PLC0415  an extra

        itables.init_notebook_mode(all_interactive=False, connected=False)
    try:
        import ipywidgets  # noqa: PLC0415  an extra
    except ImportError as error:
        raise ConfigError(
            "没有安装交互部件（ipywidgets）。", '请运行 pip install "zjanalysis[explore]" 后重启内核。'
        ) from error
    return ipywidgets


def _choosers(widgets: Any, now: Any, *, region: str, peers: str) -> dict[str, Any]:
    """Return the widgets that choose, by name, in the order they stand."""
    names = load_regions().set_index("code")["name"]
    places = [(str(names.get(code, code)), code) for code in sorted(now.items["region_code"].dropna().unique())]
    groups = _groups(region)
    indicators = [(one.label, one.key) for one in ITEM_INDICATORS]

    def dropdown(title: str, options: list[Any], **more: Any) -> Any:
        return widgets.Dropdown(description=title, options=options, style=_WIDE, layout={"width": "20em"}, **more)

    return {
        "region": dropdown("地区", places, value=region if region in {code for _, code in places} else places[0][1]),
        "peers": dropdown("比较对象", groups, value=peers if peers in dict(groups).values() else ""),
        "indicator": dropdown("指标", indicators, value="time_compression"),
        "department": dropdown("部门", [("不分部门", "")]),
        "definition": dropdown("口径", [(name, name) for name in DEFINITIONS]),
        "target": widgets.FloatSlider(description="目标", style=_WIDE, layout={"width": "20em"},
                                      readout_format=".2f", continuous_update=False),
    }  # fmt: skip


def _groups(region: str) -> list[tuple[str, str]]:
    """Return the groups a region can be compared with: counties with counties, cities with cities, none twice."""
    usual = peers_of(region)
    others = (name for name in group_names(region) if peers_of(region, name) != usual)
    return [("默认（兄弟地区）", ""), *((name, name) for name in others)]


def _linked(chosen: Mapping[str, Any], now: Any, follow: Callable[[Any], None]) -> None:
    """Have every change shown once; a region brings its groups and departments, an indicator its target's range."""

    def place(_: Any = None) -> None:
        groups, before = _groups(chosen["region"].value), chosen["peers"].value
        chosen["peers"].options = groups
        chosen["peers"].value = before if before in dict(groups).values() else ""
        own = now.items.loc[now.items["region_code"] == chosen["region"].value, "department"]
        chosen["department"].options = [("不分部门", ""), *((name, name) for name in sorted(own.dropna().unique()))]

    def reach(_: Any = None) -> None:
        one, slider = indicator(chosen["indicator"].value), chosen["target"]
        scope = Scope(now.dataset.item_types, now.dataset.use_levels)
        values = measure(now.items, [one], scope=scope)["value"].dropna()
        scale = 100.0 if one.unit == "share" else 1.0
        slider.max = scale if one.unit == "share" else float(ceil(values.max() or 1))
        slider.step = slider.max / 1000
        slider.value = round(float(values.median()) * scale, 2)

    def changed(change: Any) -> None:
        for one in chosen.values():
            one.unobserve(changed, names="value")
        place() if change.owner is chosen["region"] else None
        reach() if change.owner is chosen["indicator"] else None
        for one in chosen.values():
            one.observe(changed, names="value")
        follow(change)

    place()
    reach()
    for one in chosen.values():
        one.observe(changed, names="value")


def _put(outputs: Mapping[str, Any], current: View, before: View | None) -> None:
    """Put the blocks of a view into their places, those that changed: what one has sorted or searched stays."""
    if not before or current.plan is not before.plan:
        outputs["plan"].outputs = _html(*([current.plan.html] if current.plan else []))
    if not before or current.main is not before.main:
        tables = [table_from_payload(current.main.payload["table"]), *([current.items] if current.items else [])]
        outputs["main"].outputs = _html(current.main.html)
        outputs["tables"].outputs = _html(*(searchable(one) for one in tables))


def _html(*texts: str) -> tuple[dict[str, Any], ...]:
    """Return the outputs of an Output widget, where, unlike in an HTML widget, scripts run."""
    return tuple({"output_type": "display_data", "data": {"text/html": text}, "metadata": {}} for text in texts)


def searchable(one: Table) -> str:
    """Return a table that JupyterLab can sort and search; the plain one where itables is not installed."""
    try:
        import itables  # noqa: PLC0415  an extra
    except ImportError:
        return one.html()
    frame = pd.DataFrame(one.texts(), columns=[head.text for head in one.heads])
    words = [place for place, head in enumerate(one.heads) if head.kind not in NUMERIC]
    return str(itables.to_html_datatable(frame, caption=one.caption, connected=False, showIndex=False, language=_WORDS,
                                         pageLength=_PAGE, display_logo_when_loading=False, style=_TABLE_STYLE,
                                         columnDefs=[{"className": "dt-left", "targets": words}],
                                         **(_LONG if len(frame) > _PAGE else _SHORT)))  # fmt: skip
