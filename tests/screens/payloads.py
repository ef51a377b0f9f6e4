"""What a stranger may write into any field of a mail, hoping that a terminal or a widget obeys it."""

from __future__ import annotations

#: Bytes and characters that steer a terminal, hide words or put them into another order.
STEERING = {
    "clipboard, BEL": "\x1b]52;c;ZXZpbA==\x07",
    "clipboard, ST": "\x1b]52;c;ZXZpbA==\x1b\\",
    "clipboard, no end": "\x1b]52;c;ZXZpbA==",
    "link": "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "title": "\x1b]0;owned\x07",
    "colour": "\x1b[31mred\x1b[0m",
    "wipe": "\x1b[2J\x1b[H",
    "where is the cursor": "\x1b[6n",
    "leave the screen": "\x1b[?1049l",
    "sixel": "\x1bPq#0;2;0;0;0~-\x1b\\",
    "APC": "\x1b_Gevil\x1b\\",
    "PM and SOS": "\x1b^x\x1b\\\x1bXx\x1b\\",
    "reset": "\x1bc",
    "other letters": "\x1b(0",
    "C1 CSI": "\x9b2J",
    "C1 OSC": "\x9d52;c;ZXZpbA==\x9c",
    "C1 DCS": "\x90q\x9c",
    "BEL": "\x07\x07",
    "BS": "\x08\x08\x08\x08over",
    "NUL": "nul\x00nul",
    "DEL": "\x7f\x7f",
    "SO and SI": "\x0ex\x0f",
    "VT and FF": "\x0bx\x0cx",
    "line ends": "one\r\ntwo\rthree\ttabbed",
    "separators": "one\u2028two\u2029three",
    "right to left": "\u202egpj.exe\u202c",
    "isolates": "\u2067abc\u2069\u2066def\u2069\u061c",
    "zero width": "pass\u200bword\u2060\ufeff\u00ad",
    "tag letters": "\U000e0041\U000e0042\U000e007f",
    "annotation": "\ufff9x\ufffay\ufffb",
}
#: What a widget may take for markup; it must be read as it was written.
MARKUP = {
    "closing": "[/]",
    "closing what is not open": "A[/nope]B",
    "action": "[@click=app.quit]x[/]",
    "link markup": "[link=http://x]y[/link]",
    "a word in brackets": "[BILLING] [12345]",
    "style": "[bold red on white]z",
    "variable": "$name [$error]",
    "half": "[[/x",
}
PAYLOADS = {**STEERING, **MARKUP}
