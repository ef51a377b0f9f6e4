"""Delivery reports that mail servers write in their own words: whom they name, and what they say of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from dataclasses import dataclass, field

from helpdesk_tui.mail.charsets import line
from helpdesk_tui.mail.delivery_status import LONGEST_DIAGNOSTIC, MOST_RECIPIENTS, address_in, is_postmaster, status_in
from helpdesk_tui.terms import DeliveryAction, RecipientReport

_MOST_ROWS = 2_000
_LONGEST_ROW = 400

#: Where the words end and the mail that was lost begins.
_QUOTED_ORIGINAL = re.compile(
    r"^(?:[-|= ]{2,80}+.{0,60}(?:original|copy of|returned|below this line|unsent|header|message text).{0,80}"
    r"|received: |return-path: )",
    re.I | re.M,
)
_HEAD = re.compile(
    r"[ \t>*|'\"]{0,12}<?([^\s<>@\"'();:,\[\]]{1,64}@[^\W_][\w.-]{0,190}\w)[>'\"]{0,2}(?=[\s:;,.(\[-]|\Z)"
)
_REPLY_CODE = re.compile(r"(?:^|[\s:>'\"(])([45])\d\d(?=[ -])", re.M)
_DELAYED = re.compile(r"delay|deferred|warning|temporar|will (?:be )?retr|still (?:being )?tr|not yet|verzöger", re.I)
_STILL_TRYING = re.compile(
    r"this is a warning message only|(?:will|shall) (?:continue to|keep|be) (?:try|retr|attempt|deliver)|will be retried"
    r"|no action is required on your part|has not yet been delivered|has been delayed|delivery attempts will continue"
    r"|noch nicht zugestellt|weitere zustellversuche|zustellung (?:wird|wurde) verzögert|weiterhin versuch",
    re.I,
)
_NOTIFIED = re.compile(r'"(?:notificationType|eventType)"\s?:\s?"(Bounce|DeliveryDelay|Delivery)"')
_REASON = re.compile(
    r"(?:user|mailbox|account|recipient|address|group|host|domain)\b.{0,60}\b(?:unknown|full|exist|found|disabled|suspended"
    r"|valid|listed|permission)|unknown (?:user|host)|(?:mailbox|over) ?quota|no such (?:user|host)|rejected|refused|denied"
    r"|not (?:be )?(?:accepted|delivered|sent)|unrout|undeliver|timed out|too (?:large|big|many)|unbekannt|voll\b"
    r"|nicht (?:erreich|zustell|gefunden|angenommen)|届きません|送信できません|見つかりません|エラー",
    re.I,
)
_WRITTEN_TO = re.compile(r'"destination"\s?:\s?\["([^"]{1,400})"')
_VALUE = re.compile(r'"(emailAddress|action|status|diagnosticCode)"\s?:\s?"([^"]{0,1000})"')


@dataclass(slots=True)
class _Block:
    """One recipient and what stands beside and below it."""

    address: str
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Told:
    """What words say of a delivery, looked up once: a report may name a hundred recipients.

    Args:
        status: an enhanced status (RFC 3463); code: the first digit of a reply code, 4 or 5. "" where there is none.
    """

    status: str
    code: str
    is_tried_again: bool
    coded_row: str

    @classmethod
    def of(cls, words: str) -> _Told:
        code = _REPLY_CODE.search(words)
        return cls(status_in(words), code[1] if code else "", bool(_STILL_TRYING.search(words)), _coded_row(words))


def is_notification(text: str) -> bool:
    """True for what Amazon SES says of a delivery, as JSON in a mail."""
    return _NOTIFIED.search(text) is not None


def notified(text: str) -> list[RecipientReport]:
    """The recipients in a notification of Amazon SES, however much of the JSON was cut off."""
    kind = _NOTIFIED.search(text)
    actions = {"Delivery": DeliveryAction.DELIVERED, "DeliveryDelay": DeliveryAction.DELAYED}
    action = actions.get(kind[1] if kind else "", DeliveryAction.FAILED)
    found: list[RecipientReport] = []
    for piece in text.split("{")[1:]:
        values = dict(_VALUE.findall(piece.partition("}")[0][: _LONGEST_ROW * 10]))
        if "emailAddress" in values and len(found) < MOST_RECIPIENTS:
            words = line(values.get("diagnosticCode", "").removeprefix("smtp;").strip(), LONGEST_DIAGNOSTIC)
            found.append(
                RecipientReport(address_in(values["emailAddress"]), action, status_in(values.get("status", "")), words)
            )
    written_to = _WRITTEN_TO.search(text)
    return found or [RecipientReport(address_in(written_to[1] if written_to else ""), action)]


def recipients_told(text: str, subject: str, failed: str, ours: Container[str]) -> list[RecipientReport]:
    """The recipients that a report in prose names.

    Args:
        failed: the value of X-Failed-Recipients.
        ours: addresses that the report was sent to; they are only taken where it names no other.
    """
    told = own_words(text)
    blocks = _blocks(told)
    named = [one for one in failed.split(",")[:MOST_RECIPIENTS] if "@" in one]
    if named:
        below = {block.address.lower(): block for block in reversed(blocks)}
        blocks = [below.get(address.lower(), _Block(address)) for address in map(address_in, named)]
    blocks = [block for block in blocks if block.address not in ours] or blocks
    if not blocks:
        blocks = [_Block(address_in(told))]
    whole = _Told.of(told)
    alone = {block.address: _Told.of(" ".join(block.words)) for block in blocks if len(blocks) > 1 and block.words}
    return [_report(block, alone.get(block.address, whole), subject, whole) for block in blocks]


def own_words(text: str) -> str:
    """What a server says itself, without the mail that it returns."""
    quoted = _QUOTED_ORIGINAL.search(text)
    return text[: quoted.start()] if quoted and quoted.start() > 0 else text


def words_by_address(text: str) -> Callable[[str], str]:
    """What a report in prose says of an address; of one it does not name, its first line with a code."""
    told = own_words(text)
    said = {block.address.lower(): _said(block.words) for block in _blocks(told)}
    otherwise = _coded_row(told)
    return lambda address: said.get(address.lower()) or otherwise


def _blocks(told: str) -> list[_Block]:
    """Each line that begins with an address, with the rest of it and the lines up to the next blank one."""
    found: dict[str, _Block] = {}
    block: _Block | None = None
    for row in told.split("\n", _MOST_ROWS)[:_MOST_ROWS]:
        head = _HEAD.match(row[:_LONGEST_ROW])
        if head and len(found) < MOST_RECIPIENTS:
            block = found.setdefault(head[1].lower(), _Block(line(head[1])))
            row = row[head.end() :]
        if block and row.strip():
            block.words.append(row[:_LONGEST_ROW].strip().lstrip(":;, "))
        elif block and block.words and not block.words[-1].endswith(":"):
            block = None
    return [one for one in found.values() if not is_postmaster(one.address)]


def _report(block: _Block, told: _Told, subject: str, whole: _Told) -> RecipientReport:
    status = told.status or whole.status
    first = status[:1] or told.code
    is_delayed = first == "4" or (not first and bool(_DELAYED.search(subject)))
    is_over = "fail" in subject.lower() or not (is_delayed or whole.is_tried_again)
    action = DeliveryAction.FAILED if is_over else DeliveryAction.DELAYED
    return RecipientReport(block.address, action, status, _said(block.words) or told.coded_row)


def _said(words: list[str]) -> str:
    said = " ".join(word for word in words if word.strip("-=>. "))
    return line(said, LONGEST_DIAGNOSTIC)


def _coded_row(told: str) -> str:
    """The first line that carries a reply code or an enhanced status, else the first that gives a reason."""
    rows = told.split("\n", _MOST_ROWS)[:_MOST_ROWS]
    coded = next((row for row in rows if status_in(row) or _REPLY_CODE.search(row)), "")
    return line((coded or next(filter(_REASON.search, rows), "")).strip(), LONGEST_DIAGNOSTIC)
