"""The first screen in words: three sentences made from the numbers, and the few steps to take first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from zjanalysis.analysis.frontier import item_keys
from zjanalysis.analysis.plan import LEAD, Plan
from zjanalysis.analysis.registry import Indicator
from zjanalysis.display import templates, wording
from zjanalysis.display.blocks import Block, change_words, leading, names_of, short_name, since
from zjanalysis.display.spine import spine_rows
from zjanalysis.display.tables import about, page_columns, page_table
from zjanalysis.display.trend import runs_of
from zjanalysis.inputs.regions import UNNAMED, is_county, office, region_name, usual_group
from zjanalysis.inputs.workplan import unplanned
from zjanalysis.studies import Study
from zjanalysis.units import UNITS, Met, Verdict


def summary(me: Study) -> Block:
    """Return the three sentences 处在什么位置 / 为什么 / 先做什么, made from the numbers."""
    sentences = position_sentence(me), reason_sentence(me), action_sentence(me)
    answers = list(zip(("处在什么位置", "为什么", "先做什么"), sentences, strict=True))
    html = templates.html("terms", pairs=answers, look="zj-answer", colon="：")
    payload = {"kind": "answer", "terms": [list(pair) for pair in answers], "cards": _cards(me)}
    return Block(html, payload, "".join(sentences), me.gaps)


def _cards(me: Study) -> list[dict[str, Any]]:
    """Return what the index needs of each indicator, in the order of the registry: the numbers, and how they read."""
    rows = spine_rows(me).set_index("indicator").loc[me.gaps["indicator"]].reset_index()
    texts = ("text", "place", "meets_target", "verdict", "moved", "effect_text", "median_text", "target_text")
    worse = me.worsening.loc[me.worsening["region_code"] == me.region, "indicator"].tolist()
    numbers = ("value", "rank", "n_ranked", "median", "gap_to_median", "effect", "change")
    return [
        {
            "indicator": row["indicator"], "label": about(row["indicator"]).short, "unit": about(row["indicator"]).unit,
            "trend": word, "line": runs_of(me, row["indicator"]), "worse": row["indicator"] in worse,
            **{name: str(row[name]) for name in texts},
            **{name: None if wording.missing(row[name]) else float(row[name]) for name in numbers},
        }
        for row, word in zip(rows.to_dict("records"), change_words(rows), strict=True)
    ]  # fmt: skip


def position_sentence(me: Study) -> str:
    """Say how many of the six indicators are behind, level or ahead, what meets its target, and what has moved."""
    gaps, further = me.gaps, target_sentence(me) + moved_sentence(me)
    if not me.peers:
        return f"没有可比的兄弟地区，{len(gaps)}项指标不排位次、不作判断。{further}"
    order = (Verdict.BEHIND, Verdict.AHEAD, Verdict.LEVEL, Verdict.NONE, Verdict.NO_DATA)
    parts = _counted(gaps["verdict"], gaps["indicator"], order, unnamed=Verdict.LEVEL)
    same = f"均{gaps['verdict'].iloc[0]}" if len(parts) == 1 else f"中{'、'.join(parts)}"
    return f"按同事项与{me.whom}比，{len(gaps)}项指标{same}。{further}"


def _counted(words: pd.Series, keys: pd.Series, order: Iterable[str], *, unnamed: str) -> list[str]:
    """Say of how many indicators each word is said, and of which."""
    names = {word: [about(key).short for key in keys[words == word]] for word in order}
    return [f"{len(some)}项{word}" + ("" if word == unnamed else f"（{'、'.join(some)}）")
            for word, some in names.items() if some]  # fmt: skip


def target_sentence(me: Study) -> str:
    """Say what meets the plan's targets; what cannot be judged is counted too."""
    if none := unplanned(me.region):
        return f"{none}，不列目标。"
    words = me.gaps["meets_target"]
    parts = _counted(words, me.gaps["indicator"], (Met.MET, Met.NOT_MET, Met.OPEN, Met.NO_DATA), unnamed=Met.MET)
    return f"有目标的{int((words != Met.NO_TARGET).sum())}项中{'、'.join(parts)}。" if parts else ""


def moved_sentence(me: Study) -> str:
    """Say how many indicators are better or worse than in the last period; nothing in a first period."""
    words, moved_since = change_words(me.gaps), since(me)
    if set(words) <= {wording.NO_DATA}:
        return ""
    if len(set(words)) == 1:
        return f"{moved_since}{len(words)}项均{'为' * (words[0] == wording.LISTED)}{words[0]}。"
    return f"{moved_since}{wording.counts_text(words, '项')}。"


def reason_sentence(me: Study) -> str:
    """Say what the items show: permits that ask for a visit or cannot be done online, and who holds limits long."""
    permits, kind = me.counted, me.scope.noun
    if permits.empty:
        return f"没有在统计范围内的事项，{wording.NO_DATA}。"
    counts = [
        _how_many(permits["visits"] > 0, permits["visits"], "仍要到现场", "到办事现场次数"),
        _how_many(permits["online"].eq(False), permits["online"], "不能网上办", "是否网办"),
    ]
    said = f"{len(permits)}项{kind}中，{'、'.join(part for part in counts if part)}；" if any(counts) else ""
    return _who_holds(me, said) or (said.rstrip("；") or f"承诺时限{wording.NO_DATA}") + "。"


def _who_holds(me: Study, said: str) -> str:
    """Say how many days are promised in all, and by whom most, after what is ``said``; empty where nothing is."""
    limits = me.by_department("time_compression")
    promised = (limits["denominator"] - limits["numerator"]).set_axis(limits["department"])
    whole, n, n_out = promised.sum(), limits["n"].sum(), limits["n_left_out"].sum()
    if not n or not whole:
        return f"{f'时限齐全的{n}项' if n_out else '各部门'}承诺均为即办。" if n and not said else ""
    named = promised[promised.index.notna()]
    longest = named[named > 0].sort_values(ascending=False, kind="stable")
    blank = wording.plain(whole - longest.sum())
    said += f"承诺时限合计{wording.plain(whole)}个工作日" + (f"（其中{blank}个{UNNAMED}）" if blank != "0" else "")
    longest = longest.head(wording.tied_with(map(wording.plain, longest), 3))
    most = wording.listed((office(name, me.name) for name in longest.index), limit=3)
    return f"{said}，{most}承诺天数最多，占{wording.part(longest.sum() / whole)}。" if most else f"{said}。"


def _how_many(those: pd.Series, values: pd.Series, what: str, column: str) -> str:
    n, blank = int(those.sum()), int(values.isna().sum())
    if n:
        return f"{n}项{what}" + (f"（{blank}项{wording.NO_DATA}）" if blank else "")
    return f"{blank}项{column}{wording.NO_DATA}" if blank else ""


def action_sentence(me: Study) -> str:
    """Say how many promises are longer than the law allows, and how few changes would meet each target not met."""
    n, plans = len(over_limit(me)), unmet_plans(me)
    first = f"{n}项{me.scope.noun}的承诺超过法定时限，先改（见附件）；" if n else ""
    return first + ("；".join(map(_action, plans)) if plans else _nothing_missed(me)) + "。"


def _nothing_missed(me: Study) -> str:
    """Say what is so where no indicator is 未达标: what can be judged is met, and whether 表1 lists anything."""
    words = set(me.gaps["meets_target"]) - {Met.NO_TARGET} | ({Met.OPEN} if me.chosen else set())
    met = (
        "各项目标均已达到" if words == {Met.MET} else "可判定的目标均已达到" if Met.MET in words else "没有可判定的目标"
    )
    none, plans = unplanned(me.region), _first_plans(me)
    if not any(len(one.steps) for one in plans):
        return f"{none or met}，没有可参照的改法"
    if plans[0].outcome["verdict"] == Verdict.NONE:  # there is no middle to be held against
        return f"{none or met}，表1列出{me.whom}已有的做法"
    return f"{none}，按表1缩小与居中地区的差距" if none else f"{met}，按表1巩固同事项上的短板"


def over_limit(me: Study) -> pd.DataFrame:
    """Return the region's items that count and promise more days than the law allows, the most days over first."""
    permits = me.counted
    days = permits["promised_days"] - permits["statutory_days"]
    over = permits.assign(days=days)[permits["limit_reason"].isna() & (days > 1e-9)]
    return over.sort_values("days", ascending=False, kind="stable")


def over_sentence(me: Study) -> str:
    """Name every item of `over_limit` with both limits; empty where there is none."""
    rows = over_limit(me)
    each = [f"{name}（{wording.plain(promised)}＞{wording.plain(statutory)}）" for name, promised, statutory in zip(
        rows["item_name"], rows["promised_days"], rows["statutory_days"], strict=True)]  # fmt: skip
    return f"{len(rows)}项{me.scope.noun}的承诺超过法定时限（承诺＞法定，工作日）：{'、'.join(each)}。" if each else ""


def _action(one: Plan) -> str:
    row = one.outcome
    name, unit = about(str(row["indicator"])).short, about(str(row["indicator"])).unit
    digits = digits_of(row, unit)
    if row["reached"]:
        return f"{name}改{row['n_steps']}项即达标（{wording.amount(row['reached_value'], unit, digits)}）"
    if not row["n_possible"]:
        return f"{name}没有可参照的做法，暂无可改事项"
    best = wording.amount(row["best_reachable"], unit, digits)
    return f"{name}按{row['n_possible']}项已有做法全部改完为{best}，仍不达标"


def digits_of(row: Mapping[str, Any], unit: str) -> int:
    """Return the digits in which the values of a plan's summary are told from its target."""
    return wording.digits_apart([row["value"], row["reached_value"], row["best_reachable"]], row["target"], unit)


def unmet_plans(me: Study) -> list[Plan]:
    """Return the plans of the indicators that do not meet their target, the fewest changes first."""
    keys = me.gaps.loc[me.gaps["meets_target"] == Met.NOT_MET, "indicator"]
    plans = [me.plan(str(key)) for key in keys]
    return sorted(plans, key=lambda one: (not one.outcome["reached"], int(one.outcome["n_steps"])))


MEANINGS = {
    "time_compression": "承诺时限比法定少的比例",
    "visits": "平均每个事项要到现场几次",
    "visit_share": "要到现场的事项占比",
    "instant": "当场办结的{items}占比",
    "online": "能在网上办的{items}占比",
    "online_end_to_end": "从申请到办结都在网上的{items}占比",
}
"""The six key indicators in a line each; their exact definitions stand in the annex (`blocks.definitions`)."""


def terms(me: Study) -> Block:
    """Return one line for each word the first screen uses: the indicators, the peers, how places and words are read."""
    items = me.scope.noun
    names = [(about(key).short, MEANINGS[key].format(items=items)) for key in me.keys]
    group = usual_group(me.region, me.settings)
    siblings = "同一地市的其他县（市、区）" if is_county(me.region) else f"{group}的其他地市"
    peers = [(me.whom, siblings)] if me.whom.startswith("兄弟") and me.peers else []
    read = [("位次区间", "少列或多列几个事项时的位次"), ("判断", "只比都有的事项，差在波动内为相当")]
    explained = [*names, *peers, *(read if me.peers else []), ("达标", "与方案的目标比")]
    html = templates.html("terms", pairs=explained, look="zj-gloss", colon="：")
    payload = {"kind": "glossary", "terms": [list(pair) for pair in explained]}
    return Block(html, payload, "；".join(f"{term}：{text}" for term, text in explained))


def _first_plans(me: Study) -> list[Plan]:
    """Return the plans 表1 is made of: of the targets not met, else of what would lead 判断 to 优于."""
    return unmet_plans(me) or [me.plan(str(key), target=LEAD) for key in me.gaps["indicator"].head(1)]


def first_steps(me: Study, *, limit: int = 4) -> Block:
    """Return 表1 先办事项: the changes that gain most for the targets not met (else for 判断), at most ``limit``."""
    steps = [one.steps for one in _first_plans(me) if len(one.steps)]
    if not steps:
        rows, marks = pd.DataFrame(columns=[column.key for column in page_columns("first")]), ""
    else:
        named = pd.concat([named_steps(leading(one, limit), me) for one in steps], keys=range(len(steps)))
        rows = _together(named, limit)
        marks = ("*须经部门论证后再定。" if rows["review"].ne("").any() else "") + over_note(rows)
    whole = f"（共{step_counts(steps)}，全部见附件）" if sum(map(len, steps)) > len(rows) else ""
    printed = page_table("first", rows, note=marks, whole=whole)
    return Block(printed.html(), {"kind": "table", "table": printed.payload()}, printed.caption, rows)


def _together(steps: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Return the first steps of the plans (the outer index), each plan in turn; what several plans ask is one row."""
    turns = steps.assign(turn=steps.groupby(level=0).cumcount()).sort_values("turn", kind="stable")
    same = turns.groupby(["item_key", "step"], sort=False)
    joined = {"name": same["name"].agg("、".join), "effect": same["effect"].agg("、".join)}
    rows = turns.drop(columns=[*joined]).drop_duplicates(["item_key", "step"]).set_index(["item_key", "step"])
    return leading(rows.assign(**joined).reset_index(), limit)


def step_counts(steps: Iterable[pd.DataFrame]) -> str:
    """Say how many changes plans ask for and of how many items: one item may be changed for several indicators."""
    every = [one["item_key"] for one in steps if len(one)]
    return f"{sum(map(len, every))}项改动、{len(set().union(*every))}个事项"


def named_steps(steps: pd.DataFrame, me: Study) -> pd.DataFrame:
    """Return the steps of a plan with the words a reader meets: name, step, done_by, effect; * needs a review.

    ``over`` says where the promise exceeds the statutory limit, and ※ marks it (`over_note`).
    """
    indicators = [about(key) for key in steps["indicator"]]
    statutory = steps["item_key"].map(me.period.once(("statutory", me.region), lambda: dict(
        zip(item_keys(me.own), me.own["statutory_days"], strict=True))))  # fmt: skip
    over = (steps["kind"] == "days") & (steps["from_value"] > statutory)
    promised, allowed = steps["from_value"].map(wording.plain), statutory.map(wording.plain)
    said = steps["item_name"] + "现承诺" + promised + "个工作日，超过法定的" + allowed + "个"
    states = (map(wording.state_text, steps[side], steps["kind"]) for side in ("from_value", "to_value"))
    rows = steps.assign(over=over).to_dict("records")
    return steps.assign(
        name=[one.short for one in indicators],
        item_name=[f"{row['item_name']}{'*' if row['review'] else ''}{'※' if row['over'] else ''}" for row in rows],
        over=said.where(over, ""),
        department=[office(row["department"], region_name(str(row["region_code"]))) for row in rows],
        step=list(map("{}→{}".format, *states)),
        done_by=[_done_by(row) for row in rows],
        effect=[effect_text(row, one) for one, row in zip(indicators, rows, strict=True)],
    )


def over_note(rows: pd.DataFrame) -> str:
    """Name the promises of `named_steps` that exceed the statutory limit; empty where there are none."""
    over = [text for text in dict.fromkeys(rows["over"]) if text]
    return f"※承诺超过法定时限：{'；'.join(over)}。" if over else ""


def _done_by(row: dict[Any, Any]) -> str:
    codes = [code for code in str(row["follows"]).split("、") if code]
    names = [short_name(name) for name in names_of(codes)]
    return "、".join(names) if row["n_follows"] <= len(names) else f"{'、'.join(names[:2])}等{row['n_follows']}地"


def effect_text(row: dict[Any, Any], one: Indicator) -> str:
    """Return what a step brings: visits as visits, everything else in the unit of the indicator.

    >>> effect_text({"kind": "visits", "change_by": 2.0}, about("visits"))
    '少跑2次'
    >>> row = {"kind": "days", "gain": 0.0072}
    >>> effect_text(row, about("time_compression")), effect_text(row, about("visit_share"))
    ('提升0.72点', '下降0.72点')
    """
    if row["kind"] == "visits" and one.unit == "visits":
        return f"少跑{wording.plain(row['change_by'])}次"
    return wording.in_points(gain_text(row["gain"], one))


def gain_text(gain: float, one: Indicator) -> str:
    """Return by how much an indicator gets better, in the direction its number then takes.

    >>> gain_text(0.5, about("online")), gain_text(0.5, about("visits")), gain_text(0.5, about("promised_days"))
    ('提升50.00个百分点', '减少0.5000次', '缩短0.50个工作日')
    """
    return ("提升" if one.sign > 0 else UNITS[one.unit].down) + wording.difference(gain, one.unit)
