"""What a page was made from, the fingerprint that says it on paper, and the signature of who issued it.

A fingerprint is four groups of three characters: data, parameters, definitions, code. Each group is 15 bits of the
SHA-256 of its part, in Crockford's alphabet (no I, L, O, U), so twelve typed characters say which part has changed
since a page was printed. That the page was ours only the manifest can say.

A signature says who issued a page to those who have only the page and the office's public key. ``keys/zjanalysis.key``
in the project folder is the office's secret, an Ed25519 key that `zj keys init` makes; ``zjanalysis.pub`` beside it is
given away. A page carries its signature in its last line, over every byte before it; the manifest has one in a file
beside it, over the digests of all that was published with it.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path
from types import ModuleType
from typing import Any

from zjanalysis.errors import ConfigError, InputError
from zjanalysis.files import file_digest, write_whole
from zjanalysis.publish.jobs import Job
from zjanalysis.publish.release import MANIFEST, SIGNATURE, Sign, certified, certified_digest
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


KEYS, SECRET, PUBLIC = "keys", "zjanalysis.key", "zjanalysis.pub"
_LINE = re.compile(rb"\n<!-- zj-signature ([0-9a-f]{16} [A-Za-z0-9+/=]+) -->\n\Z")


def make_keys(settings: Settings) -> Path:
    """Make the office's keys and return the path of the public one; ConfigError when there are some already."""
    folder = settings.root / KEYS
    if (folder / SECRET).exists():
        hint = f"换钥匙会使以前的签名不能再核对；确要更换，请先把 {KEYS} 文件夹移走保存。"
        raise ConfigError(f"已经有钥匙“{KEYS}/{SECRET}”。", hint)
    ed25519, serialization = _library()
    key = ed25519.Ed25519PrivateKey.generate()
    folder.mkdir(parents=True, exist_ok=True)
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    with os.fdopen(os.open(folder / SECRET, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(pem)
    raw = key.public_key().public_bytes_raw()
    text = f"zjanalysis {_name(raw)}\n{base64.b64encode(raw).decode('ascii')}\n"
    return write_whole(folder / PUBLIC, text.encode("ascii"))


def signer(settings: Settings) -> Sign | None:
    """Return what signs with the office's key; None when there is no key."""
    path = settings.root / KEYS / SECRET
    if not path.is_file():
        return None
    _, serialization = _library()
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise ConfigError(f"钥匙“{KEYS}/{SECRET}”读不出来。", "请从备份取回，或移走后运行 zj keys init。") from error
    name = _name(key.public_key().public_bytes_raw())
    return lambda content: f"{name} {base64.b64encode(key.sign(content)).decode('ascii')}"


def sign_page(path: Path, sign: Sign) -> str:
    """Add the signature to a page and return the digest of the signed file."""
    content = path.read_bytes()
    path.write_bytes(content + f"\n<!-- zj-signature {sign(content)} -->\n".encode("ascii"))
    return certified_digest(path)


def issued(path: Path, public: Path) -> tuple[bool, str]:
    """Tell whether a file was issued by whoever holds the key to ``public``, in a Chinese sentence.

    A page speaks for itself; any other file needs the signed manifest it was passed on with, beside it or above.
    """
    name, raw = _public(public)
    content = certified(path.read_bytes()) if path.suffix == ".html" else path.read_bytes()
    line = _LINE.search(content)
    if line is not None:
        if _is_signed(content[: line.start()], line[1].decode("ascii"), raw):
            return True, f"签名有效：{path.name} 由钥匙 {name} 的持有者签发，签发后没有改动。"
        return False, f"签名无效：{path.name} 被改动过，或不是钥匙 {name} 签发的。"
    for manifest in (path.absolute().parent / MANIFEST, path.absolute().parent.parent / MANIFEST):
        signature = manifest.with_name(SIGNATURE)
        there = signature.is_file() and manifest.is_file()
        if there and certified_digest(path) in manifest.read_text(encoding="utf-8"):
            if _is_signed(manifest.read_bytes(), signature.read_text(encoding="ascii"), raw):
                return True, f"签名有效：{path.name} 与钥匙 {name} 的持有者签发的发布记录一致。"
            return False, f"签名无效：{path.name} 旁边的发布记录被改动过，或不是钥匙 {name} 签发的。"
    return False, f"{path.name} 没有签名，旁边也没有列出它的、带签名的发布记录，不能证明出处。"


def _public(path: Path) -> tuple[str, bytes]:
    try:
        raw = base64.b64decode(path.read_text(encoding="ascii").splitlines()[1], validate=True)
    except FileNotFoundError as error:
        raise InputError(f"找不到公钥“{path.name}”。", f"请向发出单位索取 {PUBLIC}。") from error
    except (OSError, ValueError, IndexError) as error:
        raise InputError(f"“{path.name}”不是公钥。", f"请向发出单位索取 {PUBLIC}。") from error
    return _name(raw), raw


def _is_signed(content: bytes, signature: str, raw: bytes) -> bool:
    ed25519, _ = _library()
    exceptions = importlib.import_module("cryptography.exceptions")
    try:
        key = ed25519.Ed25519PublicKey.from_public_bytes(raw)
        key.verify(base64.b64decode(signature.rsplit(maxsplit=1)[-1]), content)
    except (exceptions.InvalidSignature, ValueError, IndexError):
        return False
    return True


def _name(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]


def _library() -> tuple[ModuleType, ModuleType]:
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  an extra
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    except ImportError as error:
        hint = '请运行 python -m pip install "zjanalysis[sign]"，或移走 keys 文件夹，不签名。'
        raise ConfigError("没有安装 cryptography，不能签名和核对签名。", hint) from error
    return ed25519, serialization
