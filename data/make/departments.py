"""How the department of a kind is called in a city, a district or a county."""

from __future__ import annotations

from make.regions import Region

# What counties have merged.
IN_COUNTIES = {
    "林业局": "自然资源局", "人民防空办公室": "住房和城乡建设局", "工业和信息化局": "科工贸和信息化局",
    "商务局": "科工贸和信息化局", "科学技术局": "科工贸和信息化局", "民族宗教事务局": "民政局",
    "新闻出版局": "文化广电旅游体育局", "供销合作联社": "农业农村局",
}  # fmt: skip


def merged(kind: str, region: Region) -> str:
    """Return the kind that does the work in this region."""
    return kind if region.is_city else IN_COUNTIES.get(kind, kind)


def department_name(kind: str, region: Region) -> str:
    """Return the full name, as such departments are called in a city, a district or a county."""
    kind, name, short = merged(kind, region), region.name, region.name.rstrip("区县市")
    branch = name if region.is_zone else short
    apart = {
        "税务局": f"国家税务总局{region.full_name}税务局",
        "消防救援": f"{region.full_name}消防救援{'支队' if region.is_city else '大队'}",
        "供电局": f"{short}供电局",
    }
    if kind in apart:
        return apart[kind]
    if region.is_city:
        return f"{name}{kind}"
    if kind == "生态环境局" or (kind == "公安局" and name.endswith("区")):
        return f"{region.city}{kind}{branch}分局"
    return f"{region.full_name}{kind}"
