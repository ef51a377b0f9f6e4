"""The name under which a stranger's file may be saved here."""

from __future__ import annotations

import re
import unicodedata

from helpdesk_tui.rules.untrusted import clean_line

#: In bytes; file systems take 255, and a number may come before the ending.
_LONGEST = 200
#: Names of devices on Windows, where such a file may be copied to.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x1f/\\:*?\"<>|\x7f]")


def safe_name(name: str) -> str:
    """A name that is one name in any folder: no path, no hidden file, no option, no device, no letters that deceive."""
    last = re.split(r"[/\\]", clean_line(unicodedata.normalize("NFC", name), 1000))[-1]
    kept = _UNSAFE.sub("_", last).strip().strip(".").lstrip("-~").strip()
    if not kept or _DEVICE.fullmatch(kept):
        kept = f"file-{kept}".rstrip("-")
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > 20:
        stem, dot, ending = kept, "", ""
    while len(f"{stem}{dot}{ending}".encode()) > _LONGEST:
        stem = stem[:-1]
    return f"{stem}{dot}{ending}"


def numbered(name: str, number: int) -> str:
    """The same name for the n-th file that is called so: `scan.pdf`, `scan-2.pdf`."""
    if number < 2:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem}-{number}.{ending}" if dot and stem else f"{name}-{number}"
