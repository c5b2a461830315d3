"""What a page was made from, and the fingerprint that says it on paper.

A fingerprint is four groups of three characters: data, parameters, definitions, code. Each group is 15 bits of the
SHA-256 of its part, in Crockford's alphabet (no I, L, O, U), so twelve typed characters say which part has changed
since a page was printed, without any record of the past.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from zjanalysis.errors import ConfigError, InputError
from zjanalysis.files import file_digest
from zjanalysis.publish.jobs import Job
from zjanalysis.settings import Settings

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PARTS = {"data": "数据", "parameters": "参数", "definitions": "口径与设置", "code": "程序与笔记本"}
LIBRARIES = ("pandas", "numpy", "matplotlib", "seaborn", "narwhals", "papermill", "nbconvert", "nbformat", "jinja2",
             "mistune", "pillow", "openpyxl", "python-calamine")  # fmt: skip
_TEXT = {".py", ".csv", ".css", ".j2", ".ipynb", ".toml", ".json", ".js"}


@dataclass(frozen=True)
class Stamp:
    """What one report depends on: a SHA-256 per part, and the details behind them that go into the page."""

    parts: Mapping[str, str]
    details: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """Return the typed form, ``7K3-F9Q-2M8-TX1``."""
        return "-".join(short(self.parts[name]) for name in PARTS)


@dataclass(frozen=True)
class Basis:
    """What all reports of a build share: settings as they can change a page, definitions and library by digest.

    ``tables``: what figures are defined in, file → digest, so that a page can be told which has changed.
    """

    settings: Mapping[str, object]
    tables: Mapping[str, str]
    definitions: str
    library: str


def basis(settings: Settings) -> Basis:
    """Return the basis of a build, read from the files as they are now."""
    values = {name: value for name, value in asdict(settings).items() if name not in ("root", "out", "data", "guard")}
    root = Path(str(resources.files("zjanalysis")))
    files = [*sorted((root / "reference").glob("*.csv")), root / "analysis" / "registry.py"]
    tables = {path.name: text_digest(path)[:12] for path in files}
    return Basis(values, tables, digest_of([values, package_digest(("reference",))]), package_digest())


def changed_definitions(record: Mapping[str, Any], shared: Basis) -> list[str]:
    """Return the settings (with both values) and tables that are others now than when a page was made.

    >>> then = {"settings": {"comparison": {"margin": 1}}, "tables": {"targets.csv": "a", "units.csv": "b"}}
    >>> now = Basis({"comparison": {"margin": 2}}, {"targets.csv": "c", "units.csv": "b"}, "", "")
    >>> changed_definitions(then, now)
    ['comparison.margin 1→2', 'targets.csv']
    """
    before, now = (dict(_flat(json.loads(json.dumps(values)))) for values in (record["settings"], shared.settings))
    moved = [f"{name} {before.get(name, '无')}→{now.get(name, '无')}" for name in {**before, **now}
             if before.get(name) != now.get(name)]  # fmt: skip
    tables = record.get("tables", shared.tables)
    return moved + [name for name in {**tables, **shared.tables} if tables.get(name) != shared.tables.get(name)]


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def stamp(job: Job, shared: Basis, *, data: str, inputs: Mapping[str, str]) -> Stamp:
    """Return the stamp of a job; ``data`` is the digest of the rows it reads, ``inputs`` file name → SHA-256."""
    parameters = {**job.parameters, "data": Path(job.data).name}
    parts = {
        "data": data,
        "parameters": digest_of({**parameters, "notebook": job.notebook.name}),
        "definitions": shared.definitions,
        "code": digest_of([text_digest(job.notebook), shared.library, versions()]),
    }
    details = {"notebook": job.notebook.name, "parameters": parameters, "settings": shared.settings,
               "tables": shared.tables, "versions": versions(), "inputs": dict(sorted(inputs.items()))}  # fmt: skip
    return Stamp(parts, details)


def short(digest: str) -> str:
    """Return the first 15 bits of a hexadecimal digest in three characters.

    >>> short("00000000"), short("ffffffff"), short("08420000")
    ('000', 'ZZZ', '111')
    """
    bits = int(digest[:8], 16) >> 17
    return "".join(ALPHABET[(bits >> shift) & 31] for shift in (10, 5, 0))


def read_fingerprint(typed: str) -> tuple[str, ...]:
    """Return the four groups of a fingerprint as it was typed: any case, dashes or spaces, O for 0, I and L for 1.

    >>> read_fingerprint("7k3 f9q-2m8-txl")
    ('7K3', 'F9Q', '2M8', 'TX1')
    """
    plain = "".join(c for c in typed.upper() if c not in "-－—– \t　").translate(str.maketrans("OIL", "011"))
    if len(plain) != 12 or set(plain) - set(ALPHABET):
        raise ConfigError(f"“{typed}”不是校验码。", "校验码为 12 个字母和数字，印在每页页眉，如 7K3-F9Q-2M8-TX1。")
    return tuple(plain[i : i + 3] for i in (0, 3, 6, 9))


def record_in(page: str) -> dict[str, Any]:
    """Return the provenance that stands in the text of a page; ValueError for any other text."""
    text = page.partition('<script type="application/json" id="zj-provenance">')[2].partition("</script>")[0]
    record = json.loads(text)
    if not isinstance(record, dict):
        raise ValueError(text[:40])
    return record


def read_record(path: Path) -> dict[str, Any]:
    """Return the provenance that stands in a page; InputError for a file that is none of ours."""
    try:
        record = record_in(path.read_text(encoding="utf-8"))
        read_fingerprint(record["fingerprint"])
    except FileNotFoundError as error:
        raise InputError(f"找不到文件“{path.name}”。", "请给出页面的路径，或印在页眉的校验码。") from error
    except (OSError, UnicodeDecodeError, ValueError, KeyError) as error:
        raise InputError(f"“{path.name}”不是本工具生成的页面。", "请给出 .html 报告，或印在页眉的校验码。") from error
    return record


def digest_of(value: object) -> str:
    """Return the SHA-256 of a value that JSON can write, the same for the same content."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def text_digest(path: Path) -> str:
    """Return the SHA-256 of a text file, the same whether its lines end as on Windows or not; "" when there is none."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest() if path.is_file() else ""


def package_digest(rooms: Sequence[str] = ()) -> str:
    """Return the digest of the library's source, style sheets and templates, or of the named folders only."""
    root = Path(str(resources.files("zjanalysis")))
    skipped = {"__pycache__", *(() if rooms else ("reference", "cli"))}
    folders = [root / name for name in rooms] or [root]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    named = ((path.relative_to(root), path) for path in files)
    return digest_of([[name.as_posix(), text_digest(path) if path.suffix in _TEXT else file_digest(path)]
                      for name, path in named if not skipped & set(name.parts)])  # fmt: skip


@lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the libraries whose change may change a page."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{name: metadata.version(name) for name in LIBRARIES}}
