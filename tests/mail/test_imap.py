"""The IMAP mailbox on a real Dovecot: fetching, and what is done with mail afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import Usage
from helpdesk_tui.mail.imap import ImapMailbox
from helpdesk_tui.mail.mailbox import open_mailbox
from tests.mail.servers import (
    PASSWORD,
    a_mail,
    changed_on_the_way,
    contents,
    settings_for,
)
from tests.services.dovecot import Mailbox


@pytest.fixture
def settings(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> MailboxSettings:
    monkeypatch.setenv(PASSWORD, mailbox.password)
    return settings_for(mailbox)


class TestFetching:
    def test_mails_come_in_batches_byte_for_byte_and_stay_unread(
        self, settings: MailboxSettings, mailbox: Mailbox
    ) -> None:
        mails = [a_mail(number) for number in range(120)]
        for mail in mails:
            mailbox.put(mail)
        with ImapMailbox(settings) as box:
            batches = list(box.fetch(box.uids()))
            assert [len(batch) for batch in batches] == [50, 50, 20]
            fetched = [mail for batch in batches for mail in batch]
            assert [mail.content for mail in fetched] == mails
            assert [mail.uid for mail in fetched] == box.uids()
            assert {mail.uidvalidity for mail in fetched} == {box.uidvalidity} == {mailbox.uidvalidity()}
        assert all(b"\\Seen" not in flags for _uid, flags, _raw in mailbox.messages())

    def test_the_time_of_receipt_is_the_servers_in_utc(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        mailbox.deliver(a_mail(1))
        with ImapMailbox(settings) as box:
            (mail,) = next(box.fetch(box.uids()))
        assert mail.received_at.tzinfo is UTC
        assert abs(mail.received_at - datetime.now(UTC)) < timedelta(minutes=1)

    def test_a_batch_holds_no_more_bytes_than_allowed_but_a_large_mail_alone(
        self, settings: MailboxSettings, mailbox: Mailbox
    ) -> None:
        for number, size in enumerate([400, 400, 5000, 400, 400, 400]):
            mailbox.put(a_mail(number, size))
        with ImapMailbox(replace(settings, batch_bytes=1200)) as box:
            assert [len(batch) for batch in box.fetch(box.uids())] == [2, 1, 2, 1]

    def test_more_mails_than_fit_into_one_command(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        for number in range(0, 1200):
            mailbox.put(a_mail(number))
        with ImapMailbox(replace(settings, batch_count=1000)) as box:
            uids = box.uids()
            assert [len(batch) for batch in box.fetch(uids)] == [1000, 200]
            box.done(uids)
        assert all(b"\\Seen" in flags for _uid, flags, _raw in mailbox.messages())

    def test_odd_bytes_and_an_empty_mail_come_as_they_are(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        odd = [
            b"",
            b"no header\r\n",
            b"Subject: \xff\xfe)({12}\r\n\r\n* BYE\r\n",
            b"A: b\r\n\r\n" + bytes(range(1, 256)),
        ]
        for mail in odd:
            mailbox.put(mail)
        with ImapMailbox(settings) as box:
            assert contents(box) == [raw for _uid, _flags, raw in mailbox.messages()]

    def test_a_mail_that_vanished_is_left_out(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        for number in range(3):
            mailbox.put(a_mail(number))
        with ImapMailbox(settings) as box:
            uids = box.uids()
            with mailbox.session() as colleague:
                colleague.select()
                colleague.uid("STORE", str(uids[1]), "+FLAGS", r"(\Deleted)")
                colleague.expunge()
            assert contents(box, [*uids, 4711]) == [a_mail(0), a_mail(2)]
            box.done(uids)

    def test_an_empty_folder_has_no_mail(self, settings: MailboxSettings) -> None:
        with open_mailbox(settings) as box:
            assert box.uids() == []
            assert list(box.fetch([])) == []
            box.done([])

    def test_a_new_mail_is_found_at_once(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        with ImapMailbox(settings) as box:
            for number in range(1, 6):
                mailbox.deliver(a_mail(number))
                assert len(box.uids()) == number


class TestUidvalidity:
    def test_it_changes_with_the_servers(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        mailbox.put(a_mail(1))
        with ImapMailbox(settings) as box:
            before = box.uidvalidity
        mailbox.recreate_inbox()
        with ImapMailbox(settings) as box:
            ((mail,),) = box.fetch(box.uids())
            assert mail.uidvalidity == box.uidvalidity != before

    def test_a_folder_made_anew_behind_our_back_is_noticed(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        with mailbox.session() as colleague:
            colleague.create("Desk")
            with ImapMailbox(replace(settings, folder="Desk")) as box:
                before = box.uidvalidity
                colleague.delete("Desk")
                colleague.create("Desk")
                colleague.append("Desk", "", "", a_mail(7))
                assert contents(box) == [a_mail(7)]
                assert box.uidvalidity != before


class TestDone:
    def flags(self, mailbox: Mailbox, folder: str = "INBOX") -> list[tuple[bytes, ...]]:
        return [flags for _uid, flags, _raw in mailbox.messages(folder)]

    def test_seen_marks_only_what_is_named(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        for number in range(3):
            mailbox.put(a_mail(number))
        with ImapMailbox(settings) as box:
            box.done(box.uids()[:2])
        assert self.flags(mailbox) == [(b"\\Seen",), (b"\\Seen",), ()]

    def test_leave_changes_nothing(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        mailbox.put(a_mail(1))
        with ImapMailbox(replace(settings, after="leave")) as box:
            assert contents(box) == [a_mail(1)]
            box.done(box.uids())
        assert self.flags(mailbox) == [()]

    def test_move_puts_mail_into_a_folder_that_exists(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        for number in range(3):
            mailbox.put(a_mail(number))
        with ImapMailbox(replace(settings, after="move:Archive")) as box:
            box.done(box.uids()[:2])
        assert [raw for *_rest, raw in mailbox.messages()] == [a_mail(2)]
        assert [raw for *_rest, raw in mailbox.messages("Archive")] == [a_mail(0), a_mail(1)]

    def test_move_makes_the_folder_where_the_server_asks_for_it(
        self, settings: MailboxSettings, mailbox: Mailbox
    ) -> None:
        mailbox.put(a_mail(1))
        with ImapMailbox(replace(settings, after="move:Erledigt für heute")) as box:
            box.done(box.uids())
            assert box.uids() == []
        assert "Erledigt f&APw-r heute" in mailbox.folders()

    def test_without_move_a_mail_is_copied_and_only_this_one_taken_away(
        self, settings: MailboxSettings, mailbox: Mailbox
    ) -> None:
        for number in range(3):
            mailbox.put(a_mail(number))
        with mailbox.session() as colleague:
            colleague.select()
            colleague.store("3", "+FLAGS", r"(\Deleted)")
        with changed_on_the_way(mailbox, {b" MOVE": b" XXXX"}) as port:
            plain = replace(settings, port=port, security="none", after="move:Done")
            with ImapMailbox(plain) as box:
                box.done(box.uids()[:1])
        assert [raw for *_rest, raw in mailbox.messages("Done")] == [a_mail(0)]
        assert [raw for *_rest, raw in mailbox.messages()] == [a_mail(1), a_mail(2)]

    def test_with_neither_move_nor_uidplus_mail_is_marked_as_read_and_that_is_said(
        self, settings: MailboxSettings, mailbox: Mailbox
    ) -> None:
        for number in range(2):
            mailbox.put(a_mail(number))
        with changed_on_the_way(mailbox, {b" MOVE": b" XXXX", b" UIDPLUS": b" XXXXXXX"}) as port:
            plain = replace(settings, port=port, security="none", after="move:Archive")
            with ImapMailbox(plain) as box:
                for uid in box.uids():
                    box.done([uid])
                assert [words.partition(", so")[0] for words in box.remarks] == [
                    "Mailbox support: 127.0.0.1 has neither MOVE nor UIDPLUS"
                ]
        assert self.flags(mailbox) == [(b"\\Seen",)] * 2
        assert mailbox.messages("Archive") == []

    @pytest.mark.parametrize("after", ["delete", "move:", "move:INBOX", ""])
    def test_unknown_words_are_refused_before_anything_is_done(self, after: str) -> None:
        with pytest.raises(Usage, match="Mailbox support: after cannot be"):
            ImapMailbox(MailboxSettings("support", host="mail.example", after=after))
