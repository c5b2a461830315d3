"""Make the two bundled fonts from Debian's ``fonts-noto-cjk`` (SIL OFL 1.1): same source, same bytes.

    apt-get install fonts-noto-cjk && python docs/tools/make_font_subset.py

Regular: every character of U+4E00–9FFF, GB2312 and the signs below, so that no place or item name can be missing.
Bold: GB2312 and the Guangdong place names, for the name of the region a report is about; it falls back on Regular.
Why these, and what they cost: docs/decisions/0006-font.md.
"""

from __future__ import annotations

from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

SOURCE = Path("/usr/share/fonts/opentype/noto")
TARGET = Path(__file__).resolve().parents[2] / "zjanalysis" / "assets" / "fonts"
FACE = "Noto Sans CJK SC"
FAMILY = {"Regular": "ZJ Sans SC", "Bold": "ZJ Sans SC Strong"}
GUANGDONG = "氹埗漖塱堌磡滘溇㎡"
SIGNS = "−≥≤≈≠±×÷Σ∑√‰％℃✓▲▼△▽→←↑↓●○■□◆◇★☆※〓…—–“”‘’·•°′″§¥²³½〇￥"
RANGES = ((0x20, 0x7E), (0xA0, 0xFF), (0x2460, 0x2473), (0x2160, 0x216B), (0x3000, 0x303F), (0xFF01, 0xFFEE))
HAN = (0x4E00, 0x9FFF)
ALIASES = {"✔": "✓", "✘": "×", "✗": "×"}
FIXED_TIME = 3702558261  # head.modified of the source: the font carries no clock of ours


def gb2312() -> set[int]:
    """Return the code points of GB2312, signs included."""
    pairs = (bytes([high, low]) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    return {ord(text) for pair in pairs if len(text := pair.decode("gb2312", errors="ignore")) == 1}


def wanted(weight: str) -> set[int]:
    """Return the code points a weight covers."""
    points = gb2312() | {ord(sign) for sign in GUANGDONG + SIGNS}
    for first, last in (*RANGES, *((HAN,) if weight == "Regular" else ())):
        points |= set(range(first, last + 1))
    return points


def face(weight: str) -> TTFont:
    """Return the simplified-Chinese face of the collection."""
    collection = TTCollection(SOURCE / f"NotoSansCJK-{weight}.ttc")
    names = [font["name"].getDebugName(1) for font in collection.fonts]
    return TTFont(SOURCE / f"NotoSansCJK-{weight}.ttc", fontNumber=names.index(FACE), recalcTimestamp=False)


def rename(font: TTFont, weight: str) -> None:
    """Return the subset a name of its own, so that it never mixes with an installed Noto (the licence reserves none).

    Bold is a family of one plain weight: asked for together with Regular, neither misses a weight the other has.
    """
    family = FAMILY[weight]
    for record in font["name"].names:
        new = {1: family, 2: "Regular", 4: family, 6: family.replace(" ", "")}.get(record.nameID)
        if new:
            record.string = new
    font["OS/2"].usWeightClass, font["OS/2"].fsSelection = 400, 0x40
    font["head"].macStyle = 0
    top = font["CFF "].cff.topDictIndex[0]
    top.Weight, top.FamilyName, top.FullName = "Regular", family, family


def make(weight: str) -> Path:
    """Write one weight and give its path."""
    font = face(weight)
    options = subset.Options(
        hinting=False, layout_features=[], name_IDs=[0, 1, 2, 4, 5, 6, 13, 14], name_languages=[0x409]
    )
    options.drop_tables += ["BASE", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted(weight))
    cutter.subset(font)
    for table in font["cmap"].tables:
        table.cmap.update({ord(new): table.cmap[ord(old)] for new, old in ALIASES.items() if ord(old) in table.cmap})
    rename(font, weight)
    font["head"].modified = FIXED_TIME
    path = TARGET / f"ZJSansSC-{weight}.otf"
    font.save(path)
    return path


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    for path in map(make, FAMILY):
        print(f"{path.name}  {path.stat().st_size / 1e6:.2f} MB")
