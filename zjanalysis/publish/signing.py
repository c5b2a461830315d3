"""Signatures: who issued a page, for those who have only the page and the office's public key.

``keys/zjanalysis.key`` in the project folder is the office's secret, an Ed25519 key that `zj keys init` makes;
``zjanalysis.pub`` beside it is given away. A page carries its signature in its last line, over every byte before it;
the manifest has one in a file beside it, over the digests of all that was published with it.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import os
import re
from pathlib import Path
from types import ModuleType

from zjanalysis.errors import ConfigError, InputError
from zjanalysis.files import write_whole
from zjanalysis.publish.release import BESIDE, MANIFEST, Sign
from zjanalysis.publish.ways import certified, certified_digest
from zjanalysis.settings import Settings

FOLDER, SECRET, PUBLIC = "keys", "zjanalysis.key", "zjanalysis.pub"
_LINE = re.compile(rb"\n<!-- zj-signature ([0-9a-f]{16} [A-Za-z0-9+/=]+) -->\n\Z")


def make_keys(settings: Settings) -> Path:
    """Make the office's keys and return the path of the public one; ConfigError when there are some already."""
    folder = settings.root / FOLDER
    if (folder / SECRET).exists():
        hint = f"换钥匙会使以前的签名不能再核对；确要更换，请先把 {FOLDER} 文件夹移走保存。"
        raise ConfigError(f"已经有钥匙“{FOLDER}/{SECRET}”。", hint)
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
    path = settings.root / FOLDER / SECRET
    if not path.is_file():
        return None
    _, serialization = _library()
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise ConfigError(f"钥匙“{FOLDER}/{SECRET}”读不出来。", "请从备份取回，或移走后运行 zj keys init。") from error
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
        signature = manifest.with_name(MANIFEST + BESIDE)
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
