"""One region in one period among its peers: everything a notebook asks about it, computed when first asked.

>>> import zjanalysis as zj
>>> me = zj.study("data/sample", "2021Q1", region="遂溪县")
>>> me
遂溪县 · 2021Q1 · 与9个兄弟县区比较（示例数据，模拟）
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import pandas as pd

from zjanalysis.analysis import caseload, chance, compare, explain, indicators, matching, sensitivity, signals
from zjanalysis.analysis import like_for_like as alike
from zjanalysis.analysis import plan as plans
from zjanalysis.analysis import series as over_time
from zjanalysis.analysis.frontier import FREE, Constraints, peer_states
from zjanalysis.analysis.named import group_columns, named
from zjanalysis.analysis.registry import ITEM_INDICATORS, SCORE_KEY, Indicator, Scope, for_region, indicator
from zjanalysis.analysis.whole import measured, parts_of, refuse_whole, summable, unjudged, whole_pair, whole_series
from zjanalysis.errors import answering
from zjanalysis.inputs import regions as areas
from zjanalysis.inputs.period import Period, lending, load_period, load_previous, load_successions, no_rows, own_copy
from zjanalysis.inputs.wall import readers_stay
from zjanalysis.settings import Settings, load_settings

T = TypeVar("T")


@answering("me")
@lending
@dataclass(frozen=True, repr=False, eq=False)
class Study:
    """A region, its peers, this period and the last; made by `study`. What many reports share is computed once;
    whoever asks for a table gets his own: ``gaps = me.gaps`` may be changed, ``me`` stays as it is.

    ``region`` and ``peers`` are codes, ``whom`` what the peers are called (兄弟县区, 兄弟地市, a named group).
    """

    period: Period
    before: Period
    region: str
    peers: tuple[str, ...]
    whom: str
    settings: Settings

    @property
    def name(self) -> str:
        """Return the name of the region; a city is 市本级, with its counties it is 全市."""
        return areas.level_name(self.region)

    @property
    def others(self) -> str:
        """Return the peers as they are counted in a sentence: 9个兄弟县区, 茂名的5个县区, 所选的2个地区."""
        return areas.counted_peers(self.whom, len(self.peers), county=areas.is_county(self.region))

    @property
    def chosen(self) -> bool:
        """Tell whether the peers are others than the plan means by 兄弟, so that they decide no 达标 of it."""
        return set(self.peers) != set(areas.peers_of(self.region, settings=self.settings))

    def asked(self, key: str) -> Indicator:
        """Return an indicator with what the plan asks among these peers: not 高于兄弟, where they are chosen."""
        aim = for_region(one := indicator(key), self.region).aim or one.aim
        return replace(one, aim="", target_text="") if self.chosen and aim == "above_peers" else one

    @cached_property
    def group(self) -> tuple[str, ...]:
        """Return the codes of region and peers, in the order of the codes: the same for every member of the group."""
        return tuple(sorted({self.region, *self.peers}))

    @cached_property
    def scope(self) -> Scope:
        """Return which items count: the types and levels of the data set."""
        return Scope(self.period.dataset.item_types, self.period.dataset.use_levels)

    @cached_property
    def items(self) -> pd.DataFrame:
        """Return the items of the group: one row is one service item in one region."""
        return self.period.items[self.period.items["region_code"].isin(self.group)]

    @cached_property
    def earlier(self) -> pd.DataFrame:
        """Return the items of the group in the last period."""
        return self.before.items[self.before.items["region_code"].isin(self.group)]

    @cached_property
    def own(self) -> pd.DataFrame:
        """Return the items of the region itself."""
        return self.period.items[self.period.items["region_code"] == self.region]

    @cached_property
    def counted(self) -> pd.DataFrame:
        """Return the region's items that count: in force, of the types and levels of the scope."""
        return indicators.in_scope(self.own, self.scope)

    @property
    def emptied(self) -> tuple[str, str]:
        """Return why none of the region's items is in scope, and how to widen it; "" when some are."""
        return indicators.emptied_by(self.own, self.scope)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Return every indicator of every region: 地区 and 指标 beside the keys, value, the two sums, n."""
        return named(self._shared("scores", lambda: measured(self.items, ITEM_INDICATORS, scope=self.scope)))

    @cached_property
    def standings(self) -> pd.DataFrame:
        """Return where every region of the group stands on the six key indicators (`analysis.compare.standings`)."""
        indicators.refuse_empty(self.own, self.scope, self.name)
        return self._shared("standings", lambda: self._standings(compare.KEY))

    def standing(self, key: str) -> pd.DataFrame:
        """Return the rows of one indicator as in `standings`, of the six or any other."""
        one = indicator(key).key
        every = self.standings if one in compare.KEY else self._shared(("one", one), lambda: self._standings((one,)))
        return every[every["indicator"] == one].reset_index(drop=True)

    def _standings(self, keys: tuple[str, ...]) -> pd.DataFrame:
        rows = pd.concat([compare.standings(
            items, regions=self.group, indicators=ones, before=self.base(*keys), settings=self.settings,
            scope=self.scope) for items, ones in summable(self.items, map(self.asked, keys), self.scope)])  # fmt: skip
        return named(unjudged(rows) if areas.is_whole(self.region) else rows)

    def base(self, *keys: str) -> pd.DataFrame:
        """Return what a rising target starts from, a value each: the base of the ledger, else the last period."""
        from zjanalysis.ledger.state import base_values  # noqa: PLC0415 - the wing builds on this module

        def make() -> pd.DataFrame:
            start = base_values(self.period, city=areas.city_of(self.region))
            both = pd.concat([start, self._last(keys)])[[*SCORE_KEY, "value"]]
            return both[both["indicator"].isin(keys)].drop_duplicates(SCORE_KEY, ignore_index=True)

        return self._shared(("base", keys), make)

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Return the region's own rows of `standings`, with the change since last period and the deciding offices."""
        own = self._own(self._moved)
        return own.assign(hinge=compare.hinge(self.own, self.tables, own["indicator"], self.region, self.settings))

    @property
    def _moved(self) -> pd.DataFrame:
        return self._shared("moved", lambda: explain.change(self.standings, self.previous, parts=self._splits))

    @cached_property
    def previous(self) -> pd.DataFrame:
        """Return the scores of the group in the last period on the key indicators, as the series has them (or none)."""
        return self._last(compare.KEY)

    def _last(self, keys: tuple[str, ...]) -> pd.DataFrame:
        return self._shared(("previous", keys), lambda: over_time.last_figures(
            self.items, self.before, keys, regions=self.group, scope=self.scope))  # fmt: skip

    @cached_property
    def series(self) -> pd.DataFrame:
        """Return every figure of the group up to this period (`analysis.series`), with ``line`` and ``cut``."""
        period, (rows, _) = self.period, self.history
        cutoffs = {name: str(about.get("cutoff", "")) for name, about in period.dataset.periods.items()}

        def lines() -> pd.DataFrame:
            every = whole_series(rows, self.group, self.items) if areas.is_whole(self.region) else rows
            own = every[every["region_code"].isin(self.group)].reset_index(drop=True)
            return named(over_time.lines(own, cutoffs=cutoffs))

        return self._shared("lines", lines)

    def bands(self, key: str) -> pd.DataFrame:
        """Return the group's spread on one indicator at every period (`analysis.series.bands`)."""
        one = over_time.any_indicator(key).key
        return self._shared(("bands", one), lambda: over_time.bands(self.series[self.series["indicator"] == one]))

    @cached_property
    def history(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return every figure up to this period, and what history.csv and successions.csv say wrongly or otherwise."""
        folder, name = str(self.period.dataset.folder), self.period.name
        return self.period.once(("series",), lambda: over_time.load_series(folder, upto=name))

    @cached_property
    def signals(self) -> pd.DataFrame:
        """Return how each line of the group reads (`analysis.signals`), and ``relative``: that against the group."""
        indicators.refuse_empty(self.own, self.scope, self.name)
        now, last = self.period.name, self.before.name
        return self._shared("signals", lambda: named(signals.told_apart(self.series, self.group, now, last=last)))

    @cached_property
    def worsening(self) -> pd.DataFrame:
        """Return what stands badly and gets worse in the group (`analysis.signals.worsening`)."""
        return self._shared("worsening", lambda: signals.worsening(self.standings, self.signals))

    @cached_property
    def tables(self) -> dict[str, alike.CodeTable]:
        """Return what 判断 is made from: the key indicators by base code and region (`like_for_like.CodeTable`)."""
        return self._tables(compare.KEY)

    def _tables(self, keys: tuple[str, ...]) -> dict[str, alike.CodeTable]:
        return self._shared(("tables", keys), lambda: alike.code_tables(
            self.items, map(indicator, keys), regions=self.group, scope=self.scope))  # fmt: skip

    def by_department(self, key: str) -> pd.DataFrame:
        """Return one indicator by department of the region: scores with the column department."""
        one, by = indicator(key).key, ("region_code", "department")
        every = self._shared(("departments", compare.along(one)), lambda: indicators.measure(
            self.items, compare.along(one), by=by, scope=self.scope))  # fmt: skip
        return self._own(every[every["indicator"] == one]).drop(columns="region_code")

    def left_out(self) -> pd.DataFrame:
        """Return how many of the region's items each indicator leaves out, and why (`indicators.left_out`)."""
        return self._mine("left out", lambda: indicators.left_out(self.items, scope=self.scope))

    def pairs(self, key: str) -> pd.DataFrame:
        """Return the region against each peer on the items both list (`analysis.like_for_like`)."""
        refuse_whole(self.region, "逐一比较")
        one = indicator(key)
        table = self._tables(compare.along(one.key))[one.key]
        return alike.pairs(table, one, region=self.region, peers=self.peers, settings=self.settings)

    def parts(self, key: str) -> pd.DataFrame:
        """Return the parts of 全市 on an indicator: scores by region with ``share`` and ``pull`` (`analysis.whole`)."""
        return named(parts_of(self.own, indicator(key), region=self.region, scope=self.scope))

    def gap_split(self, key: str, *, by: str | Sequence[str] = ()) -> pd.DataFrame:
        """Return the gap to the pooled peers split into 结构, 水平, 覆盖 (`analysis.explain.gap_split`)."""
        columns, one = group_columns([by] if isinstance(by, str) else by, self.period.items), indicator(key)
        if columns:
            return explain.gap_split(self.items, region=self.region, peers=self.peers, indicator=one, by=columns,
                                     scope=self.scope)  # fmt: skip
        return explain.split_sums(self._code_sums(one.key), one, region=self.region, peers=self.peers)

    def _code_sums(self, key: str) -> pd.DataFrame:
        keys = compare.along(key)
        sums = self._shared(("codes", keys), lambda: explain.code_sums(self.items, keys, scope=self.scope))
        return sums[sums["indicator"] == key]

    def laggards(self) -> pd.DataFrame:
        """Return the region's items whose promise is longer than a peer's on the same code, the longest first."""
        states, table, _ = self.headroom("time_compression")
        return matching.headroom(table, states)

    def plan(self, key: str, *, target: float | str = "plan", constraints: Constraints = FREE) -> plans.Plan:
        """Return the fewest items to change until 达标 (``lead``: until 判断 is 优于); see `analysis.plan.plan_on`."""
        refuse_whole(self.region, "压减方案")
        one, target = indicator(key), plans.read_target(target)

        def make() -> plans.Plan:
            goal = compare.risen(one, self.region, self.base(*compare.along(one.key))) if target == "plan" else None
            ground = self._shared(("ground", one.key, self.region), lambda: self._ground(one.key))
            return plans.plan_on(ground, target=target if goal is None else goal, constraints=self._within(constraints))

        return self._shared(("plan", one.key, target, constraints, self.region), make)

    def _within(self, constraints: Constraints) -> Constraints:
        return replace(constraints, scope=self.scope, settings=self.settings)

    def _ground(self, key: str) -> plans.Ground:
        """Return what the plans of an indicator share; values and code tables are those of the whole group."""
        group, codes = (self.region, *self.peers), self._tables(compare.along(key))[key]
        values = self.scores[self.scores["indicator"] == key].set_index("region_code")["value"].reindex(group)
        return plans.Ground(self.items, indicator(key), group, values, *self.headroom(key), codes, self._within(FREE))

    def headroom(self, key: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return where the group stands code by code, and what the region's items could gain (`plan.headrooms`)."""

        def make() -> tuple[pd.DataFrame, dict[str, tuple[pd.DataFrame, ...]]]:
            one, free, group = indicator(key), self._within(FREE), self.group
            states = peer_states(self.items, one, peers=group, scope=self.scope)
            both = plans.headrooms(self.items, one, regions=group, group=group, states=states, constraints=free)
            return states, {code: tuple(one[one["region_code"] == code] for one in both) for code in group}

        states, rooms = self._shared(("headroom", key), make)
        return states, *own_copy(rooms[self.region])

    @cached_property
    def change_splits(self) -> pd.DataFrame:
        """Return the change of every indicator since the last period split into items added, removed and shared."""
        return self._own(self._splits)

    @property
    def _splits(self) -> pd.DataFrame:
        return self._shared("change splits", lambda: explain.change_split(
            self.items, self.earlier, regions=self.group, indicators=ITEM_INDICATORS, scope=self.scope,
            successions=load_successions(self.period.dataset.folder, upto=self.period.name)[0]))  # fmt: skip

    @cached_property
    def causes(self) -> pd.DataFrame:
        """Return what each change since the last period comes from: the items of both periods, or the list."""
        return self._mine("causes", lambda: explain.causes(self._splits))

    def item_changes(self) -> pd.DataFrame:
        """Return what changed item by item since the last period; empty in a first period."""
        return self._mine("item changes", lambda: explain.item_changes(
            self.items, self.earlier, regions=self.group, scope=self.scope))  # fmt: skip

    def changes(self, key: str) -> pd.DataFrame:
        """Return value, last value and change of one indicator for every region of the group."""
        return explain.change(self.standing(key), self._last(compare.along(indicator(key).key)), parts=self._splits)

    def sensitivity(self, key: str = "time_compression") -> pd.DataFrame:
        """Return where the region stands under every other definition (`analysis.sensitivity`)."""
        rows = self._shared(("readings", key), lambda: sensitivity.readings(self.items, regions=self.group,
            indicator=self.asked(key), settings=self.settings, scope=self.scope))  # fmt: skip
        return sensitivity.own_rows(rows, self.region)

    def funnel(self, key: str) -> pd.DataFrame:
        """Return the group's shares against the range that their numbers of items allow (`analysis.chance.funnel`)."""
        return chance.funnel(self.scores, indicator=key)

    def caseload(self, counts: pd.DataFrame) -> pd.DataFrame:
        """Return the deciding indicators with every item weighted by its cases (`analysis.caseload`)."""
        counted = int(pd.util.hash_pandas_object(counts, index=False).sum())
        return self._mine(("caseload", counted), lambda: caseload.caseload(
            self.items, counts, regions=self.group, scope=self.scope))  # fmt: skip

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Return the six key indicators, what needs attention first: behind, targets missed, low places."""
        return compare.most_urgent(self.gaps)

    @property
    def weakest(self) -> str:
        """Return the indicator that needs attention first."""
        return self.keys[0]

    def share(self) -> None:
        """Compute what the reports of the group have in common, for the period to remember."""
        _ = self.scores, self._moved, self.tables, self.signals, self.sensitivity()
        _ = self.by_department("visits"), self.left_out(), self.causes, self.item_changes(), self.worsening
        _ = [*map(self.headroom, compare.KEY)], [*map(self.bands, compare.KEY)], self._code_sums("visits")

    def _shared(self, name: Hashable, make: Callable[[], T]) -> T:
        """Return what is the same for every region of the group, from the period's memory where it is there."""
        return self.period.once((name, self.group, self.before.name), make)

    def _mine(self, name: Hashable, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        return self._own(self._shared(name, make))

    def _own(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows[rows["region_code"] == self.region].reset_index(drop=True)

    def _repr_html_(self) -> str:
        """Show a card in JupyterLab: who, when, against whom, and the table of the six indicators."""
        from zjanalysis.display.spine import card  # noqa: PLC0415 - display builds on this module

        return card(self)

    def __repr__(self) -> str:
        sample = "（示例数据，模拟）" if self.period.dataset.kind == "sample" else ""
        compared = f"与{self.others}比较" if self.peers else "没有可比的地区"
        return f"{self.name} · {self.period.name} · {compared}{sample}"


@readers_stay()
def study(
    data: str = "",
    period: str = "",
    *,
    region: str | int = "",
    peers: str | int | Sequence[str | int] = "",
    as_written: bool = False,
    all_types: bool = False,
) -> Study:
    """Return the study of a region: its items, scores, gaps and plans, beside those of its peers.

    Left empty: the data set of the settings, its newest period, their city. ``peers``: empty for the default, a group
    by name, or regions separated by commas, names or codes. ``as_written`` takes limits as the numbers written, no unit
    converted; ``all_types`` counts items of every type. Raises UnknownName, and NoData for a region without items.
    """
    now = load_period(str(data), str(period))
    if as_written:
        now = replace(now, items=indicators.as_written(now.items), memory={})
    if all_types:
        now = replace(now, dataset=replace(now.dataset, item_types=()), memory={})
    return study_of(now, region=region, peers=peers)


def study_of(
    now: Period,
    *,
    region: str | int = "",
    peers: str | int | Sequence[str | int] = "",
    before: Period | None = None,
    settings: Settings | None = None,
) -> Study:
    """Return the study of a region in a loaded period (see `study`); ``before`` is the last period unless named."""
    known = settings or load_settings()
    code = areas.region_code(known.focus if isinstance(region, str) and not region else region)
    last = before or now.once(("before",), lambda: load_previous(now, settings=settings))
    peers_asked = areas.peers_of(code, peers, settings=known)
    if areas.is_whole(code):
        now, last = whole_pair(now, last, code)
        peers_asked = tuple(one for one in peers_asked if one in now.regions)
    elif code not in now.regions:
        raise no_rows(now, code)
    usual = "兄弟县区" if areas.is_county(code) else "兄弟地市全市" if areas.is_whole(code) else "兄弟地市"
    return Study(now, last, code, peers_asked, areas.group_of(peers) or usual, known)
