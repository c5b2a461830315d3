"""Header shapes as real exports have them, read without any configuration: every column is told, and how.

Labels, codes and their pairing: the exchange tables (大写), the portal's interface (小写), database dumps with comments
(snake_case), Java objects (camelCase), hall systems (拼音), offices' own workbooks; see docs/columns.md.
"""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from zjanalysis.inputs.check import check_files
from zjanalysis.settings import Settings

KEYS = [
    "item_name",
    "region",
    "base_code",
    "item_type",
    "use_level",
    "statutory_limit",
    "promised_limit",
    "visits",
    "online",
]
LABELS = [
    "事项名称",
    "行政区划名称",
    "基本编码",
    "事项类型",
    "行使层级",
    "法定办结时限",
    "承诺办结时限",
    "到办事现场次数",
    "是否网办",
]
CODES = ["TASK_NAME", "AREA_CODE_TEXT", "CATALOG_CODE", "TASK_TYPE_TEXT", "USE_LEVEL_TEXT", "ANTICIPATE_DAY", "PROMISE_DAY",
         "LIMIT_SCENE_NUM", "IS_ONLINE"]  # fmt: skip
CAMEL = ["taskName", "areaCodeText", "catalogCode", "taskTypeText", "useLevelText", "anticipateDay", "promiseDay", "limitSceneNum",
         "isOnline"]  # fmt: skip
ROWS = [
    ["食品经营许可", "遂溪县", "440125004000", "行政许可", "县级", "20个工作日", "5个工作日", 0, "是"],
    ["取水许可", "廉江市", "440119001000", "行政许可", "县级", "45个工作日", "10个工作日", 1, "是"],
]
GROUPS = ["基本信息", None, None, None, None, "办理时限", None, "办理要求", None]


def each(pattern: str) -> list[list[str | None]]:
    return [[pattern.format(label=label, code=code, lower=code.lower(), n=n + 1)
             for n, (label, code) in enumerate(zip(LABELS, CODES, strict=True))]]  # fmt: skip


SHAPES: dict[str, list[list[str | None]]] = {
    "labels": each("{label}"),
    "codes": each("{code}"),
    "lower-case codes": each("{lower}"),
    "camel case": [list(CAMEL)],
    "label/code": each("{label}/{code}"),
    "code/label": each("{code}/{label}"),
    "label(code)": each("{label}({code})"),
    "label（code） full width": each("{label}（{code}）"),
    "label[code]": each("{label}[{code}]"),
    "label<code>": each("{label}<{code}>"),
    "label【code】": each("{label}【{code}】"),
    "label 《code》": each("{label} 《{code}》"),
    "label over code in one cell": each("{label}\n{code}"),
    "code over label in one cell": each("{code}\n{label}"),
    "label:code": each("{label}:{code}"),
    "label-code": each("{label}-{code}"),
    "label code without a space": each("{label}{lower}"),
    "code|label": each("{code}|{label}"),
    "label row over code row": [*each("{label}"), *each("{code}")],
    "code row over label row": [*each("{code}"), *each("{label}")],
    "camel row over label row": [list(CAMEL), *each("{label}")],
    "groups above, merged": [GROUPS, *each("{label}")],
    "title, unit and groups above": [["遂溪县政务服务事项清单"], ["单位：工作日、次"], GROUPS, *each("{label}")],
    "required marked by a star": each("*{label}"),
    "required in brackets": each("{label}（必填）"),
    "units in brackets": [["事项名称", "县（市、区）（必填）", "基本编码（12位）", "事项类型", "行使层级", "法定办结时限（单位：工作日）",
                           "承诺办结时限[工作日]", "到办事现场次数（次）", "是否网办（是/否）"]],
    "numbered": each("{n}.{label}"),
    "numbered in brackets": each("({n}){label}".replace("){", ")、{")),
    "letters spread with spaces": [[" ".join(label) for label in LABELS]],
    "broken over lines": [["\n".join((label[:2], label[2:])) for label in LABELS]],
    "full-width letters": [[code.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)}) for code in CODES]],
    "an office's words": [["事项名", "县（市、区）", "国家基本编码", "权力类型", "行使层级", "法定期限", "承诺期限", "跑动次数", "可网上办理"]],
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_header_shape_is_read_without_configuration(shape: str, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (*SHAPES[shape], *ROWS):
        book.active.append(row)
    for number, row in enumerate(SHAPES[shape], 1):
        if row == GROUPS:
            for merged in ("A{0}:E{0}", "F{0}:G{0}", "H{0}:I{0}"):
                book.active.merge_cells(merged.format(number))
    book.save(tmp_path / "清单.xlsx")
    found = check_files([tmp_path], settings=Settings(root=tmp_path))
    assert found.findings.empty, found.findings["message"].tolist()
    columns = found.headers["column_label"].tolist()
    assert (len(columns), columns.count("")) == (len(KEYS), 0)
    assert found.headers["how"].ne("").all()
    items = found.items
    assert items[["item_name", "region", "base_code"]].to_numpy().tolist() == [row[:3] for row in ROWS]
    assert items[["statutory_days", "promised_days", "visits"]].to_numpy().tolist() == [[20, 5, 0], [45, 10, 1]]
    assert (items["use_level"].tolist(), items["online"].tolist()) == (["4", "4"], [True, True])


def test_there_are_more_than_twenty_shapes() -> None:
    assert len(SHAPES) >= 20
