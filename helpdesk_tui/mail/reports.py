"""Delivery reports: the standard ones (RFC 3464) and those that mail servers write in their own words."""

from __future__ import annotations

import re
from dataclasses import replace

from helpdesk_tui.mail import addresses, bounces, delivery_status
from helpdesk_tui.mail.charsets import decode, lines
from helpdesk_tui.mail.files import content
from helpdesk_tui.mail.headers import Headers
from helpdesk_tui.mail.originals import READ_WITHIN, original
from helpdesk_tui.mail.structure import Part, leaves
from helpdesk_tui.terms import DeliveryAction, DeliveryReport, Person, RecipientReport

_STATUS_KINDS = ("message/delivery-status", "message/global-delivery-status")
_MOST_STATUS_PARTS = 10
_OTHER_REPORTS = ("feedback-report", "disposition-notification", "tlsrpt")
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
    r"|did not reach|nicht erreicht(?! werden)|kann nicht erreicht werden|können nicht erreicht werden|delivery problem|delayed|rejected|does not exist|送信できません|送信エラー|届きません|配信でき|メール.{0,10}エラー",
    re.I | re.M,
)
_TOLD = re.compile(r"could not be delivered to:?\s{0,4}<[^<>\s]{1,250}@", re.I)
_NO_REPLY = re.compile(r"no-?reply[@+.-]", re.I)


def delivery_report(raw: bytes, root: Part, who: Person, subject: str, text: str) -> DeliveryReport | None:
    """What a delivery report says, None where the mail is none; complaints and read receipts are none."""
    headers = root.headers
    kind = root.settings.get("report-type", "").lower() if root.kind == "multipart/report" else ""
    parts = list(leaves(root))
    if kind in _OTHER_REPORTS or any(part.kind == "message/feedback-report" for part in parts):
        return None
    states = [part for part in parts if part.kind in _STATUS_KINDS][:_MOST_STATUS_PARTS]
    told = text[:READ_WITHIN]
    if states and (kind or _is_daemon(who, headers) or _POSTMASTER.match(who.address) or _SUBJECT.search(subject)):
        found = [one for part in states for one in _recipients(raw, part)]
    elif kind == "delivery-status" or _is_in_own_words(headers, who, subject, told):
        found = []
    else:
        return None
    found = found or _in_own_words(headers, subject, told)
    return delivery_status.report_of(_completed(found[: delivery_status.MOST_RECIPIENTS], raw, root, told))


def _is_daemon(who: Person, headers: Headers) -> bool:
    """True where a mail server speaks, not a person."""
    is_nobody = not who.address and _has_null_path(headers)
    return is_nobody or _DAEMON.match(who.address) is not None or _DAEMON_NAME.search(who.name) is not None


def _recipients(raw: bytes, part: Part) -> list[RecipientReport]:
    return delivery_status.recipients_in(lines(decode(content(raw, part)[:READ_WITHIN])))


def _is_in_own_words(headers: Headers, who: Person, subject: str, text: str) -> bool:
    """True for the reports that name themselves in prose; a postmaster may also be a person, and must say more."""
    if "x-failed-recipients" in headers:
        return True
    if _NO_REPLY.match(who.address):
        return _TOLD.search(text) is not None or bounces.is_notification(text)
    is_daemon, is_postmaster = _is_daemon(who, headers), _POSTMASTER.match(who.address) is not None
    is_null = _has_null_path(headers)
    if not (is_daemon or is_postmaster or is_null):
        return False
    is_said, is_told = _SUBJECT.search(subject) is not None, _BODY.search(text) is not None
    if is_daemon:
        return is_said or is_told
    return is_told and (is_said or (is_postmaster and (is_null or "RCPT TO:" in text)))


def _has_null_path(headers: Headers) -> bool:
    return headers.first("return-path").replace(" ", "").upper() in ("<>", "<MAILER-DAEMON>")


def _in_own_words(headers: Headers, subject: str, told: str) -> list[RecipientReport]:
    if bounces.is_notification(told):
        return bounces.notified(told)
    ours = {box.address for name in ("to", "delivered-to") for box in addresses.people(headers.first(name))}
    return bounces.recipients_told(told, subject, headers.first("x-failed-recipients"), ours)


def _completed(found: list[RecipientReport], raw: bytes, root: Part, told: str) -> list[RecipientReport]:
    """Recipients without address or words get those of the mail that was lost and of the prose."""
    if not all(one.address for one in found):
        only = _only_recipient(raw, root) or delivery_status.address_in(bounces.own_words(told))
        found = [one if one.address else replace(one, address=only) for one in found]
    if any(_lacks_words(one) for one in found):
        said = bounces.words_by_address(told)
        found = [replace(one, diagnostic=said(one.address)) if _lacks_words(one) else one for one in found]
    return found


def _lacks_words(one: RecipientReport) -> bool:
    return not one.diagnostic and one.action is not DeliveryAction.DELIVERED


def _only_recipient(raw: bytes, root: Part) -> str:
    lost = original(raw, root)
    people = addresses.people(lost.first("to")) if lost else ()
    return people[0].address if len(people) == 1 else ""
