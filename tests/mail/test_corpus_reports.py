"""Real reports of many mail servers, kept outside this repository: how many are known, and how well they are understood.

Set HELPDESK_MAIL_CORPUS to the folder with MANIFEST.tsv and expected.json.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import pytest

from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.mail.files import content
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.mail.structure import leaves, read_structure
from helpdesk_tui.rules.alerts import alert_of
from helpdesk_tui.rules.robots import is_robot
from helpdesk_tui.terms import IncomingMail
from tests.build import Proves
from tests.mail.test_parse_corpus import FOLDER, expected, messages, pytestmark

__all__ = ["pytestmark"]

#: Bounces that are not taken for one, and why.
MISSED = {
    "bounce-sisimai/bsd/lhost-fml-03.eml": "a list manager tells its keeper of a mail that came twice; none was lost",
    "bounce-sisimai/bsd/lhost-sendmail-14.eml": "a person forwards a bounce, and writes above it",
}
#: Bounces that `expected.json` does not list: each is one.
UNLISTED = {
    "cpython/msg_05.txt": "declared as one",
    "cpython/msg_16.txt": "PMDF, with a status part",
    "cpython/msg_25.txt": "Sendmail: too many hops",
    "cpython/msg_43.txt": "amavis refused the mail, with a status part",
    "mikel-mail/mime_emails/raw_email_with_mimepart_without_content_type.eml": "Sendmail: delayed",
    "mikel-mail/multipart_report_emails/multi_address_bounce1.eml": "Postfix, two recipients",
    "mikel-mail/multipart_report_emails/multipart_report_multiple_status.eml": "two status parts",
    "mikel-mail/multipart_report_emails/report_422.eml": "Sendmail: delayed",
    "mikel-mail/multipart_report_emails/report_530.eml": "Sendmail",
    "mimekit/messages/bounce.txt": "Postfix",
    "mimekit/messages/delivery-status-multiple-blank-lines.txt": "a status part alone",
    "mimekit/messages/delivery-status-no-blank-line.txt": "with a status part",
    "mimekit/messages/delivery-status.anonymized.eml": "with a status part",
    "mimekit/messages/delivery-status.txt": "with a status part",
    "mimekit/messages/delivery-status2.txt": "Exim",
    "spamassassin/spam-2/00169.86268e75abd1bd4bda4d6c129681df34.txt": "Exchange could not deliver spam",
}
_ID = re.compile(rb"^[>| \t]*(?:original-|x-[a-z-]*)?message-id:\s*\S", re.I | re.M)


def bounces() -> dict[str, IncomingMail]:
    listed = (name for name, facts in expected().items() if facts.get("is_bounce"))
    return {name: mail for name in listed if (mail := parsed(name)) and mail.report}


@cache
def parsed(name: str) -> IncomingMail | None:
    try:
        return parse((FOLDER / name).read_bytes())
    except MailUnreadable:
        return None


def holds_an_id(name: str) -> bool:
    """Whether a report embeds or quotes the id of the mail it is about."""
    raw = (FOLDER / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    root = read_structure(raw, 0).root
    return any(_ID.search(content(raw, leaf)) for leaf in leaves(root)) or any(
        "message-id" in leaf.headers for leaf in leaves(root) if leaf is not root
    )


def share(part: Iterable[object], whole: Iterable[object]) -> float:
    return len(list(part)) / len(list(whole))


def test_bounces_are_known(proves: Proves) -> None:
    listed = {name for name, facts in expected().items() if facts.get("is_bounce")}
    found = set(bounces())
    assert listed - found == set(MISSED)
    assert share(found, listed) > 0.99
    proves("bounces known", len(found))


def test_nothing_else_is_taken_for_a_bounce(proves: Proves) -> None:
    facts = expected()
    others = [name for name in dict.fromkeys([*messages(), *facts]) if not facts.get(name, {}).get("is_bounce")]
    wrong = {name for name in others if (mail := parsed(name)) and mail.report}
    assert wrong == set(UNLISTED)
    proves("mails not taken for a bounce", len(others) - len(wrong))


def test_every_bounce_names_a_recipient() -> None:
    assert [name for name, mail in bounces().items() if not (mail.report and mail.report.recipient)] == []


def test_a_bounce_says_for_good_or_not_as_its_status_part_does() -> None:
    for name, mail in bounces().items():
        action = re.search(rb"^Action: *(failed|delayed)", (FOLDER / name).read_bytes(), re.I | re.M)
        if action and mail.report:
            assert mail.report.is_permanent == (action[1].lower() == b"failed"), name


def test_bounces_are_told_with_a_status_or_the_servers_words() -> None:
    found = bounces()
    told = [name for name, mail in found.items() if mail.report and (mail.report.status or mail.report.diagnostic)]
    assert share(told, found) >= 0.95


def test_every_id_that_a_bounce_holds_is_found(proves: Proves) -> None:
    holding = {name: mail for name, mail in bounces().items() if holds_an_id(name)}
    assert [name for name, mail in holding.items() if not mail.report_ids] == []
    proves("bounces whose mail is known", len(holding))


#: Listed with the complaints, but nobody complains in them.
NO_COMPLAINTS = {
    "bounce-sisimai/bsd/arf-18.eml": "a failure of authentication (RFC 6591)",
    "bounce-sisimai/bsd/arf-26.eml": "a mail program unsubscribes for its reader",
}


def test_complaints_are_known_with_the_mail_they_embed() -> None:
    for name, facts in expected().items():
        if facts["kind"] == "feedback_report":
            mail = parsed(name)
            assert mail
            assert (mail.notice == "complaint") == (name not in NO_COMPLAINTS), name
            assert bool(mail.report_ids) == holds_an_id(name), name
            assert is_robot(mail) or mail.notice, name


def test_no_person_sends_a_notice() -> None:
    known = {name for name, facts in expected().items() if facts["kind"] == "feedback_report"}
    noticed = {name for name in messages() if (mail := parsed(name)) and mail.notice} - known
    assert {name.partition("-")[0] for name in noticed} <= {"mimekit/messages/feedback", "mimekit/messages/disposition"}


def test_no_real_mail_of_a_person_is_an_alert(proves: Proves) -> None:
    mails = [mail for name in messages() if (mail := parsed(name))]
    assert [mail.subject for mail in mails if alert_of(mail)] == []
    proves("mails that are no alert", len(mails))


@pytest.mark.parametrize("answers_us", [True, False])
def test_automatic_answers_are_known(answers_us: bool) -> None:
    for name, facts in expected().items():
        if facts.get("is_auto_reply"):
            mail = parsed(name)
            assert mail
            assert is_robot(mail, answers_us=answers_us), name
