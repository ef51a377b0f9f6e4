"""Delivery reports: the standard ones (RFC 3464) and those that mail servers write in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from helpdesk_tui.mail.charsets import decode, line, lines
from helpdesk_tui.mail.files import content
from helpdesk_tui.mail.headers import Headers, split_header
from helpdesk_tui.mail.ids import ids_in
from helpdesk_tui.mail.structure import Part
from helpdesk_tui.terms import DeliveryReport, Person

_MOST_IDS = 20
_READ_WITHIN = 64 * 1024
_LONGEST_DIAGNOSTIC = 500

_STATUS_KINDS = ("message/delivery-status", "message/global-delivery-status")
_ORIGINAL_KINDS = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "text/rfc822")
_OTHER_REPORTS = ("feedback-report", "disposition-notification", "tlsrpt")
_GROUP = re.compile(r"\n[ \t]*\n")
_FIELD = re.compile(r"^([!-9;-~]{1,80})[ \t]*:[ \t]*(.*+(?:\n[ \t]++\S.*+)*+)", re.M)
_DAEMON = re.compile(r"(?:mailer-?daemon|mail-?daemon|mail\.?delivery\.?(?:sub)?system)(?:[@+.-]|\Z)", re.I)
_DAEMON_NAME = re.compile(r"mail(?:er)?[- ]?daemon|mail delivery? (?:sub)?system", re.I)
_POSTMASTER = re.compile(r"po+st_?master@", re.I)
_SUBJECT = re.compile(
    r"deliver(?:y|ed)?\b.{0,40}\b(?:fail|status|error|delay|problem|report)|(?:fail|unsuccess)\w* .{0,20}deliver"
    r"|undeliver|(?:mail|message).{0,20}(?:fail(?:ed|ure)|could not be delivered|returned|delayed)"
    r"|return(?:ed|ing) (?:mail|message|to sender)|failure (?:notice|delivery|notification)|non.?deliver"
    r"|nicht zustellbar|unzustellbar|zustell\w* .{0,20}(?:fehl|nicht|verz)|warning: .{0,60}(?:delayed|could not)"
    r"|error sending your mail|mail system error|не доставлено|недоставлен|エラー|配信.{0,4}(?:失敗|不能)"
    r"|送信.{0,4}(?:失敗|エラー)|配送",
    re.I,
)
_BODY = re.compile(
    r"(?:could not|couldn't|cannot|can't) be delivered|undeliver|not (?:be )?deliver|delivery (?:has |to .{1,80} )?fail"
    r"|permanent (?:fatal )?error|user unknown|unknown user|mailbox (?:is )?(?:full|unavailable)|over quota|no such user"
    r"|returned (?:mail|message|to sender)|(?:^|[\s:])[45]\d\d[ -](?:#?[45]\.\d{1,3}\.\d{1,3}|\w)|unable to deliver"
    r"|nicht zugestellt|unzustellbar|not listed in|error(?:s)? (?:while|sending|occurred)|was not (?:sent|accepted)"
    r"|did not reach|delivery problem|delayed|rejected|does not exist|送信できません|送信エラー|届きません|配信でき|メール.{0,10}エラー",
    re.I | re.M,
)
_NOTIFIED = re.compile(r'"(?:notificationType|eventType)"\s?:\s?"(?:Bounce|Delivery)"')
_TOLD = re.compile(r"could not be delivered to:?\s{0,4}<[^<>\s]{1,250}@", re.I)
_NO_REPLY = re.compile(r"no-?reply[@+.-]", re.I)
_DELAYED = re.compile(r"delay|deferred|warning|temporar|will (?:be )?retr|still (?:being )?tr|not yet|verzöger", re.I)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?:^|[\s:>'\"(])([45])\d\d(?=[ -])", re.M)
_RECIPIENT = re.compile(r"<?([^\s<>@\"'();,:]{1,64}@[A-Za-z0-9][\w.-]{1,190}\w)>?")
_MESSAGE_ID = re.compile(r"^[> \t]*message-id:\s{0,3}(<[^<>\s]{1,900}>)", re.I | re.M)
_QUOTED_ORIGINAL = re.compile(
    r"^(?:-{2,}.{0,60}(?:original|copy of|returned|below this line|unsent|header).{0,80}|received: |return-path: )",
    re.I | re.M,
)


def delivery_report(raw: bytes, root: Part, who: Person, subject: str, text: str) -> DeliveryReport | None:
    """What a delivery report says, None where the mail is none; complaints and read receipts are none."""
    headers = root.headers
    kind = root.settings.get("report-type", "").lower() if root.kind == "multipart/report" else ""
    leaves = list(_leaves(root))
    if kind in _OTHER_REPORTS or any(leaf.kind == "message/feedback-report" for leaf in leaves):
        return None
    status = next((leaf for leaf in leaves if leaf.kind in _STATUS_KINDS), None)
    if status is not None and (
        kind or _is_daemon(who, headers) or _POSTMASTER.match(who.address) or _SUBJECT.search(subject)
    ):
        return _standard(lines(decode(content(raw, status)[:_READ_WITHIN])), text)
    if kind == "delivery-status" or _is_in_own_words(headers, who, subject, text):
        return _in_own_words(headers, subject, text)
    return None


def report_ids(raw: bytes, root: Part, text: str) -> tuple[str, ...]:
    """The Message-IDs of the mails that a report embeds or quotes."""
    found: dict[str, None] = {}
    for leaf in _leaves(root):
        if leaf.kind in _ORIGINAL_KINDS:
            original = content(raw, leaf)[:_READ_WITHIN].lstrip()
            headers, _body = split_header(original, 0, len(original))
            found |= dict.fromkeys(ids_in(headers.first("message-id")))
        elif leaf.kind in _STATUS_KINDS or leaf.kind == "message/disposition-notification":
            fields = _fields(decode(content(raw, leaf)[:_READ_WITHIN]))
            found |= dict.fromkeys(ids_in(fields.get("original-message-id", "")))
    for quoted in _MESSAGE_ID.finditer(text[:_READ_WITHIN]):
        found |= dict.fromkeys(ids_in(quoted[1]))
    return tuple(found)[:_MOST_IDS]


def _is_daemon(who: Person, headers: Headers) -> bool:
    """True where a mail server speaks, not a person."""
    is_nobody = not who.address and _has_null_path(headers)
    return is_nobody or _DAEMON.match(who.address) is not None or _DAEMON_NAME.search(who.name) is not None


def _leaves(root: Part) -> Iterator[Part]:
    pending = [root]
    while pending:
        part = pending.pop()
        pending += reversed(part.parts)
        if not part.parts:
            yield part


def _standard(text: str, words: str) -> DeliveryReport:
    """The first failed recipient of a delivery-status part, else the first one."""
    groups = [_fields(group) for group in _GROUP.split(text.strip("\n"))]
    told = [group for group in groups if "action" in group or "final-recipient" in group or "status" in group]
    failed = next((group for group in told if group.get("action", "").lower().startswith("fail")), None)
    group = failed or (told[0] if told else {})
    action = group.get("action", "").lower()
    status = _STATUS.search(group.get("status", "") + " " + group.get("diagnostic-code", ""))
    is_permanent = action.startswith("fail") or (not action and not (status and status[1][0] in "24"))
    return DeliveryReport(
        is_permanent,
        _recipient(group.get("final-recipient") or group.get("original-recipient") or words),
        status[1] if status else "",
        line(
            group.get("diagnostic-code", "").partition(";")[2] or group.get("diagnostic-code", ""), _LONGEST_DIAGNOSTIC
        ),
    )


def _fields(group: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in _FIELD.finditer(group):
        found.setdefault(item[1].lower(), item[2].replace("\n", " ").strip())
    return found


def _is_in_own_words(headers: Headers, who: Person, subject: str, text: str) -> bool:
    """True for the reports that name themselves in prose; a postmaster may also be a person, and must say more."""
    if "x-failed-recipients" in headers:
        return True
    start = text[:_READ_WITHIN]
    if _NO_REPLY.match(who.address):
        return _TOLD.search(start) is not None or _NOTIFIED.search(start) is not None
    is_daemon, is_postmaster = _is_daemon(who, headers), _POSTMASTER.match(who.address) is not None
    is_null = _has_null_path(headers)
    if not (is_daemon or is_postmaster or is_null):
        return False
    is_said, is_told = _SUBJECT.search(subject) is not None, _BODY.search(start) is not None
    if is_daemon:
        return is_said or is_told
    return is_told and (is_said or (is_postmaster and (is_null or "RCPT TO:" in start)))


def _has_null_path(headers: Headers) -> bool:
    return headers.first("return-path").replace(" ", "").upper() in ("<>", "<MAILER-DAEMON>")


def _in_own_words(headers: Headers, subject: str, text: str) -> DeliveryReport:
    told = text[:_READ_WITHIN]
    quoted = _QUOTED_ORIGINAL.search(told)
    told = told[: quoted.start()] if quoted and quoted.start() > 0 else told
    status = _STATUS.search(told)
    code = _REPLY_CODE.search(told)
    first = status[1][0] if status else code[1] if code else ""
    if _NOTIFIED.search(told) and "Bounce" not in told:
        return DeliveryReport(False, _recipient(told), "", "")
    is_delayed = first == "4" or (not first and bool(_DELAYED.search(subject)))
    recipient = _recipient(headers.first("x-failed-recipients") or told)
    return DeliveryReport(
        not is_delayed or "fail" in subject.lower(), recipient, status[1] if status else "", _diagnostic(told)
    )


def _recipient(text: str) -> str:
    found = _RECIPIENT.search(text[:_READ_WITHIN])
    return line(found[1]) if found else ""


def _diagnostic(told: str) -> str:
    """The first line that carries a reply code or an enhanced status."""
    for row in told.split("\n"):
        if _STATUS.search(row) or _REPLY_CODE.search(row):
            return line(row, _LONGEST_DIAGNOSTIC)
    return ""
