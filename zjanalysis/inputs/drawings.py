"""Charts, shapes and pictures carried from a workbook into its copy part by part: openpyxl redraws or drops them."""

from __future__ import annotations

import io
import posixpath
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

_FOLDER = "original/"  # where the carried parts stand in the copy, each under its old path
_BOOK, _TYPES = "xl/workbook.xml", "[Content_Types].xml"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT = "http://schemas.openxmlformats.org/package/2006/content-types"
_DRAWN = re.compile(rb"<(?:\w+:)?(?:sp|grpSp|cxnSp|graphicFrame)[ >]")  # what openpyxl alone would not keep
_TIED = re.compile(rb"slicer|compatExt")  # slicers and form controls hang on parts of the workbook that are not carried
_LEFT = re.compile(r"xl/(chartsheets|pivotTables|slicers|ctrlProps)/")
_UNREADABLE = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ElementTree.ParseError)


@dataclass(frozen=True)
class Redrawn:
    """An openpyxl workbook that is saved with the drawings (sheet → part) of the workbook it was read from.

    Every sheet of ``drawings`` has a drawing of its own, whatever it holds: its content is exchanged.
    """

    book: Any
    source: Path
    drawings: Mapping[str, str]

    def save(self, path: Path) -> None:
        """Write the workbook, as openpyxl's own ``save`` does."""
        made = io.BytesIO()
        self.book.save(made)
        with zipfile.ZipFile(made) as copy, zipfile.ZipFile(self.source) as source:
            places = _drawings(copy)
            exchanged = {places[sheet]: part for sheet, part in self.drawings.items()}
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
                _write(copy, source, out, exchanged)


def carried(path: Path) -> dict[str, str]:
    """Give sheet → part of every drawing that can be carried over whole."""
    with zipfile.ZipFile(path) as archive:
        return {sheet: part for sheet, part in _drawings(archive).items() if _whole(archive, part)}


def left_behind(path: Path, kept: Mapping[str, str]) -> bool:
    """Say whether the workbook holds drawings, slicers or form controls that a copy with ``kept`` will not have."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        others = names & (set(_drawings(archive).values()) - set(kept.values()))
        return any(map(_LEFT.match, names)) or any(_DRAWN.search(archive.read(name)) for name in others)


def _drawings(archive: zipfile.ZipFile) -> dict[str, str]:
    """Give sheet → its drawing part, for the worksheets that have one."""
    relations = {key: target for key, kind, target in _relations(archive, _BOOK) if kind == "worksheet"}
    found = {}
    for sheet in ElementTree.fromstring(archive.read(_BOOK)).iter():
        ids = [value for name, value in sheet.attrib.items() if name.endswith("}id")]
        if sheet.tag.endswith("}sheet") and ids and ids[0] in relations:
            parts = [target for _, kind, target in _relations(archive, relations[ids[0]]) if kind == "drawing"]
            found.update({sheet.get("name", ""): part for part in parts})
    return found


def _rels(part: str) -> str:
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def _relations(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str, str]]:
    """Give (id, kind, part) of everything inside the workbook that a part points to."""
    if _rels(part) in archive.NameToInfo:
        for one in ElementTree.fromstring(archive.read(_rels(part))):
            if one.get("TargetMode") != "External":
                yield one.get("Id", ""), one.get("Type", "").rsplit("/", 1)[-1], _resolved(part, one.get("Target", ""))


def _resolved(part: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")


def _below(archive: zipfile.ZipFile, part: str) -> list[str]:
    """Give everything a part points to, directly or not."""
    found, ahead = [part], [part]
    while ahead:
        for _, _, target in _relations(archive, ahead.pop()):
            if target not in found:
                found.append(target)
                ahead.append(target)
    return found[1:]


def _whole(archive: zipfile.ZipFile, part: str) -> bool:
    """Say whether a drawing and everything below it can be read, and nothing of it is tied to other parts."""
    try:
        below = _below(archive, part)
        for name in (part, *below):
            with archive.open(name) as stream:
                while stream.read(1 << 20):
                    pass
        return not _TIED.search(archive.read(part)) and not any(name.startswith("xl/worksheets/") for name in below)
    except _UNREADABLE:
        return False


def _write(copy: zipfile.ZipFile, source: zipfile.ZipFile, out: zipfile.ZipFile, exchanged: Mapping[str, str]) -> None:
    """Write the copy with its drawings exchanged and, in a folder of their own, the parts they point to."""
    unused = {name for place in exchanged for below in _below(copy, place) for name in (below, _rels(below))}
    replaced = {name for place in exchanged for name in (place, _rels(place))}
    below = sorted({name for part in exchanged.values() for name in _below(source, part)} - set(exchanged.values()))
    for name in copy.namelist():
        if name not in unused | replaced | {_TYPES}:
            _stream(copy, name, out, name)
    for name, place in (*((n, _FOLDER + n) for n in below), *((part, place) for place, part in exchanged.items())):
        _stream(source, name, out, place)
        if _rels(name) in source.NameToInfo:
            out.writestr(_rels(place), _moved(source, name))
    out.writestr(_TYPES, _types(copy, source, unused, below))


def _stream(source: zipfile.ZipFile, name: str, out: zipfile.ZipFile, place: str) -> None:
    with source.open(name) as stream, out.open(place, "w", force_zip64=True) as part:
        shutil.copyfileobj(stream, part, 1 << 20)


def _moved(source: zipfile.ZipFile, part: str) -> bytes:
    """Give the relations of a part, pointing to the folder of the carried parts."""
    relations = ElementTree.fromstring(source.read(_rels(part)))
    for one in relations:
        if one.get("TargetMode") != "External":
            one.set("Target", f"/{_FOLDER}{_resolved(part, one.get('Target', ''))}")
    return _xml(relations, _RELATIONS)


def _types(copy: zipfile.ZipFile, source: zipfile.ZipFile, unused: set[str], carried_: list[str]) -> bytes:
    """Give the list of content types: without the unused parts, with the carried ones."""
    types, before = (ElementTree.fromstring(archive.read(_TYPES)) for archive in (copy, source))
    for one in list(types):
        if one.get("PartName", "").lstrip("/") in unused:
            types.remove(one)
    by_name = {one.get("PartName", "").lstrip("/"): one.get("ContentType", "") for one in before}
    by_end = {one.get("Extension", "").lower(): one.get("ContentType", "") for one in before}
    for name in carried_:
        kind = by_name.get(name) or by_end.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream")
        ElementTree.SubElement(types, f"{{{_CONTENT}}}Override", PartName=f"/{_FOLDER}{name}", ContentType=kind)
    return _xml(types, _CONTENT)


def _xml(root: ElementTree.Element, namespace: str) -> bytes:
    """Write names without a prefix, as Excel does."""
    for one in root.iter():
        one.tag = one.tag.rsplit("}", 1)[-1]
    root.set("xmlns", namespace)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
