"""Attachments: which parts are files, under which safe name, and their bytes."""

from __future__ import annotations

import binascii
import re
import string
from dataclasses import dataclass
from unicodedata import normalize

from helpdesk_tui.mail.charsets import line
from helpdesk_tui.mail.headers import parameters, split_header
from helpdesk_tui.mail.structure import Part
from helpdesk_tui.mail.uuencode import unuu
from helpdesk_tui.mail.words import decode_words, unbase64
from helpdesk_tui.terms import IncomingFile

#: Most file systems allow 255 bytes; what saves a file may need room for a number.
LONGEST_NAME = 200
_LONGEST_EXTENSION = 20
#: All files of a mail together, as they are coded; a larger one stays in the original alone.
MOST_CODED = 25 * 1024 * 1024

_KIND = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,120}")
_UNSAFE = re.compile(r'[<>:"|?*\x00-\x1f]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|\Z)", re.I)
_BASE64 = string.ascii_letters.encode() + string.digits.encode() + b"+/= \t\r\n"
_REPORT_NAMES = {"message/delivery-status": "delivery-status.txt", "text/rfc822-headers": "original-header.txt"}
_EXTENSIONS = {
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/pgp-signature": "asc",
    "application/pgp-encrypted": "asc",
    "application/ms-tnef": "dat",
    "audio/mpeg": "mp3",
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/html": "html",
    "text/plain": "txt",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A file that stood inside another part; its name and kind are claims, not yet cleaned."""

    name: str
    kind: str
    content: bytes


def content(raw: bytes, part: Part, most: int = MOST_CODED) -> bytes:
    """The bytes of a part without their transfer encoding, as far as they can be read.

    Args:
        most: how many bytes of it are read, as they are coded.
    """
    encoding = part.headers.first("content-transfer-encoding").strip(" ;\"'").lower()
    coded = raw[part.start : min(part.end, part.start + most)]
    if encoding == "base64":
        plain = unbase64(coded)
        return coded if part.kind.startswith("text/") and _is_no_base64(coded, plain) else plain
    if encoding == "quoted-printable":
        return binascii.a2b_qp(coded)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return unuu(coded)
    return coded


def _is_no_base64(coded: bytes, plain: bytes) -> bool:
    """True where other signs stand in the code of a text and what it decodes to is none."""
    if not coded.translate(None, _BASE64):
        return False
    try:
        plain.decode()
    except UnicodeDecodeError:
        return True
    return False


def declared_name(part: Part) -> str:
    """The file name that a part claims, not yet cleaned; "" where it claims none."""
    disposition = part.headers.first("content-disposition")
    name = parameters(disposition)[1].get("filename", "") if "filename" in disposition.lower() else ""
    return name or part.settings.get("name", "")


def is_attached(part: Part) -> bool:
    """True where the sender marked a part as a file and not as something to read."""
    return part.headers.first("content-disposition").lower().startswith("attachment")


def incoming_files(raw: bytes, files: list[Part | Found]) -> tuple[IncomingFile, ...]:
    """The files of a mail with their bytes; no two have names that differ only in case."""
    taken: set[str] = set()
    incoming = []
    for number, file in enumerate(files, 1):
        body = file.content if isinstance(file, Found) else content(raw, file)
        declared = claimed_name(file)
        kind = file.kind if _KIND.fullmatch(file.kind) else "application/octet-stream"
        name = _free_name(safe_name(declared) or _default_name(kind, body, number), taken)
        taken.add(name.casefold())
        incoming.append(IncomingFile(name, kind, body, len(declared.encode("utf-8", "replace")) > LONGEST_NAME))
    return tuple(incoming)


def claimed_name(file: Part | Found) -> str:
    """The name that a file comes with, not yet cleaned."""
    return file.name if isinstance(file, Found) else declared_name(file)


def safe_name(claimed: str) -> str:
    """The last component of a claimed path, harmless as a file name everywhere; "" where nothing is left."""
    name = line(claimed[-4_000:], 4_000).replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE.sub("_", normalize("NFC", name)).lstrip(". ~").rstrip(". ")
    if name.startswith("-"):
        name = "_" + name[1:]
    if _DEVICE.match(name):
        name = "_" + name
    return _shortened(name)


def _shortened(name: str) -> str:
    if len(name.encode()) <= LONGEST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    room = LONGEST_NAME - len((dot + extension).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + extension


def _default_name(kind: str, body: bytes, number: int) -> str:
    if kind == "message/rfc822":
        subject = split_header(body, 0, min(len(body), 64 * 1024))[0].first("subject")
        return (
            safe_name(decode_words(subject)[:80].replace("/", "_") + ".eml" if subject else "")
            or f"message-{number}.eml"
        )
    if kind in _REPORT_NAMES:
        return _REPORT_NAMES[kind]
    extension = _EXTENSIONS.get(kind) or kind.rpartition("/")[2].removeprefix("x-")
    stem = "image" if kind.startswith("image/") else "attachment"
    return safe_name(f"{stem}-{number}.{extension if len(extension) <= 5 else 'bin'}")


def _free_name(name: str, taken: set[str]) -> str:
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    free, copy = name, 2
    while free.casefold() in taken:
        free, copy = f"{stem} ({copy}){dot}{extension}", copy + 1
    return free
