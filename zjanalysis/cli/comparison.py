"""``zj compare``, ``zj plan`` and ``zj diff``: where a region stands, what it would take, what has changed."""

from __future__ import annotations

import argparse
from pathlib import Path

from zjanalysis.analysis.basket import DECIDING, robust
from zjanalysis.analysis.change import change, change_split, item_changes
from zjanalysis.analysis.compare import compare as compare_scores
from zjanalysis.analysis.frontier import Conditions
from zjanalysis.analysis.indicators import Indicator, Scope, indicator, measure
from zjanalysis.analysis.plan import Plan
from zjanalysis.analysis.plan import plan as make_plan
from zjanalysis.analysis.tasks import after_answers, judge_answers, task_list
from zjanalysis.cli.chinese import listed
from zjanalysis.cli.output import print_table, save
from zjanalysis.display import sections_compare as sections
from zjanalysis.display import wording
from zjanalysis.display.exhibits_compare import steps_table
from zjanalysis.display.tables import Table, table
from zjanalysis.display.task_workbook import write_tasks
from zjanalysis.errors import ConfigError
from zjanalysis.inputs.period import Period, load_period
from zjanalysis.inputs.regions import is_county, peers_of, region_code, region_name
from zjanalysis.inputs.task_file import read_answers
from zjanalysis.settings import load_settings

GAPS = ("indicator", "value", "rank", "n_ranked", "best", "best_region", "median", "gap_to_median", "gap_to_best",
        "meets_target", "verdict")  # fmt: skip


def compare(arguments: argparse.Namespace) -> int:
    """Print where a region stands among its peers, as listed and like for like."""
    period, code, rivals, scope = _place(arguments)
    wanted = [indicator(arguments.indicator)] if arguments.indicator else None
    scores = measure(period.items, scope=scope)
    gaps = compare_scores(scores, region=code, peers=rivals, county=is_county(code))
    gaps = gaps[gaps["indicator"] == wanted[0].key] if wanted else gaps
    shown = table(gaps, caption=f"{region_name(code)}与{len(rivals)}个地区比较", columns=GAPS)
    _head(period, code, rivals)
    print_table(shown)
    deciding: tuple[Indicator | str, ...] = tuple(wanted or DECIDING)
    settled = robust(period.items, region=code, peers=rivals, indicators=deciding, scope=scope)
    print("\n同事项可比：")
    print_table(sections.verdict_table(settled))
    print(sections.verdict_sentence(settled))
    weighted = sections.caseload_table(period, region=code, peers=rivals, scope=scope, indicators=deciding)
    if isinstance(weighted, Table):
        print(f"\n{weighted.caption}：")
        print_table(weighted)
        print(weighted.note)
    if arguments.out:
        save(gaps, shown, Path(arguments.out), title=f"{region_name(code)}比较")
    return 0


def plan(arguments: argparse.Namespace) -> int:
    """Print the fewest items to change for a target; write the task list, or read the answers back."""
    period, code, rivals, scope = _place(arguments)
    one = indicator(arguments.indicator)
    if arguments.apply:
        return _apply(period, Path(arguments.apply), rivals, scope)
    most = arguments.max_per_department
    if most is not None and most < 1:
        raise ConfigError("--max-per-department 至少为 1。", "不写即不限。")
    conditions = Conditions(min_peers=arguments.min_peers, floor=arguments.floor, max_per_department=most,
                            locked=listed(arguments.lock), scope=scope)  # fmt: skip
    found = make_plan(period.items, region=code, peers=rivals, indicator=one, target=_target(arguments.target),
                      conditions=conditions)  # fmt: skip
    _head(period, code, rivals)
    _say(found, one)
    if arguments.out:
        tasks = task_list(found.steps, due=arguments.due)
        path = Path(arguments.out)
        if path.suffix.lower() != ".xlsx":
            raise ConfigError(f"任务清单是工作簿，“{path.name}”应以 .xlsx 结尾。", "例如 --out 任务清单.xlsx。")
        write_tasks(tasks, path, title=f"{region_name(code)}{one.short}提升任务清单",
                    sample=period.dataset.kind == "sample")  # fmt: skip
        print(f"已写入 {path}；收回后用 zj plan {code} --indicator {one.key} --apply 文件 查看效果。")
    return 0


def _say(found: Plan, one: Indicator) -> None:
    """Print what the plan reaches, with how few items, or what stands in the way."""
    row, amount = found.summary.iloc[0], wording.amount
    print(f"{one.short}现为{amount(row['value'], one.unit)}（第{row['rank_before']}位），目标"
          f"{'越过' if row['past'] else '达到'}{amount(row['target'], one.unit)}。")  # fmt: skip
    if row["reached"]:
        print(f"最少改 {row['n_steps']} 项，可达{amount(row['reached_value'], one.unit)}（第{row['rank_after']}位）。")
    else:
        print(f"目标达不到：全部 {row['n_possible']} 项可改事项改完，最好到{amount(row['best_reachable'], one.unit)}。")
        print_table(sections.obstacles_table(found.obstacles, indicator=one.key))
    if len(found.steps):
        print_table(steps_table(found.steps, one.short, one.unit), limit=20)


def diff(arguments: argparse.Namespace) -> int:
    """Print what moved between two periods of a region, split into items added, removed and changed."""
    settings = load_settings()
    before, now = (load_period(arguments.data, name) for name in (arguments.before, arguments.now))
    code = region_code(arguments.region) if arguments.region else settings.focus
    scope = Scope(now.dataset.item_types, now.dataset.use_levels)
    moved = change(measure(now.items, scope=scope), measure(before.items, scope=scope))
    own = moved[moved["region_code"] == code]
    shown = table(own, caption="指标变化", columns=("indicator", "previous", "value", "change", "trend"))
    print(f"{region_name(code)}：{before.name} → {now.name}")
    print_table(shown)
    parts = change_split(now.items, before.items, region=code, indicator="time_compression", scope=scope)
    for part in parts.to_dict("records"):
        print(
            f"  时限压缩率·{part['part']}：{wording.signed(part['contribution'], 'share')}（{part['n_codes']}个编码）"
        )
    print_table(sections.item_changes_table(item_changes(now.items, before.items, region=code, scope=scope),
                                            region=code), limit=30)  # fmt: skip
    if arguments.out:
        save(own, shown, Path(arguments.out), title=f"{region_name(code)}指标变化")
    return 0


def _apply(period: Period, path: Path, rivals: tuple[str, ...], scope: Scope) -> int:
    """Say what the returned answers come to."""
    judged = judge_answers(period.items, read_answers(path))
    counted = judged["answer_state"].value_counts()
    print("反馈：" + "，".join(f"{state}{n}项" for state, n in counted.items()))
    after = after_answers(period.items, judged, peers=rivals, scope=scope)
    print_table(table(after, caption="落实后", columns=("indicator", "stage", "value", "rank", "n_ranked", "n_tasks")))
    return 0


def _place(arguments: argparse.Namespace) -> tuple[Period, str, tuple[str, ...], Scope]:
    code = region_code(arguments.place)
    period = load_period(arguments.data, arguments.period)
    scope = Scope(period.dataset.item_types, period.dataset.use_levels)
    if code not in set(period.items["region_code"]):
        raise ConfigError(
            f"{period.name}的数据里没有{region_name(code)}。", "请用 zj list 查看有哪些地区，或换一个 --data。"
        )
    return period, code, peers_of(code, arguments.peers), scope


def _target(given: str) -> float | str:
    """Read a target: 93% and 0.93 are numbers, every other word is passed on."""
    text = given.strip()
    try:
        return float(text[:-1]) / 100 if text.endswith(("%", "％")) else float(text)
    except ValueError:
        return text


def _head(period: Period, code: str, rivals: tuple[str, ...]) -> None:
    sample = "（示例数据，模拟）" if period.dataset.kind == "sample" else ""
    print(f"{region_name(code)} · {period.name}{sample} · 截止 {period.cutoff} · 比较对象 {len(rivals)} 个")
