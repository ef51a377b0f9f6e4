"""Bad inputs B101–B132: what steers a terminal or hides in every field, and names of files that lead elsewhere."""

from __future__ import annotations

from helpdesk_tui.mail.files import LONGEST_NAME
from tests.mail.bad_mail import MILLION, BadInput, a_file, html, mixed, named, plain, subject, word
from tests.mail.raw_mail import a_multipart, a_part
from tests.screens.payloads import MARKUP, PAYLOADS

#: Which of the payloads a number means; the screens are tried with the same ones.
TERMINAL = {
    "B101": ("clipboard, BEL", "clipboard, ST", "clipboard, no end"),
    "B102": ("link",),
    "B103": ("title",),
    "B104": ("colour", "wipe"),
    "B105": ("where is the cursor",),
    "B106": ("leave the screen",),
    "B107": ("sixel",),
    "B108": ("APC", "PM and SOS"),
    "B109": ("reset", "other letters"),
    "B110": ("C1 CSI", "C1 OSC", "C1 DCS"),
    "B111": ("BEL",),
    "B112": ("BS",),
    "B113": ("line ends",),
    "B114": ("NUL",),
    "B115": ("DEL",),
    "B116": ("SO and SI",),
    "B117": ("separators",),
    "B118": ("VT and FF",),
    "B119": ("right to left", "isolates"),
    "B120": ("zero width", "tag letters", "annotation"),
    "B123": tuple(MARKUP),
}
_FIELDS = (
    "Subject", "To", "Cc", "Reply-To", "Delivered-To", "Message-ID", "In-Reply-To", "References", "Date", "Importance",
    "Sender", "Resent-From", "Autocrypt", "X-Helpdesk-Queue",
)  # fmt: skip
_WIDE = "Grüße 漢字 \N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL} \U0001f1e9\U0001f1ea ±§ e\u0301 한글 ｆｕｌｌ"


def everywhere(payload: str, *, is_encoded: bool) -> bytes:
    """A mail with a payload in each field, in the text, the quote and the HTML, and in a file's name and type.

    Args:
        is_encoded: as encoded words (RFC 2047), else as it is, also where no mail server would let that through.
    """
    said = word(f"a{payload}b") if is_encoded else f"a{payload}b"
    header = "".join(f"{name}: {said} <x{said}@y.example>\n" for name in _FIELDS)
    file = a_part(f"application/x-{payload}; name={payload}", "x", f'Content-Disposition: x; filename="{said}.txt"\n')
    text = f"Words {payload} end\n\nOn Monday somebody wrote:\n> Quote {payload}\n"
    body = a_multipart("mixed", a_part(f"text/plain; charset={payload}", text), a_part("text/html", text), file)
    return f"From: {said} <anna@customer.example>\n{header}".encode("utf-8", "surrogatepass") + body


def _marked(payload: str) -> BadInput:
    """Markup is read as it was written."""
    return BadInput(
        lambda: subject(f"x {payload} y"),
        holds=lambda seen: seen.subject == f"x {payload} y",
    )


WORDS = {
    **{
        f"{number} {name}, {'encoded' if is_encoded else 'as it is'}": BadInput(
            lambda payload=PAYLOADS[name], is_encoded=is_encoded: everywhere(payload, is_encoded=is_encoded)
        )
        for number, names in TERMINAL.items()
        for name in names
        for is_encoded in (True, False)
    },
    **{f"B123 {name}, in a subject": _marked(payload) for name, payload in MARKUP.items()},
    "B122 wide and joined letters": BadInput(
        lambda: b"Subject: " + _WIDE.encode() + b"\n" + plain(_WIDE),
        holds=lambda seen: (seen.subject, seen.text) == (_WIDE, _WIDE),
    ),
    "escape characters": BadInput(lambda: plain(b"\x1b]" * MILLION)),
    "C1 controls": BadInput(lambda: plain("\x9d".encode() * MILLION)),
    "C1 controls in the subject": BadInput(lambda: subject("\x9d".encode() * 30_000)),
    "sequences in HTML": BadInput(lambda: html("a&#27;]52;c;aGk=&#7;b&#155;31mc&#8238;d")),
}  # fmt: skip

NAMES = {
    "B124 paths": BadInput(
        lambda: named("../../x", r"..\\..\\x2", "/etc/x3", "~/x4", "C:\\\\x5", "\\\\\\\\host\\\\x6"),
        holds=lambda seen: seen.file_names == ["x", "x2", "x3", "x4", "x5", "x6"],
    ),
    "B125 devices": BadInput(
        lambda: named("CON", "NUL.txt", "COM1.pdf", "lpt9"),
        holds=lambda seen: seen.file_names == ["_CON", "_NUL.txt", "_COM1.pdf", "_lpt9"],
    ),
    "B127 dots": BadInput(
        lambda: named("", ".", "..", ".bashrc"),
        holds=lambda seen: seen.file_names == ["attachment-1.bin", "attachment-2.bin", "attachment-3.bin", "bashrc"],
    ),
    "B128 options and shells": BadInput(
        lambda: mixed(*(a_file(name) for name in ('"-rf"', '"$(x)"', '"`x`"', '"|id"', "*=utf-8''a%0Ab", '"=?utf-8?q?c=0Ad?="'))),
        holds=lambda seen: seen.file_names[0] == "_rf" and seen.file_names[3] == "_id" and "\n" not in "".join(seen.file_names),
    ),
    "B129 from right to left": BadInput(
        lambda: named("invoice\u202egpj.exe"), holds=lambda seen: seen.file_names == ["invoicegpj.exe"]
    ),
    "B130 the same name": BadInput(
        lambda: named("a.csv", "a.csv", "A.CSV", "Ü.txt", "U\u0308.txt"),
        holds=lambda seen: seen.file_names == ["a.csv", "a (2).csv", "A (3).CSV", "Ü.txt", "Ü (2).txt"],
    ),
    "B132 a type that does not fit": BadInput(
        lambda: mixed(a_file("a.pdf", b"MZ", "application/x-msdownload"), a_file("b.exe", b"MZ", "image/png")),
        holds=lambda seen: [file[:2] for file in seen.files]
        == [("a.pdf", "application/x-msdownload"), ("b.exe", "image/png")],
    ),
    "a name without end": BadInput(
        lambda: named("x" * 100_000 + ".txt"), ("file's name is very long",), lambda seen: len(seen.file_names[0]) <= LONGEST_NAME
    ),
}  # fmt: skip
