"""Every rule once: key, level, sentence, what to do, whether the row is still used. docs/rules.md is made from this."""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARNING, NOTE = "错误", "警告", "提示"
LEVELS = (ERROR, WARNING, NOTE)


@dataclass(frozen=True)
class Rule:
    """One rule. ``message`` and ``action`` may hold {value} (the cell), {other} (what it disagrees with), {header}.

    ``used``: False when a row that breaks the rule is left out of ``items``. ``scope``: cell, row, table or layout.
    """

    key: str
    level: str
    scope: str
    title: str
    message: str
    action: str
    used: bool = True


_RULES = (
    # --- the file and the sheet
    Rule("file_refused", ERROR, "layout", "文件不能读取", "{other}", "{value}", used=False),
    Rule("sheet_hidden", WARNING, "layout", "隐藏的工作表", "工作表“{value}”是隐藏的，没有读取。", "需要计入的，请取消隐藏后再交；不要的，请删除。"),
    Rule("sheet_without_table", NOTE, "layout", "没有表格的工作表", "工作表“{value}”的前 20 行没有表头，没有读取。", "是说明页的可不理会；有数据的，请使用标准表头。"),
    Rule("rows_hidden", WARNING, "layout", "隐藏的行", "有 {value} 行被隐藏或筛选，仍已计入。", "不应计入的行请删除，不要隐藏。"),
    Rule("column_unknown", NOTE, "layout", "表头与标准名称接近", "列名“{value}”不认识，与“{other}”接近，没有使用。", "是同一列的，请改成标准名称，或在 dataset.toml 的 [columns] 写明对应关系。"),
    Rule("column_ambiguous", ERROR, "layout", "一列有两种可能", "列“{value}”可能是{other}，没有使用。", "请在 dataset.toml 的 [columns] 写明，例如 \"{value}\" = \"列的英文名\"。"),
    Rule("column_twice", ERROR, "layout", "两列内容不一致", "列“{value}”与“{other}”是同一项内容，但有的行不一致，都没有使用。", "请只保留正确的一列，或在 dataset.toml 的 [columns] 指定用哪一列。"),
    Rule("column_unusable", ERROR, "layout", "整列不可用", "“{header}”整列 {other} 格都读不出内容，例如“{value}”，多半是错列。", "请对照原表检查该列是否整体错位，更正后重交。"),
    Rule("column_missing", WARNING, "layout", "缺少一列", "没有“{value}”一列，依赖它的指标算不出。", "请补上这一列；不采集的可不理会。"),
    Rule("unit_not_stated", NOTE, "layout", "整列未写时限单位", "“{header}”没有写单位，表内也没有单位列，按工作日计（行政许可法第八十二条）。", "请在列名后注明单位，或增加单位列。"),
    Rule("header_repeated", NOTE, "layout", "重复的表头行", "第 {value} 行是重复的表头，没有计入。", "无需处理；建议删去。", used=False),
    Rule("row_total", NOTE, "layout", "合计行", "“{value}”是合计行，没有计入。", "无需处理；建议删去。", used=False),
    Rule("row_note", NOTE, "layout", "说明或备注行", "“{value}”是说明文字，没有计入。", "无需处理；建议移到表外。", used=False),
    # --- the cell
    Rule("name_missing", ERROR, "cell", "缺事项名称", "事项名称为空，这一行没有计入。", "请补填事项名称。", used=False),
    Rule("region_missing", ERROR, "cell", "缺地区", "没有写地区，工作表名和文件名里也看不出，这一行没有计入。", "请补填行政区划代码或地区名称；合并单元格请取消合并后逐行填写。", used=False),
    Rule("region_unknown", ERROR, "cell", "地区不认识", "地区“{value}”不在区划表内，这一行没有计入。", "请改用标准名称或 6 位代码；功能区请先加入 reference/zones.csv。", used=False),
    Rule("region_conflict", WARNING, "row", "代码与地区名称不一致", "行政区划代码是“{other}”，地区却写“{value}”，按代码计。", "请核对后统一。"),
    Rule("text_cleaned", NOTE, "cell", "多余的空格或全角字符", "“{value}”前后有空格、含全角空格或全角字母数字，已按“{other}”读取。", "无需处理；建议在原表更正。"),
    Rule("code_digits_lost", ERROR, "cell", "长编码丢了位数", "“{header}”是“{value}”，编码被当成数字存过，后面的位数已丢失，没有使用。", "请把该列设为文本格式，重新填写完整编码。"),
    Rule("code_length", WARNING, "cell", "编码长度不对", "“{header}”是“{value}”，有 {other} 位。", "基本编码应为 12 位，实施编码应为 31 位（带办理项后缀的 33 位），请核对。"),
    Rule("code_shape", WARNING, "cell", "编码含不应有的字符", "“{header}”是“{value}”，含字母、数字以外的字符。", "请改为只含字母和数字的编码。"),
    Rule("date_in_cell", ERROR, "cell", "数字变成了日期", "“{header}”是日期“{value}”，多半是 Excel 自动改的，没有使用。", "请把该列设为文本或数值格式后重新填写。"),
    Rule("formula_empty", ERROR, "cell", "公式没有计算", "“{header}”是公式，文件里没有存计算结果，按空格处理。", "请在 Excel/WPS 中打开、重新计算并保存，或改为填写数值。"),
    Rule("cell_error", ERROR, "cell", "公式出错", "“{header}”是公式错误（如 #N/A、#REF!），按空格处理。", "请改正公式或直接填写数值。"),
    Rule("choice_unknown", WARNING, "cell", "填的内容不在选项内", "“{header}”填的是“{value}”，不在选项内，按未填处理。", "请从下拉选项中选填。"),
    Rule("type_code_ambiguous", WARNING, "cell", "事项类型代码有两种含义", "只有事项类型代码“{value}”：国家标准是公共服务，广东是其他行政权力，按未填处理。", "请补一列事项类型名称。"),
    Rule("depth_scale_unknown", WARNING, "cell", "网办深度的刻度不明", "网办深度“{value}”可能是四级中的一级，也可能是八段中的一段，按未填处理。", "请写成“Ⅳ级”这样的文字，或用多选的八段代码。"),
    Rule("visits_unreadable", ERROR, "cell", "跑动次数读不出", "跑动次数“{value}”不是次数，按未填处理。", "请填 0、1、2 这样的整数。"),
    Rule("visits_blank", WARNING, "cell", "缺跑动次数", "跑动次数没有填，不计入跑动指标。", "请补填；不必到现场的填 0。"),
    Rule("visits_out_of_range", WARNING, "cell", "跑动次数超出常理", "跑动次数是 {value} 次，超出 0 至 20，按未填处理。", "请核对后更正。"),
    Rule("number_unreadable", WARNING, "cell", "数字读不出", "“{header}”填的是“{value}”，不是数字，按未填处理。", "请填数字。"),
    Rule("statutory_blank", WARNING, "cell", "缺法定时限", "法定办结时限没有填，不计入时限指标。", "请补填；法律法规没有规定的，请写“无”。"),
    Rule("statutory_none", NOTE, "cell", "无法定时限", "法定办结时限是“{value}”，不计入时限指标。", "请核对法律法规确无规定；有规定的请补填。"),
    Rule("statutory_zero", WARNING, "cell", "法定时限为 0", "法定办结时限是“{value}”，不能作分母，不计入时限指标。", "请填写法律法规规定的时限；没有规定的写“无”。"),
    Rule("promised_blank", WARNING, "cell", "缺承诺时限", "承诺办结时限没有填，不计入时限指标。", "请补填。"),
    Rule("promised_none", NOTE, "cell", "无承诺时限", "承诺办结时限是“{value}”，不计入时限指标。", "请补填承诺时限；即办件请填 0。"),
    Rule("limit_sentinel", WARNING, "cell", "时限是占位数", "“{header}”是“{value}”，系统里用它表示无期限，不计入时限指标。", "没有时限的请写“无”。"),
    Rule("limit_unit_unknown", ERROR, "cell", "时限单位不明", "“{header}”是“{value}”，单位{other}不明，不计入时限指标。", "请写明工作日、自然日、小时等单位。"),
    Rule("limit_unreadable", ERROR, "cell", "时限读不出", "“{header}”填的是“{value}”，不是一个时限，不计入时限指标。", "请填一个数和一个单位，例如“20个工作日”。"),
    Rule("limit_unit_conflict", WARNING, "row", "时限单位前后不一致", "“{header}”写“{value}”，单位列却是“{other}”，按时限文字里的单位计。", "请核对后统一。"),
    Rule("limit_odd", NOTE, "cell", "时限过长", "“{header}”是“{value}”，超过一年。", "请核对是否多写了一位，或单位写错。"),
    # --- the row
    Rule("promise_longer", WARNING, "row", "承诺时限长于法定时限", "承诺时限“{value}”长于法定时限“{other}”，照算并保留。", "请核对两个时限；承诺时限不应长于法定时限。"),
    Rule("units_mixed", NOTE, "row", "法定与承诺单位不同", "承诺时限“{value}”与法定时限“{other}”的单位不同，已折算为工作日。", "请核对；建议统一用工作日。"),
    Rule("instant_with_days", WARNING, "row", "即办件有承诺天数", "办件类型是即办件，承诺时限却是“{value}”，按所写计算。", "即办件的承诺时限应为 0；不是即办件的请改办件类型。"),
    Rule("instant_blank", NOTE, "row", "即办件未填承诺时限", "即办件没有填承诺时限，按 0 计。", "请填 0。"),
    Rule("zero_not_instant", WARNING, "row", "承诺 0 天却不是即办件", "承诺时限是 0，办件类型却是“{value}”。", "当场办结的请改为即办件；否则请填写承诺时限。"),
    Rule("end_to_end_visits", WARNING, "row", "全流程网办却要跑动", "网办深度是“{other}”（全流程网办），跑动次数却是 {value}。", "请核对网办深度或跑动次数。"),
    Rule("visits_unexplained", NOTE, "row", "要跑动但没有写原因", "跑动次数是 {value}，没有写必须现场办理的原因。", "请补填原因；不必到现场的请改为 0。"),
    Rule("not_online", NOTE, "row", "不可网办", "这个事项不能网上办理。", "请核对是否属实；行政许可事项的网上可办率目标是 100%。"),
    Rule("offline_zero_visits", WARNING, "row", "不可网办却跑动 0 次", "不能网上办理，跑动次数是 0，也不支持物流快递，三者不能同时成立。", "请核对是否网办、跑动次数和是否支持物流快递。"),
    Rule("offline_by_post", NOTE, "row", "不可网办，靠快递 0 次跑动", "不能网上办理，跑动次数是 0，只能靠快递办理。", "请核对材料能否全程寄送。"),
    Rule("note_differs", WARNING, "row", "时限与说明文字不符", "“{header}”是“{value}”，说明文字却写“{other}”。", "请核对后统一。"),
    Rule("impl_base_differs", WARNING, "row", "实施编码与基本编码不符", "基本编码是“{value}”，实施编码里的却是“{other}”。", "请核对两个编码。"),
    Rule("region_code_differs", NOTE, "row", "编码里的地区与本行地区不同", "编码“{value}”里的地区是 {other}，与本行地区不同。", "由上级或外地机构实施的可不理会；否则请核对。"),
    Rule("row_shifted", ERROR, "row", "整行错位", "这一行有 {other} 格填的内容与列名不符（例如“{value}”），多半是错列，没有计入。", "请对照原表更正后重交。", used=False),
    # --- the table
    Rule("duplicate_item", WARNING, "table", "重复的事项", "与第 {other} 行是同一事项，没有重复计入。", "请删去重复的行。", used=False),
    Rule("old_version", NOTE, "table", "旧版本", "“{value}”有更新的版本，这一行不计入指标。", "无需处理；建议只交最新版本。"),
    Rule("not_in_force", NOTE, "table", "不是在用事项", "事项状态是“{value}”，不计入指标。", "无需处理；仍在办理的请改为“在用”。"),
    Rule("several_handle_items", NOTE, "table", "一个基本编码下有几个办理项", "基本编码“{value}”下有 {other} 个办理项，比较时先按编码取平均。", "无需处理；口径说明见指标口径。"),
    Rule("statutory_differs", WARNING, "table", "同一编码的法定时限各地不同", "基本编码“{value}”的法定时限在各地不同：{other}。", "请对照法律法规核对，本地写错的请更正。"),
    Rule("few_items", WARNING, "table", "事项数明显偏少", "只有 {value} 个事项，同级地区的中位数是 {other} 个。", "请核对是否漏交。"),
)
RULES = {rule.key: rule for rule in _RULES}
