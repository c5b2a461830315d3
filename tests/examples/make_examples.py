"""Write the worked examples: small workbooks whose formulas a statistician can read and recompute.

``python tests/examples/make_examples.py`` writes them anew; tests/analysis/test_examples.py holds them in step and
compares what their formulas give with what the library gives. 事项 holds the inputs, 计算 the formulas.
"""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

HERE = Path(__file__).resolve().parent
Sheet = list[list[object]]
RESULT = ["结果", "键", "数值（公式）", "公式"]


def results(*lines: tuple[str, str, str]) -> Sheet:
    """Give result rows: what, key, formula, and the formula once more as text."""
    return [RESULT, *([what, key, formula, f"公式：{formula[1:]}"] for what, key, formula in lines)]


def one_city() -> dict[str, Sheet]:
    head = ["行政区划代码", "匹配键", "事项名称", "法定时限", "承诺时限", "到办事现场次数", "办件类型"]
    items: Sheet = [
        head,
        ["440800", "A", "甲", 20, 5, 0, "承诺件"],
        ["440800", "B", "乙", 10, 10, 1, "承诺件"],
        ["440800", "C", "丙", 5, 0, 2, "即办件"],
        ["440800", "D", "丁（承诺超过法定，照常计入）", 15, 18, 0, "承诺件"],
        ["440800", "E", "戊", 60, 12, 0, "即办件"],
    ]
    return {
        "说明": [["一个地区的指标：每个指标都是两个合计之比"], ["改“事项”里的数，“计算”随之变动"]],
        "事项": items,
        "计算": results(
            ("时限压缩率（总量口径）", "time_compression", "=SUMPRODUCT(事项!D2:D6-事项!E2:E6)/SUM(事项!D2:D6)"),
            (
                "时限压缩率（事项均值口径）",
                "time_compression_mean",
                "=SUMPRODUCT(1-事项!E2:E6/事项!D2:D6)/COUNT(事项!D2:D6)",
            ),
            ("平均承诺办理时限", "promised_days", "=SUM(事项!E2:E6)/COUNT(事项!E2:E6)"),
            ("平均跑动次数", "visits", "=SUM(事项!F2:F6)/COUNT(事项!F2:F6)"),
            ("跑动率", "visit_share", '=COUNTIF(事项!F2:F6,">=1")/COUNT(事项!F2:F6)'),
            ("最多跑一次率", "at_most_once", '=COUNTIF(事项!F2:F6,"<=1")/COUNT(事项!F2:F6)'),
            ("零跑动率", "zero_visit", '=COUNTIF(事项!F2:F6,"=0")/COUNT(事项!F2:F6)'),
            ("即办率", "instant", '=COUNTIF(事项!G2:G6,"=即办件")/COUNT(事项!F2:F6)'),
        ),
    }


def same_items() -> dict[str, Sheet]:
    head = ["行政区划代码", "匹配键", "事项名称", "法定时限", "承诺时限", "到办事现场次数"]
    items: Sheet = [
        head,
        ["440800", "A", "甲", 20, 10, 1],
        ["440800", "B", "乙（办理项一）", 30, 4, 0],
        ["440800", "B", "乙（办理项二）", 30, 2, 1],
        ["440800", "C", "丙", 5, 5, 0],
        ["440900", "A", "甲", 2000, 4, 0],
        ["440900", "B", "乙", 36, 9, 0],
        ["440900", "D", "丁", 60, 1, 0],
        ["441700", "A", "甲", 20, 8, 0],
    ]
    steps: Sheet = [
        RESULT,
        ["共同法定时限 A（三地中位数，一地的笔误 2000 不起作用）", "limit_A", "=MEDIAN(事项!D2,事项!D6,事项!D9)", ""],
        ["共同法定时限 B（先折叠湛江的两个办理项）", "limit_B", "=MEDIAN(AVERAGE(事项!D3:D4),事项!D7)", ""],
        ["湛江，同事项 A、B", "value", "=1-(事项!E2+AVERAGE(事项!E3:E4))/(C2+C3)", ""],
        ["茂名，同事项 A、B", "peer_value", "=1-(事项!E6+事项!E7)/(C2+C3)", ""],
        ["差距（正为领先）", "difference", "=C4-C5", ""],
        ["覆盖率：同事项 2 个 ÷ 湛江 3 个", "coverage", "=2/3", ""],
        ["湛江对阳江，只有 A", "value_second", "=1-事项!E2/C2", ""],
        ["阳江，只有 A", "peer_value_second", "=1-事项!E9/C2", ""],
        ["湛江跑动次数，同事项 A、B", "visits", "=(事项!F2+AVERAGE(事项!F3:F4))/2", ""],
    ]
    written = [RESULT, *([row[0], row[1], row[2], f"公式：{str(row[2])[1:]}"] for row in steps[1:])]
    return {"说明": [["同事项可比：基本编码相同的事项，统一法定时限"]], "事项": items, "计算": written}


def gap() -> dict[str, Sheet]:
    items: Sheet = [
        ["行政区划代码", "匹配键", "事项名称", "法定时限", "承诺时限"],
        ["440800", "A", "甲", 20, 10],
        ["440800", "B", "乙", 30, 3],
        ["440800", "C", "丙", 50, 5],
        ["440900", "A", "甲", 20, 4],
        ["440900", "B", "乙", 60, 9],
        ["440900", "D", "丁", 20, 2],
    ]
    return {
        "说明": [
            ["差距分解：结构＋水平＋覆盖＝差距"],
            ["w＝该事项法定时限占同事项合计的比重，r＝该事项的压缩率；撇号是对方"],
        ],
        "事项": items,
        "计算": results(
            ("w(A)", "w_A", "=事项!D2/(事项!D2+事项!D3)"),
            ("w(B)", "w_B", "=事项!D3/(事项!D2+事项!D3)"),
            ("w'(A)", "w_other_A", "=事项!D5/(事项!D5+事项!D6)"),
            ("w'(B)", "w_other_B", "=事项!D6/(事项!D5+事项!D6)"),
            ("r(A)", "r_A", "=1-事项!E2/事项!D2"),
            ("r(B)", "r_B", "=1-事项!E3/事项!D3"),
            ("r'(A)", "r_other_A", "=1-事项!E5/事项!D5"),
            ("r'(B)", "r_other_B", "=1-事项!E6/事项!D6"),
            ("结构", "结构", "=(C2-C4)*(C6+C8)/2+(C3-C5)*(C7+C9)/2"),
            ("水平", "水平", "=(C6-C8)*(C2+C4)/2+(C7-C9)*(C3+C5)/2"),
            ("湛江全部事项", "value", "=1-SUM(事项!E2:E4)/SUM(事项!D2:D4)"),
            ("茂名全部事项", "peer_value", "=1-SUM(事项!E5:E7)/SUM(事项!D5:D7)"),
            ("湛江同事项", "shared", "=1-SUM(事项!E2:E3)/SUM(事项!D2:D3)"),
            ("茂名同事项", "shared_other", "=1-SUM(事项!E5:E6)/SUM(事项!D5:D6)"),
            ("覆盖", "覆盖", "=(C12-C14)-(C13-C15)"),
            ("差距", "gap", "=C12-C13"),
            ("三部分之和减差距，应为 0", "check", "=C10+C11+C16-C17"),
        ),
    }


def reduction() -> dict[str, Sheet]:
    items: Sheet = [
        ["行政区划代码", "匹配键", "事项名称", "实施主体", "法定时限", "承诺时限"],
        ["440800", "A", "甲", "局一", 20, 10],
        ["440800", "B", "乙", "局一", 30, 12],
        ["440800", "C", "丙", "局二", 40, 8],
        ["440800", "D", "丁", "局二", 10, 9],
        ["440900", "A", "甲", "局甲", 20, 2],
        ["440900", "B", "乙", "局甲", 30, 10],
        ["440900", "C", "丙", "局甲", 40, 8],
        ["441700", "A", "甲", "局乙", 20, 4],
        ["441700", "B", "乙", "局乙", 30, 3],
        ["441700", "C", "丙", "局乙", 40, 2],
    ]
    return {
        "说明": [["压减方案：可压天数＝现承诺−兄弟地区同一事项的最短承诺，从大到小取，直到目标"], ["目标：0.78"]],
        "事项": items,
        "计算": results(
            ("现值", "value", "=1-SUM(事项!F2:F5)/SUM(事项!E2:E5)"),
            ("甲可压天数", "room_A", "=事项!F2-MIN(事项!F6,事项!F9)"),
            ("乙可压天数", "room_B", "=事项!F3-MIN(事项!F7,事项!F10)"),
            ("丙可压天数", "room_C", "=事项!F4-MIN(事项!F8,事项!F11)"),
            ("第一步：最大的一项", "cumulative_1", "=C2+MAX(C3:C5)/SUM(事项!E2:E5)"),
            ("第二步：第二大的一项", "cumulative_2", "=C6+LARGE(C3:C5,2)/SUM(事项!E2:E5)"),
            ("第三步：第三大的一项（可达到的最优）", "best_reachable", "=C7+LARGE(C3:C5,3)/SUM(事项!E2:E5)"),
            ("达到 0.78 需要的步数", "n_steps", "=1+IF(C6>=0.78-0.000000001,0,1)+IF(C7>=0.78-0.000000001,0,1)"),
            ("茂名", "440900", "=1-SUM(事项!F6:F8)/SUM(事项!E6:E8)"),
            ("阳江", "441700", "=1-SUM(事项!F9:F11)/SUM(事项!E9:E11)"),
            ("走完两步后的位次", "rank", "=1+IF(ROUND(C10,4)>ROUND(C7,4),1,0)+IF(ROUND(C11,4)>ROUND(C7,4),1,0)"),
        ),
    }


EXAMPLES = {
    "indicators.xlsx": one_city,
    "like_for_like.xlsx": same_items,
    "gap_split.xlsx": gap,
    "plan.xlsx": reduction,
}


def write(path: Path, sheets: dict[str, Sheet]) -> None:
    """Write one workbook; the last column of 计算 shows each formula as text."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for column in range(1, sheet.max_column + 1):
            sheet.column_dimensions[get_column_letter(column)].width = 18 if column < 4 else 60
    book.save(path)


if __name__ == "__main__":
    for name, example in EXAMPLES.items():
        write(HERE / name, example())
