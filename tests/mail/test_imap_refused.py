"""Mails that an IMAP server will not hand over: they are named, and all the others come in."""

from __future__ import annotations

import pytest

from helpdesk_tui.errors import Temporary
from helpdesk_tui.mail.imap import ImapMailbox
from tests.mail.servers import PASSWORD, ImapFolder, contents, serving, settings_at

REFUSALS = {
    "refused": b"%T NO [SERVERBUG] internal error\r\n",
    "refused for good": b"%T NO message is corrupt\r\n",
    "not understood": b"%T BAD what?\r\n",
    "hangs up": b"%H",
    "hangs up in the mail": b"* 3 FETCH (UID 3 BODY[] {10}\r\n01234%H",
    "says goodbye": b"* BYE crashed\r\n%H",
    "endless": b"* 3 FETCH (UID 3 BODY[] {2147483648}\r\n%W",
    "without sense": b"* 3 FETCH (UID 3 BODY[] {2}\r\n0123456789)\r\n%T OK done\r\n",
}


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "secret")


def a_folder(troubles: dict[int, bytes] | None = None, words: bytes = b"BODY.PEEK", *, count: int = 7) -> ImapFolder:
    return ImapFolder({uid: b"mail %d" % uid for uid in range(1, count + 1)}, troubles, words)


def others(folder: ImapFolder) -> list[bytes]:
    return [mail for uid, mail in folder.mails.items() if uid not in folder.troubles]


@pytest.mark.parametrize("words", [b"BODY.PEEK", b"RFC822.SIZE"])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_the_others_come_in_and_the_refused_one_is_named(refusal: str, words: bytes) -> None:
    folder = a_folder({3: REFUSALS[refusal]}, words)
    with serving(folder) as port, ImapMailbox(settings_at(port)) as box:
        for _round in range(3):
            assert sorted(contents(box)) == others(folder)
            (problem,) = box.problems
            assert problem.startswith("Mailbox support: UID 3 was not handed over")
        box.done([1])


def test_a_mail_that_ends_the_connection_is_asked_for_alone_and_last() -> None:
    folder = a_folder({3: b"%H"})
    with serving(folder) as port, ImapMailbox(settings_at(port, batch_count=2)) as box:
        contents(box)
        assert folder.asked_for() == [[1, 2], [3, 4], [3, 4], [5, 6], [7], [3], [4]]
        folder.heard.clear()
        contents(box)
        assert folder.asked_for() == [[1, 2], [4, 5], [6, 7], [3]]
        assert folder.logins == 1


def test_a_connection_lost_once_costs_no_mail_and_no_word() -> None:
    folder = a_folder({3: b"%H"})
    folder.is_passing = True
    with serving(folder) as port, ImapMailbox(settings_at(port)) as box:
        assert contents(box) == list(folder.mails.values())
        assert box.problems == []


def test_a_server_that_hangs_up_at_every_mail_is_left_and_the_calm_mails_come_first_the_next_time() -> None:
    folder = a_folder(dict.fromkeys(range(1, 31), b"%H"), count=31)
    with serving(folder) as port:
        box = ImapMailbox(settings_at(port))
        with pytest.raises(Temporary, match="hung up"), box:
            contents(box)
        assert folder.logins < 15
        gathered: list[bytes] = []
        for _round in range(5):
            with pytest.raises(Temporary, match="hung up"), box:
                gathered.extend(mail.content for mails in box.fetch(box.uids()) for mail in mails)
        assert b"mail 31" in gathered


def test_a_folder_made_anew_meanwhile_is_not_mixed_up_with_the_old_one() -> None:
    folder = a_folder({3: b"%H"})
    with serving(folder) as port, ImapMailbox(settings_at(port)) as box:
        uids = box.uids()
        folder.answers["SELECT"] = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 8] valid\r\n"
        with pytest.raises(Temporary, match="changed"):
            list(box.fetch(uids))


def test_a_mail_whose_content_is_left_out_is_named() -> None:
    folder = a_folder({3: b"* 3 FETCH (UID 3 BODY[] NIL)\r\n", 5: b""})
    with serving(folder) as port, ImapMailbox(settings_at(port)) as box:
        assert contents(box) == others(folder)
        assert [problem.split(" was ")[0] for problem in box.problems] == [
            "Mailbox support: UID 3",
            "Mailbox support: UID 5",
        ]


def test_a_mail_that_went_away_meanwhile_is_not_named() -> None:
    folder = a_folder({3: b"* 3 FETCH (UID 3 BODY[] NIL)\r\n"})
    with serving(folder) as port, ImapMailbox(settings_at(port)) as box:
        uids = box.uids()
        mails = others(folder)
        fetching = box.fetch(uids)
        assert [mail.content for mail in next(fetching)] == mails
        del folder.mails[3]
        assert list(fetching) == []
        assert box.problems == []


def test_who_is_told_to_end_makes_no_connection_anew() -> None:
    folder = a_folder({3: b"%H"})
    with serving(folder) as port, ImapMailbox(settings_at(port)) as box:
        uids = box.uids()
        box.stop_waiting()
        with pytest.raises(Temporary, match="hung up"):
            list(box.fetch(uids))
        assert folder.logins == 1
