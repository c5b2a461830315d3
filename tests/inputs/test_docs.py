"""docs/rules.md and docs/columns.md are made from the code; this file writes them when run as a script."""

from __future__ import annotations

import re
from pathlib import Path

from zjanalysis.columns import FINDING_COLUMNS, ITEM_COLUMNS, TABLES, Column
from zjanalysis.inputs.findings import LEVELS, RULES
from zjanalysis.inputs.reference import read_reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SCOPES = {"layout": "文件、工作表和列", "cell": "单元格", "row": "一行之内", "table": "整张表", "reported": "上报数据（reported.xlsx）",
          "weights": "指标权重", "history": "历史数（history.csv）", "successions": "承接表（successions.csv）",
          "cases": "办件（每个地区一条）"}  # fmt: skip


def rules_page() -> str:
    """Return docs/rules.md: every rule with its level, its sentence and what to do."""
    lines = [
        "# 核对规则",
        "",
        "本页由 `zjanalysis/reference/rules.csv` 生成（`python tests/inputs/test_docs.py`），请勿手改。",
        "",
        "级别：**错误**，该格的内容没有使用，或该行没有计入；**警告**，多半不对，请核对；**提示**，知道即可。",
        "句中的 `{value}` 是原格内容，`{other}` 是与它不符的内容，`{header}` 是列名；办件的 `{value}` 多是件数。",
    ]
    for scope, title in SCOPES.items():
        lines += ["", f"## {title}", "", "| 规则 | 名称 | 级别 | 该行 | 问题 | 处理建议 |", "|---|---|---|---|---|---|"]
        lines += [
            f"| `{r.key}` | {r.title} | {r.level} | {'计入' if r.used else '不计入'} | {r.message} | {r.action} |"
            for r in RULES.values()
            if r.scope == scope
        ]
    return "\n".join(lines) + "\n"


def _table(columns: tuple[Column, ...]) -> list[str]:
    rows = [f"| `{c.key}` | {c.label} | {c.kind} | {c.unit} | {c.note} | {'、'.join(c.aliases)} |" for c in columns]
    return ["", "| 列 | 名称 | 内容 | 单位 | 说明 | 认得的表头 |", "|---|---|---|---|---|---|", *rows]


def columns_page() -> str:
    """Return docs/columns.md: every column of items and findings with the headers that mean it."""
    lines = [
        "# 列",
        "",
        "本页由 `zjanalysis/reference/columns.csv` 生成（`python tests/inputs/test_docs.py`），请勿手改。",
        "认表头时不计大小写、空格、换行和括号的全半角；末尾括号里的字可有可无。",
        "",
        "## 事项（工作簿里的列）",
        *_table(ITEM_COLUMNS),
        "",
        "## 事项（核对后得出的列）",
        *_table(TABLES["derived"]),
        "",
        "## 核对结果",
        *_table(FINDING_COLUMNS),
    ]
    return "\n".join(lines) + "\n"


PAGES = {"rules.md": rules_page, "columns.md": columns_page}


def test_the_pages_are_in_step() -> None:
    for name, page in PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == page(), "run: python tests/inputs/test_docs.py"


def test_every_rule_is_used_and_every_used_rule_is_written() -> None:
    rooms = (ROOT / "zjanalysis" / room for room in ("inputs", "cases"))
    source = "".join(path.read_text(encoding="utf-8") for room in rooms for path in room.glob("*.py"))
    for key in RULES:
        side = re.sub("^(statutory|promised)_", "", key)
        assert f'"{key}"' in source or f'{{side}}_{side}"' in source, key


def test_rules_are_complete() -> None:
    assert len(RULES) == len(read_reference("rules"))
    for rule in RULES.values():
        assert rule.level in LEVELS
        assert rule.scope in SCOPES
        assert rule.message.endswith(("。", "}"))
        assert set(re.findall(r"\{(\w+)\}", rule.message + rule.action)) <= {"value", "other", "header"}


def test_no_header_is_claimed_twice_by_accident() -> None:
    claims: dict[str, set[str]] = {}
    for column in ITEM_COLUMNS:
        for spelling in (column.label, *column.aliases):
            claims.setdefault(spelling.lower(), set()).add(column.key)
    twice = {spelling: keys for spelling, keys in claims.items() if len(keys) > 1}
    assert twice == {"handle_type": {"handling_type", "handle_form"}}  # the values decide


if __name__ == "__main__":
    for file, make in PAGES.items():
        (DOCS / file).write_text(make(), encoding="utf-8", newline="\n")
