"""What is signed or encrypted (S/MIME, OpenPGP): the words where they lie open; no signature is ever verified here."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpdesk_tui.language import _
from helpdesk_tui.mail.files import Found

#: Pieces of one octet string, and armoured blocks of one text.
_MOST_PIECES = 100_000
_MOST_BLOCKS = 50

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_SEQUENCE, _INTEGER, _SET, _OBJECT_ID, _EXPLICIT = 0x30, 0x02, 0x31, 0x06, 0xA0
_OCTETS, _OCTETS_IN_PIECES = 0x04, 0x24

_BEGIN = "-----BEGIN PGP "
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END_SIGNATURE = "-----END PGP SIGNATURE-----"
_NAMES = {"MESSAGE": "encrypted.asc", "PUBLIC KEY BLOCK": "public-key.asc"}


class _Broken(Exception):
    """The bytes are not what they have to be."""


@dataclass(slots=True)
class Armoured:
    """A text out of its armour.

    Args:
        text: with a line in place of each mark; files: what cannot be read.
        is_signed, is_encrypted: whether something of it is.
    """

    text: str
    files: list[Found] = field(default_factory=list)
    is_signed: bool = False
    is_encrypted: bool = False


def signed_content(der: bytes) -> bytes:
    """The mail inside of opaque S/MIME signed data (RFC 8551 §3.5.2, RFC 5652 §5.1); b"" where there is none."""
    try:
        _tag, at, end = _open(der, 0, len(der), _SEQUENCE)
        if not der.startswith(_SIGNED_DATA, at):
            return b""
        _tag, at, end = _open(der, at + len(_SIGNED_DATA), end, _EXPLICIT)
        _tag, at, end = _open(der, at, end, _SEQUENCE)
        for tag in (_INTEGER, _SET):
            at = _open(der, at, end, tag)[2]
        _tag, at, end = _open(der, at, end, _SEQUENCE)
        at = _open(der, at, end, _OBJECT_ID)[2]
        _tag, at, end = _open(der, at, end, _EXPLICIT)
        return _octets(der, at, end)
    except _Broken:
        return b""


def read_armour(text: str) -> Armoured:
    """A text with its clear-signed parts readable and its encrypted parts as files (RFC 9580 §6.2, §7)."""
    if _BEGIN not in text:
        return Armoured(text)
    opened = Armoured("")
    lines = text.split("\n")
    kept: list[str] = []
    at = blocks = 0
    while at < len(lines):
        end = _block_end(lines, at) if lines[at].startswith(_BEGIN) and blocks < _MOST_BLOCKS else at
        blocks += lines[at].startswith(_BEGIN)
        if end == at:
            kept.append(lines[at])
        elif lines[at].rstrip() == _SIGNED:
            _keep_signed(opened, kept, lines[at:end])
        else:
            _keep_sealed(opened, kept, lines[at:end])
        at = max(end, at + 1)
    opened.text = "\n".join(kept)
    return opened


def _block_end(lines: list[str], at: int) -> int:
    """The line behind the block that begins there; the same line where it has no end."""
    first = lines[at].rstrip()
    end = _END_SIGNATURE if first == _SIGNED else first.replace("BEGIN", "END", 1)
    for number in range(at + 1, len(lines)):
        if lines[number].rstrip() == end:
            return number + 1
    return at


def _keep_signed(opened: Armoured, kept: list[str], block: list[str]) -> None:
    opened.is_signed = True
    start = next((number for number, line in enumerate(block) if not line.strip()), 0) + 1
    stop = next((number for number, line in enumerate(block) if line.rstrip() == _SIGNATURE), len(block) - 1)
    if any(line.strip() for line in kept):
        kept.append(_("[Signed with PGP from here on; the signature was not verified.]"))
    kept += [line.removeprefix("- ") for line in block[start:stop]]
    kept.append(_("[Signed with PGP up to here; the signature was not verified.]"))


def _keep_sealed(opened: Armoured, kept: list[str], block: list[str]) -> None:
    kind = block[0].rstrip().removeprefix(_BEGIN).removesuffix("-----")
    name = _NAMES.get(kind)
    if name is None:
        kept += block
        return
    opened.is_encrypted = opened.is_encrypted or kind == "MESSAGE"
    opened.files.append(
        Found(name, "application/pgp-keys" if "KEY" in kind else "text/plain", "\n".join(block).encode())
    )
    kept.append(_("[{name}: kept as a file]").format(name=name))


def _open(der: bytes, at: int, end: int, tag: int) -> tuple[int, int, int]:
    """The tag found there, and where its content begins and ends; of an indefinite length it ends with what holds it."""
    if at + 2 > end or (der[at] != tag and tag):
        raise _Broken
    found, length, at = der[at], der[at + 1], at + 2
    if length == 0x80:
        return found, at, end
    if length > 0x80:
        size = length - 0x80
        length = int.from_bytes(der[at : at + size], "big")
        at += size
        if size > 4:
            raise _Broken
    if at + length > end:
        raise _Broken
    return found, at, at + length


def _octets(der: bytes, at: int, end: int) -> bytes:
    """An octet string, which may come in pieces."""
    tag, at, end = _open(der, at, end, 0)
    if tag == _OCTETS:
        return der[at:end]
    if tag != _OCTETS_IN_PIECES:
        raise _Broken
    pieces: list[bytes] = []
    while at < end and der[at] == _OCTETS and len(pieces) < _MOST_PIECES:
        _tag, start, at = _open(der, at, end, _OCTETS)
        pieces.append(der[start:at])
    return b"".join(pieces)
