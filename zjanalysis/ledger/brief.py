"""通报 of a month: how the ledger stands, what moved, who is ahead, what is overdue and whose, what is to be done.

A document in the form of GB/T 9704, every unit and item by name. It counts and lists; blame is for people to lay.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from zjanalysis.columns import Column, label
from zjanalysis.display.blocks import Block, listing, say
from zjanalysis.display.document import make_document
from zjanalysis.display.tables import Table, table
from zjanalysis.display.wording import listed, number
from zjanalysis.inputs.office_table import days
from zjanalysis.inputs.regions import region_name, report_units
from zjanalysis.ledger import analysis
from zjanalysis.ledger.analysis import OVERDUE, QUIET, REACHED, SOON
from zjanalysis.ledger.display import day_text, worded
from zjanalysis.ledger.inputs import office_of, today
from zjanalysis.ledger.papers import ANSWER, numbered
from zjanalysis.ledger.reading import LedgerFile
from zjanalysis.ledger.rows import is_own
from zjanalysis.ledger.state import HELD, Status, standing
from zjanalysis.ledger.views import counts_sentence

NEW = "（新增）"
TITLE = "数字政府改革建设整改台账情况通报"
PLACES = 3  # how many places the sentence on who is ahead names
STANDING = ("unit_name", "n_rows", "n_met", "n_closed", "n_overdue", Column("met_share", "达标率", "share"))
"""The columns of the table of units; a county's begins with its place."""
GROUPED = (Column("problem", "事项"), Column("deadline", "完成时限"), Column("units", "责任单位"),
           Column("n_rows", "项数", "count", unit="项"))  # fmt: skip


def brief(file: LedgerFile, *, on: str | date, city: str, office: str) -> tuple[list[Block | str], bytes]:
    """Return the 通报 of the month of ``on`` up to that day: its parts, and the document they make.

    ``office`` issues it; ``city`` says whose counties are compared.
    """
    now, day = standing(file, on=on), today(on)
    short = {office_of(code): region_name(code) for code in report_units(city)}
    due = analysis.split_units(worded(analysis.due(now))).replace({"unit_name": short})
    parts: list[Block | str] = [say(counts_sentence(now), _movement(now, month_start(file, day)))]
    parts += ["各单位进展", *_units(now, short)]
    for why, title in ((OVERDUE, "逾期事项"), (SOON, "30天内到期的事项")):
        rows = due[due["why_due"] == why]
        if len(rows):
            parts += [title, listing(_by_item(rows, title, [*short.values()]), _who(rows))]
    parts += ["下一步要求", *(say(text) for text in _orders(due) if text)]
    cover = {"title": f"{TITLE}（{day.year}年{day.month}月）", "sample": file.is_sample,
             "source": f"数据来源：整改台账，截至{day_text(day)}"}  # fmt: skip
    return parts, make_document(numbered(parts), cover, office=office, date=f"{day:%Y-%m-%d}")


def month_start(file: LedgerFile, day: pd.Timestamp) -> pd.DataFrame:
    """Return the rows there were before the month of a day with their states then, by the change log."""
    dated = file.log.assign(day=days(file.log["changed_on"]))
    month = dated[dated["day"] >= day.replace(day=1)]
    added = month.loc[month["new"] == "新增一行", "ledger_id"]
    first = month[month["column"] == label("status", "ledger")].drop_duplicates("ledger_id")
    states = dict(zip(first["ledger_id"], first["old"], strict=True))
    before = file.memory[~file.memory["ledger_id"].isin(added)]
    was = [states.get(key, state) for key, state in zip(before["ledger_id"], before["status"], strict=True)]
    return before.assign(status=pd.Series(was, index=before.index, dtype="str"))


def _movement(now: pd.DataFrame, before: pd.DataFrame) -> str:
    """Say how many rows came to a state this month, and where values fell back, by name."""
    if before.empty:
        return "台账本月建立，没有上月可比。"
    rows = analysis.moved(now, before)
    rows = rows[rows["status_before"] != NEW]
    words = {Status.REACHED: "新达标", Status.CLOSED: "新销号", Status.OVERDUE: "新逾期"}
    said = [f"{word}{n}项" for state, word in words.items() if (n := int((rows["status"] == state).sum()))]
    well = [Status.REACHED, Status.CLOSED]
    fell = rows[rows["status_before"].isin(well) & ~rows["status"].isin(well)]
    names = listed(fell["region"].fillna("") + "“" + fell["problem"].fillna("") + "”", limit=5, of="项")
    told = f"本月{'，'.join(said)}。" if said else "本月没有新达标、新销号或新逾期的事项。"
    return told + (f"数值回落、重新整改的{len(fell)}项：{names}。" if len(fell) else "")


def _units(now: pd.DataFrame, short: dict[str, str]) -> list[Block]:
    """Compare the counties, whose rows are the same rows of the plan; list other units without a place.

    What a county added itself and what is only registered do not count. ``short`` names the counties' governments.
    """
    judged = now[~is_own(now) & now["comparison"].fillna("").ne("record")]
    counts = analysis.by_unit(judged)
    counts = counts.assign(met_share=counts["n_met"] / counts["n_rows"])
    counties, order = counts["unit_name"].isin(list(short)), list(short.values())
    ranked = counts[counties].replace({"unit_name": short})
    ranked = ranked.sort_values("unit_name", key=lambda names: names.map(order.index))
    ranked = ranked.sort_values("met_share", ascending=False, kind="stable")
    ranked = ranked.assign(place=ranked["met_share"].rank(ascending=False, method="min").astype("int64"))
    note = "达标率＝已达标（含已销号）÷事项；只计方案事项，各县（市、区）相同；比率相同的位次并列。"
    shown = table(ranked, caption="各县（市、区）台账进展", columns=(Column("place", "位次", "count"), *STANDING),
                  note=note, sheet="县区")  # fmt: skip
    blocks = [listing(shown, _ahead(ranked))] if len(ranked) else []
    others = table(counts[~counties], caption="市直单位台账进展", columns=STANDING, sheet="市直",
                   note="各单位牵头的事项不同，不排位次；几个单位牵头的，各计一次。")  # fmt: skip
    return [*blocks, listing(others)]


def _ahead(ranked: pd.DataFrame) -> str:
    """Say which counties have met the most, and which have nothing overdue."""
    first = ranked[ranked["place"] <= PLACES]
    if ranked["place"].nunique() == 1:
        said = f"各县（市、区）达标率都是{number(100 * ranked['met_share'].iloc[0])}%。"
    else:
        names = [f"{name}（{met}/{n}，{number(100 * met / n)}%）"
                 for name, met, n in zip(first["unit_name"], first["n_met"], first["n_rows"], strict=True)]  # fmt: skip
        said = f"达标率居前的是{listed(names)}。"
    clean = ranked.loc[ranked["n_overdue"] == 0, "unit_name"]
    return said + (f"没有逾期事项的是{listed(clean)}。" if len(clean) else "各县（市、区）都有逾期事项。")


def _by_item(rows: pd.DataFrame, title: str, counties: list[str]) -> Table:
    """Return one row per item of the plan and deadline, the earliest first: the units it is still open with."""

    def units(names: pd.Series) -> str:
        every = list(dict.fromkeys(names))
        whole = set(counties) <= set(every)
        others = [name for name in every if name not in counties] if whole else every
        return listed([*others, "各县（市、区）"] if whole else others)

    plain = rows["problem"].fillna("").str.removesuffix(HELD)
    grouped = rows.assign(problem=plain).groupby(["problem", "deadline"], sort=False)
    items = grouped.agg(units=("unit_name", units), n_rows=("ledger_id", "nunique"),
                        days_left=("days_left", "min")).reset_index()  # fmt: skip
    items = items.sort_values(["days_left", "n_rows"], ascending=[True, False], kind="stable")
    return table(items, caption=title, columns=GROUPED, sheet=title)


def _who(rows: pd.DataFrame) -> str:
    """Say how many rows each unit has, the most first, and how many of them have no figure."""
    each = rows["unit_name"].value_counts(sort=True)
    ids = rows.drop_duplicates("ledger_id")
    blank = int((ids["current"].isna() & ids["unit"].ne("typed")).sum())
    unknown = f"其中{blank}项本期没有数据，不能判断是否达标。" if blank else ""
    names = listed(f"{unit}{n}项" for unit, n in each.items())
    return f"共{len(ids)}项，涉及{len(each)}个单位：{names}。{unknown}"


def _orders(due: pd.DataFrame) -> list[str]:
    """Say what the units are to do, by name."""

    def units(why: str) -> str:
        each = due.loc[due["why_due"] == why, "unit_name"].value_counts()
        return listed(f"{unit}（{n}项）" for unit, n in each.items())

    late, soon, quiet, reached = (units(why) for why in (OVERDUE, SOON, QUIET, REACHED))
    return [
        f"有逾期事项的单位，{ANSWER}" if late else "",
        f"30天内到期的，请{soon}倒排工期，按时完成。" if soon else "",
        f"60天以上没有写进展的，请{quiet}尽快开展，并把进展写入台账。" if quiet else "",
        f"已达标、尚未销号的，请{reached}补齐佐证、填写销号日期。" if reached else "",
        "各单位的事项、目标值和当前值见本单位督办单。" if len(due) else "目前没有需要督办的事项。",
    ]
