"""docs/indicators.md is made from the registry; this file writes it when run as a script and holds it in step."""

from __future__ import annotations

from pathlib import Path

from zjanalysis.analysis.registry import ITEM_INDICATORS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "indicators.md"
HEAD = """# 指标口径

由 `zjanalysis/analysis/registry.py` 生成，请勿手工修改：`python tests/analysis/test_indicators_doc.py`。

每个指标都是“逐行求和之比”：数值 = Σ分子 ÷ Σ分母。缺数值的事项剔除并按原因计数，不作 0。只计“在用”且为最新版本的事项；
默认层级为市（3）、县（4），事项类型见表。时限按工作日折算（折算系数见设置）。
承诺时限超过法定时限的照常计入（不截断），并列为问题。

- 时限压缩率、平均承诺时限用同一批事项：法定、承诺时限都可用的。无法定时限、法定时限为 0、哨兵值、单位不明、套餐服务，
  剔除并说明。
- 即办率的“面向自然人或法人”取自服务对象；服务对象未填的许可照常计入，因行政许可依法均面向公民、法人或其他组织；
  只面向行政机关等的剔除在口径之外。
- 一窗受理率只计依申请事项；“是否依申请”未填时，行政许可视为依申请，其他类型不计入。
- 套餐服务只在时限指标里剔除；一窗受理率、预约办理率等其他指标照常计入。
- “高于／低于兄弟地市”：公布值与全组（含本地区）的中位数比，是为达标；同事项可比的判断（优于、相当、落后）另列，
  两者都给出位次（docs/decisions/0012-one-verdict.md）。
- 同事项比较先在每个地区内按基本编码取平均，再比较（docs/decisions/0012-one-verdict.md）。
- 全市＝市本级与全部县（市、区）的分子、分母各自相加，跨地区不折叠：十个县各列一次的事项计十次。一个县（市、区）没有数据就不合计；
  只在县（市、区）齐全的地市之间排位次，不列目标，不作判断，不与市本级混用（docs/decisions/0016-whole-city.md）。

| 键 | 名称 | 计算 | 事项类型 | 方向 | 目标 | 依据 |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the page: one table row per indicator."""
    rows = (
        f"| `{i.key}` | {i.label} | {i.definition} | {'、'.join(i.item_types) or '全部类型'} "
        f"| {'越高越好' if i.better == 'higher' else '越低越好'} | {i.target_text or '—'} | {i.basis} |"
        for i in ITEM_INDICATORS
    )
    return HEAD + "\n".join(rows) + "\n"


def test_the_page_is_in_step_with_the_registry() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/analysis/test_indicators_doc.py"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
