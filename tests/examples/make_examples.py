"""Write the worked examples: small workbooks whose formulas a statistician can read and recompute.

``python tests/examples/make_examples.py`` writes them anew; tests/analysis/test_examples.py holds them in step and
compares what their formulas give with what the library gives. 事项 holds the inputs, 计算 the formulas.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

HERE = Path(__file__).resolve().parent
Sheet = list[list[object]]
RESULT = ["结果", "键", "数值（公式）", "公式"]


def results(*lines: tuple[str, str, str]) -> Sheet:
    """Return result rows: what, key, formula, and the formula once more as text."""
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


COUNTIES = ("440823", "440825", "440881", "440882")
LIMITS = (20, 30, 10, 60, 15, 20, 45, 30, 90, 20, 10, 5)
PROMISES = {
    "440823": (2, 3, 1, 8, 2, 2, 5, 4, 9, 3, 1, 1), "440825": (7, 11, 4, 20, 5, 7, 15, 12, 28, 8, 4, 2),
    "440881": (6, 10, 3, 17, 4, 6, 14, 9, 30, 6, 3, 2), "440882": (5, 8, 3, 15, 5, 4, 12, 8, 24, 5, 2, 1),
}  # fmt: skip
FIRST, LAST = 2, 13
"""The rows of the codes on the sheet 表."""


def two_way(*, missing: bool) -> dict[str, Sheet]:
    """The two-way model, its interval and the verdict of the first county; ``missing``: two cells are not listed."""
    gone = {("440881", 8), ("440882", 3)} if missing else set()
    items: Sheet = [["行政区划代码", "匹配键", "事项名称", "法定时限", "承诺时限", "行使层级"]]
    at: dict[tuple[str, int], int] = {}
    for county in COUNTIES:
        for code, limit in enumerate(LIMITS):
            if (county, code) not in gone:
                at[county, code] = len(items) + 1
                items.append([county, f"C{code + 1:02d}", f"事项{code + 1}", limit, PROMISES[county][code], "4"])
    return {
        "说明": [
            ["同事项可比的判断：双因素模型（事项效应＋地区效应），最小二乘，权数＝共同法定时限"],
            ["“表”：每行一个事项。值＝1−承诺÷法定；列＝1为列有，0为没有列（值记0，不起作用）"],
            [
                "本地区是第一个（440823），它与其余三地中效应居中的一个（440881）比；第四个（440882）的效应定为0，再减平均"
            ],
            ["贡献之和＝差距；影响＝残差的贡献÷（1−杠杆），即去掉该事项差距变多少（刀切法）"],
            ["方差＝刀切方差＋最大贡献的平方；自由度＝折合事项数−1，TINV 只取整数，这里按 1/自由度 插值"],
        ],
        "事项": items,
        "表": [_HEAD, *(_code_row(code, at) for code in range(len(LIMITS)))],
        "计算": results(*_model(), *_interval()),
    }


_HEAD: list[object] = [
    "匹配键", "权数", "值1", "值2", "值3", "值4", "列1", "列2", "列3", "列4", "列有地区数", "平均", "矩1", "矩2", "矩3",
    "矩4", "贡献", "残差的贡献", "杠杆（未除）", "影响", "差别",
]  # fmt: skip


def _code_row(code: int, at: dict[tuple[str, int], int]) -> list[object]:
    """Return the row of one code on the sheet 表: values, who lists it, moments, contribution, influence."""
    row = code + FIRST
    places = [at.get((county, code)) for county in COUNTIES]
    values = [f"=1-事项!E{place}/B{row}" if place else 0 for place in places]
    listed = [int(place is not None) for place in places]
    moments = [f"=B{row}*{held}{row}*({value}{row}-L{row})" for held, value in zip("GHIJ", "CDEF", strict=True)]
    effects = f"(G{row}*计算!C15+H{row}*计算!C16+I{row}*计算!C17)"
    directions = f"(G{row}*计算!C24+H{row}*计算!C25+I{row}*计算!C26)"
    both = f"(G{row}*计算!C15*计算!C24+H{row}*计算!C16*计算!C25+I{row}*计算!C17*计算!C26)"
    squares = f"(G{row}*计算!C24*计算!C24+H{row}*计算!C25*计算!C25+I{row}*计算!C26*计算!C26)"
    return [
        f"C{code + 1:02d}", f"=事项!D{at['440823', code]}", *values, *listed, f"=SUM(G{row}:J{row})",
        f"=SUM(C{row}:F{row})/K{row}", *moments,
        f"=M{row}*计算!C24+N{row}*计算!C25+O{row}*计算!C26",
        f"=Q{row}-B{row}*({both}-{effects}*{directions}/K{row})",
        f"=B{row}*({squares}-{directions}*{directions}/K{row})",
        f"=R{row}/(1-S{row}/SUM(S{FIRST}:S{LAST}))",
        f"=MAX(Q{row},-Q{row})/B{row}",
    ]  # fmt: skip


def _column(letter: str) -> str:
    return f"表!{letter}{FIRST}:{letter}{LAST}"


def _det(a: str, b: str, c: str) -> str:
    """Write the determinant of three columns of three cells: each argument names the cells from the top."""
    (a1, a2, a3), (b1, b2, b3), (c1, c2, c3) = (column.split() for column in (a, b, c))
    return f"{a1}*({b2}*{c3}-{b3}*{c2})-{b1}*({a2}*{c3}-{a3}*{c2})+{c1}*({a2}*{b3}-{a3}*{b2})"


def _model() -> list[tuple[str, str, str]]:
    """Write the normal equations of the first three effects (the fourth is 0), solved by Cramer's rule."""
    weight, holders = _column("B"), _column("K")

    def normal(i: int, j: int) -> str:
        one, two = _column("GHI"[i]), _column("GHI"[j])
        shared = f"SUMPRODUCT({weight}*{one}*{two}/{holders})"
        return f"=SUMPRODUCT({weight}*{one})-{shared}" if i == j else f"=-{shared}"

    first, second, third, right = "C2 C3 C4", "C3 C5 C6", "C4 C6 C7", "C8 C9 C10"
    effect = [_det(right, second, third), _det(first, right, third), _det(first, second, right)]
    return [
        *(
            (f"法方程({i + 1},{j + 1})", f"n{i + 1}{j + 1}", normal(i, j)) for i in range(3) for j in range(i, 3)
        ),  # C2–C7
        *((f"右端{i + 1}", f"b{i + 1}", f"=SUM({_column('MNO'[i])})") for i in range(3)),  # C8–C10
        ("行列式", "det", f"={_det(first, second, third)}"),  # C11
        *((f"行列式（第{i + 1}列换为右端）", f"det{i + 1}", f"={effect[i]}") for i in range(3)),  # C12–C14
        *((f"效应{i + 1}（以第四个为0）", f"e{i + 1}", f"=C{12 + i}/C11") for i in range(3)),  # C15–C17
        ("四地效应的平均", "mean", "=(C15+C16+C17)/4"),  # C18
        *((f"效应：{county}", county, f"=C{15 + i}-C18" if i < 3 else "=0-C18") for i, county in enumerate(COUNTIES)),
        ("居中的是第三个：其余三地效应的中位数减它，应为0", "check_middle", "=MEDIAN(C20,C21,C22)-C21"),  # C23
    ]


def _interval() -> list[tuple[str, str, str]]:
    """Write the direction of first − third, the jackknife, the effective number, the interval and the word."""
    first, second, third, right = "C2 C3 C4", "C3 C5 C6", "C4 C6 C7", "1 0 (-1)"
    solved = [_det(right, second, third), _det(first, right, third), _det(first, second, right)]
    n, influence, apart, weight = LAST - FIRST + 1, _column("T"), _column("U"), _column("B")
    squares = f"SUMPRODUCT({influence}*{influence})-SUM({influence})*SUM({influence})/{n}"
    even = f"SUM({weight})*SUM({weight})/({n}*SUMPRODUCT({weight}*{weight}))"
    down, part = "ROUND(C31-0.5,0)", "(1/ROUND(C31-0.5,0)-1/C31)/(1/ROUND(C31-0.5,0)-1/(ROUND(C31-0.5,0)+1))"
    return [
        *((f"方向{i + 1}（第四个为0）", f"d{i + 1}", f"=({solved[i]})/C11") for i in range(3)),  # C24–C26
        ("差距：贡献之和", "difference", f"=SUM({_column('Q')})"),  # C27
        ("与两个效应之差比，应为0", "check_difference", "=C27-(C19-C21)"),  # C28
        ("方差", "variance", f"={n - 1}/{n}*({squares})+MAX(MAX({_column('Q')}),-MIN({_column('Q')}))*"
         f"MAX(MAX({_column('Q')}),-MIN({_column('Q')}))"),  # C29
        ("折合事项数", "n_effective", f"=SUM({apart})*SUM({apart})/SUMPRODUCT({apart}*{apart})*{even}"),  # C30
        ("自由度", "freedom", "=C30-1"),  # C31
        ("t 分布双侧5%点", "t", f"=TINV(0.05,{down})+({part})*(TINV(0.05,{down}+1)-TINV(0.05,{down}))"),  # C32
        ("区间下限", "low", "=C27-C32*SQRT(C29)"),  # C33
        ("区间上限", "high", "=C27+C32*SQRT(C29)"),  # C34
        ("判断：1 优于，0 相当，−1 落后，9 不作判断（折合不足5个）", "verdict",
         "=IF(C30<5,9,IF((C33>0)*(C27>=0.005),1,IF((C34<0)*(C27<=-0.005),-1,0)))"),  # C35
        ("只在满表时：权数平均之差，应等于差距", "standardised",
         f"=SUMPRODUCT({weight}*({_column('C')}-{_column('E')}))/SUM({weight})"),  # C36
    ]  # fmt: skip


EXAMPLES = {
    "indicators.xlsx": one_city,
    "like_for_like.xlsx": same_items,
    "two_way.xlsx": partial(two_way, missing=False),
    "two_way_missing.xlsx": partial(two_way, missing=True),
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
