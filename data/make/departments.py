"""From a department of the province or of Guangzhou to the department of the same kind in a city or county."""

from __future__ import annotations

from make.levels import Region

# Department of the real list (a part of its name) -> kind of department below the province.
KINDS = {
    "司法厅": "司法局", "司法局": "司法局",
    "文化和旅游厅": "文化广电旅游体育局", "体育局": "文化广电旅游体育局",
    "人力资源和社会保障": "人力资源和社会保障局",
    "农业农村厅": "农业农村局",
    "水利厅": "水务局",
    "公安": "公安局",
    "交通运输厅": "交通运输局",
    "林业局": "林业局",
    "卫生健康委员会": "卫生健康局", "中医药局": "卫生健康局",
    "市场监督管理局": "市场监督管理局", "广东省药品监督管理局": "市场监督管理局",
    "国家税务总局广东省税务局": "税务局",
    "自然资源厅": "自然资源局", "规划和自然资源局": "自然资源局",
    "空港经济区": "住房和城乡建设局", "住房和城乡建设": "住房和城乡建设局",
    "生态环境": "生态环境局",
    "教育厅": "教育局", "教育局": "教育局",
    "民族宗教": "民族宗教事务局",
    "统计局": "统计局",
    "科学技术厅": "科学技术局",
    "民政厅": "民政局", "社会组织管理局": "民政局",
    "工业和信息化": "工业和信息化局",
    "残疾人联合会": "残疾人联合会",
    "财政厅": "财政局",
    "商务厅": "商务局",
    "人民防空": "人民防空办公室",
    "省委宣传部": "新闻出版局",
    "退役军人": "退役军人事务局",
    "消防救援": "消防救援",
    "广东省档案局": "档案局",
    "发展和改革委员会": "发展和改革局",
    "应急管理厅": "应急管理局",
    "地方金融": "金融工作局",
    "供销合作联社": "供销合作联社",
    "公共资源交易": "公共资源交易中心",
}  # fmt: skip

# What counties have merged.
IN_COUNTIES = {
    "林业局": "自然资源局", "人民防空办公室": "住房和城乡建设局", "工业和信息化局": "科工贸和信息化局",
    "商务局": "科工贸和信息化局", "科学技术局": "科工贸和信息化局", "民族宗教事务局": "民政局", "金融工作局": "财政局",
    "新闻出版局": "文化广电旅游体育局",
}  # fmt: skip


def kind_of(department: str) -> str | None:
    """Give the kind of a department of the real list; None for one that cities and counties do not have."""
    if not department.strip().startswith(("广东省", "广州市", "国家税务总局广东省", "广州空港", "中共广东省委")):
        return None
    if any(
        word in department for word in ("学会", "协会", "研究", "检测", "检验", "总队", "博物馆", "图书馆", "中心）")
    ):
        return "消防救援" if "消防救援" in department else None
    return next((kind for part, kind in KINDS.items() if part in department), None)


def merged(kind: str, region: Region) -> str:
    """Give the kind that does the work in this region."""
    return kind if region.is_city else IN_COUNTIES.get(kind, kind)


def department_name(kind: str, region: Region) -> str:
    """Give the full name, as such departments are called in a city, a district or a county."""
    kind, name, short = merged(kind, region), region.name, region.name.rstrip("区县市")
    if kind == "税务局":
        return f"国家税务总局{region.full_name}税务局"
    if kind == "消防救援":
        return f"{region.full_name}消防救援{'支队' if region.is_city else '大队'}"
    if region.is_city:
        return f"{name}{kind}"
    if kind == "生态环境局":
        return f"{region.city}生态环境局{short}分局"
    if kind == "公安局" and name.endswith("区"):
        return f"{region.city}公安局{name if region.is_zone else short}分局"
    return f"{region.full_name}{kind}"
