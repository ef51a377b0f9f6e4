"""The mails of the cross product: how each is written, and which there are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tests.build import MIRA, SUPPORT
from tests.mail.letterbox import BORDER, new_id, seen_by_border, written
from tests.mail.oracle import Case, Kind, Proof, Token, Weak, Who
from tests.mail.scene import ANNA, BOB, MIRAS_SECOND, ROSA, SUBJECT, Scene, State

_ADDRESSES = {
    Who.REQUESTER: MIRA.whole,
    Who.COPIED: ROSA.whole,
    Who.ALIAS: "Mira Kern <mira+desk@customer.example>",
    Who.SECOND: f"Mira Kern <{MIRAS_SECOND}>",
    Who.STRANGER: "Otto Fremd <otto@elsewhere.example>",
    Who.AGENT: ANNA.whole,
    Who.OUTER_AGENT: BOB.whole,
}
_EVIL = "evil@elsewhere.example"
_UNKNOWN = "abcdefghijklmnopqrstuvwxyz.hd@desk.example"
_CHECKED = (Proof.PASS, Proof.NONE, Proof.FAIL)


def mail_of(case: Case, scene: Scene) -> bytes:
    """The mail of this case, byte for byte."""
    fields, to = _ancestors(case, scene), SUPPORT
    if case.token is Token.PLUS:
        to = SUPPORT.replace("@", f"+{scene.ours.partition('.')[0]}@")
    text = "It still burns."
    if case.kind is Kind.ROBOT:
        fields.append("Auto-Submitted: auto-replied")
    if case.kind is Kind.LIST:
        fields += ["List-Id: Printers <printers.customer.example>", "Precedence: list"]
    if case.kind is Kind.BOUNCE:
        fields.append('Content-Type: multipart/report; report-type=delivery-status; boundary="=-b"')
        text = _report(case, scene)
    return written(_from(case), _subject(case, scene), text, border=_border(case), to=to, fields=fields)


def every_case(is_postgres: bool) -> list[Case]:
    """The whole cross product; what only a confidential queue shows stands in it on PostgreSQL alone."""
    found = [Case(*four) for four in product(Token, Weak, Who, Proof)]
    found += [
        Case(token, weak, who, proof, is_told=True)
        for token, weak, who, proof in product(Token, Weak, (Who.REQUESTER, Who.AGENT, Who.OUTER_AGENT), Proof)
    ]
    found += [
        Case(token, weak, who, proof, state=state, is_told=who is Who.AGENT)
        for token, weak, who, proof, state in product(
            (Token.NO, Token.REPLY_TO, Token.PLUS, Token.TWO),
            (Weak.NO, Weak.ID, Weak.NUMBER, Weak.ANSWER),
            (Who.REQUESTER, Who.COPIED, Who.STRANGER, Who.AGENT),
            _CHECKED,
            tuple(State)[1:],
        )
    ]
    found += [
        Case(token, weak, who, proof, kind)
        for token, weak, who, proof, kind in product(
            Token,
            (Weak.NO, Weak.ID, Weak.ANSWER),
            (Who.REQUESTER, Who.STRANGER, Who.AGENT),
            _CHECKED,
            tuple(Kind)[1:],
        )
    ]
    return list(dict.fromkeys([*found, *_confidential()] if is_postgres else found))


def _confidential() -> Iterator[Case]:
    for token, weak, who, proof in product(Token, Weak, Who, _CHECKED):
        yield Case(token, weak, who, proof, is_confidential=True)
        if who in (Who.AGENT, Who.OUTER_AGENT):
            yield Case(token, weak, who, proof, is_confidential=True, is_told=True)


def _from(case: Case) -> list[str]:
    own = _ADDRESSES[case.who]
    if case.proof is Proof.TWO_FROM:
        return [own, _EVIL]
    return [f"{_bare(own)} <{_EVIL}>"] if case.proof is Proof.PAIR else [own]


def _border(case: Case) -> list[str]:
    domain = _bare(_ADDRESSES[case.who]).rpartition("@")[2]
    if case.proof is Proof.OWN_CLAIM:
        return [
            *seen_by_border("", "elsewhere.example"),
            "Received: from pc by out.elsewhere.example; Wed, 25 Nov 2026 09:59:59 +0000",
            f"Authentication-Results: {BORDER}; dmarc=pass header.from={domain}",
        ]
    if case.proof is Proof.PAIR:
        return seen_by_border("pass", "elsewhere.example")
    verdict = {Proof.NONE: "", Proof.FAIL: "fail"}.get(case.proof, "pass")
    return seen_by_border(verdict, domain)


def _ancestors(case: Case, scene: Scene) -> list[str]:
    references = [f"<{scene.theirs}>"] if case.weak is Weak.ID else []
    reply_to = ""
    if case.token is Token.TWO:
        references, reply_to = [*references, f"<{scene.other_ours}>"], f"<{scene.ours}>"
    if case.token is Token.REFERENCES and case.kind is not Kind.BOUNCE:
        references = [f"<{new_id()}>", *references, f"<{scene.ours}>", f"<{new_id()}>"]
    if case.token is Token.REPLY_TO:
        reply_to = f"<{scene.ours.upper()}>"
    if case.token is Token.UNKNOWN:
        reply_to = f"<{_UNKNOWN}>"
    fields = [f"In-Reply-To: {reply_to}"] if reply_to else []
    return [*fields, f"References: {' '.join(references)}"] if references else fields


def _subject(case: Case, scene: Scene) -> str:
    return {
        Weak.NUMBER: f"Re: [#{scene.number}] Quite another matter",
        Weak.ANSWER: f"AW: {SUBJECT.upper()}",
        Weak.SAME: SUBJECT,
    }.get(case.weak, "Quite another matter")


def _report(case: Case, scene: Scene) -> str:
    """A delivery report (RFC 3464); the mail it returns is ours where the token stands in what is embedded."""
    returned = scene.ours if case.token is Token.REFERENCES else new_id()
    return (
        "--=-b\r\nContent-Type: text/plain\r\n\r\nYour mail was not delivered.\r\n"
        "--=-b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n"
        "Final-Recipient: rfc822; rosa@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        f"--=-b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{returned}>\r\nSubject: Re: x\r\n\r\n--=-b--"
    )


def _bare(person: str) -> str:
    return person.rpartition("<")[2].rstrip(">")
