"""The ledger names exactly what the servers have and the store does not, heals it where it is asked to, and touches nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.desk.mailroom import ArrivedMail, keep
from helpdesk_tui.desk.settings import set_agent
from helpdesk_tui.mail.ingest import PIPE
from helpdesk_tui.mail.ledger import Ledger, fetch, look
from helpdesk_tui.store.locks import Busy, alone
from tests.build import a_mail
from tests.mail.installation import Installation
from tests.services.dovecot import Mailbox
from tests.services.hosting import free_port

pytestmark = pytest.mark.one_store

MAILS = 30


def seen_now(installation: Installation) -> Ledger:
    """The ledger of all mailboxes."""
    return look(installation.system(), installation.settings.mailboxes)


def put(mailbox: Mailbox, count: int) -> list[bytes]:
    """Let mails lie in a mailbox."""
    mails = [a_mail(f"This is mail {number}.", subject=f"Matter {number}") for number in range(count)]
    for mail in mails:
        mailbox.put(mail)
    return mails


def state_of(mailbox: Mailbox, *folders: str) -> list[Any]:
    """All that a server says of a mailbox."""
    return [(one, mailbox.messages(one)) for one in ("INBOX", *folders)]


def ledger(installation: Installation, *words: str, code: int = 0) -> Any:
    """What the command prints."""
    done = installation.run("mail", "ledger", *words, "--json")
    assert done.returncode == code, done
    return json.loads(done.stdout)


class TestLooking:
    def test_every_mail_has_exactly_one_fate(self, installation: Installation, mailbox: Mailbox) -> None:
        installation.fetch_from(mailbox)
        mails = put(mailbox, 5)
        mailbox.put(mails[0])
        mailbox.put(a_mail("Away.", Auto_Submitted="auto-replied"))
        installation.poll_well()
        (found,) = seen_now(installation).mailboxes
        assert (found.on_server, found.fates, found.missing, found.gone) == (
            7, {"new": 5, "duplicate": 1, "robot": 1}, (), 0,
        )  # fmt: skip
        assert seen_now(installation).is_whole

    def test_what_is_not_taken_in_is_named_and_the_server_hears_nothing(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 2)
        installation.poll_well()
        before = put(mailbox, 2)[1]
        state = state_of(mailbox)
        found = ledger(installation, code=1)
        (named,) = found["mailboxes"]
        newest = [uid for uid, flags, _raw in state[0][1] if rb"\Seen" not in flags]
        assert [one["uid"] for one in named["missing"]] == newest
        assert named["missing"][1]["size"] == len(before)
        assert named["missing"][1]["received_at"].endswith("Z")
        assert (found["ok"], found["missing"], found["lost"]) == (False, 2, 0)
        assert state_of(mailbox) == state

    def test_what_people_moved_or_deleted_is_only_counted(self, installation: Installation, mailbox: Mailbox) -> None:
        installation.fetch_from(mailbox, after="move:Done")
        put(mailbox, 4)
        installation.poll_well()
        found = seen_now(installation)
        assert (found.mailboxes[0].on_server, found.mailboxes[0].gone, found.is_whole) == (0, 4, True)

    def test_a_server_that_numbers_anew_is_missing_until_the_next_round(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 3)
        installation.poll_well()
        mailbox.recreate_inbox()
        assert len(seen_now(installation).mailboxes[0].missing) == 3
        installation.poll_well()
        (found,) = seen_now(installation).mailboxes
        assert (found.fates, found.missing, found.gone) == ({"duplicate": 3}, (), 0)

    def test_a_mailbox_that_cannot_be_looked_into_hides_no_other(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox, "gone", port=free_port())
        installation.fetch_from(mailbox, "there")
        put(mailbox, 1)
        installation.poll()
        gone, there = ledger(installation, code=75)["mailboxes"]
        assert "no server listens" in gone["error"]["message"]
        assert (there["error"], there["fates"]) == (None, {"new": 1})
        assert ledger(installation, "--mailbox", "there")["ok"] is True

    def test_other_sources_stand_beside_the_mailboxes(self, installation: Installation) -> None:
        installation.run("mail", "receive", "-", said=a_mail().decode())
        said = installation.run("mail", "ledger")
        assert said.stdout.splitlines() == ["pipe: 1 new", "1 mails received · 1 accounted for · 0 lost"]

    def test_a_maildir_is_a_mailbox_like_any_other(self, installation: Installation, tmp_path: Path) -> None:
        box = tmp_path / "box"
        for part in ("new", "cur", "tmp"):
            (box / part).mkdir(parents=True)
        installation.mailboxes = (MailboxSettings("local", path=str(box)),)
        (box / "new" / "1.a").write_bytes(a_mail())
        assert [one.size for one in seen_now(installation).mailboxes[0].missing] == [len(a_mail()) for _ in range(1)]
        installation.poll_well()
        (box / "new" / "2.b").write_bytes(a_mail())
        (found,) = seen_now(installation).mailboxes
        assert (found.on_server, found.fates, len(found.missing)) == (2, {"new": 1}, 1)
        assert sorted(path.name for path in box.rglob("*.*")) == ["1.a:2,S", "2.b"]

    def test_a_mailbox_that_is_not_there_is_an_error(self, small_installation: Installation) -> None:
        done = small_installation.run("mail", "ledger", "--mailbox", "nowhere")
        assert (done.returncode, "no mailbox nowhere" in done.stderr) == (1, True)


class TestHealing:
    def test_rows_that_are_gone_are_named_and_taken_in_again(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, MAILS)
        installation.poll_well()
        lost = [row.uid for row in installation.sql("SELECT uid FROM mail_seen ORDER BY uid")][4:25:10]
        owner = installation.place.store()
        with owner.engine.begin() as connection:
            for uid in lost:
                connection.exec_driver_sql(f"DELETE FROM mail_seen WHERE uid = {uid}")
        (named,) = ledger(installation, code=1)["mailboxes"]
        assert [one["uid"] for one in named["missing"]] == lost
        assert named["fates"] == {"new": MAILS - 3}
        healed = ledger(installation, "--fetch")
        assert (healed["ok"], sum(healed["mailboxes"][0]["fates"].values())) == (True, MAILS)
        again = ledger(installation, "--fetch")
        assert again == healed == ledger(installation)

    @pytest.mark.parametrize(
        ("when", "target", "turn", "kept", "waits"),
        [
            ("after", "helpdesk_tui.desk.mailroom:keep", 3, 15, 5),
            ("before", "helpdesk_tui.desk.mailroom:keep", 3, 10, 0),
            ("after", "helpdesk_tui.desk.mailroom:_file_in_turn", 12, 15, 5),
        ],
    )
    def test_a_poller_that_was_killed_half_way_leaves_nothing_unnamed(
        self, installation: Installation, mailbox: Mailbox, when: str, target: str, turn: int, kept: int, waits: int
    ) -> None:
        installation.fetch_from(mailbox)
        mails = put(mailbox, MAILS)
        installation.killed(when, target, turn)
        found = seen_now(installation)
        uids = [uid for uid, _flags, _raw in mailbox.messages()]
        assert [one.uid for one in found.mailboxes[0].missing] == uids[kept:]
        assert (found.waiting.count, found.account.received, found.account.lost) == (waits, kept, waits)
        for _twice in range(2):
            done = fetch(installation.system(), installation.settings.mailboxes)
            assert not done.failures
            found = seen_now(installation)
            assert (found.is_whole, found.account.received, found.account.lost) == (True, MAILS, 0)
        contents = {bytes(row.body) for row in installation.sql("SELECT body FROM content")}
        assert contents == set(mails)
        assert installation.sql("SELECT count(*) FROM ticket")[0][0] == MAILS

    def test_what_a_poller_that_is_no_more_left_is_filed(self, installation: Installation) -> None:
        keep(installation.system(), "an old mailbox", [ArrivedMail(a_mail(), installation.clock())])
        other = a_mail("The lamp is dark.", sender="otto@elsewhere.example", subject="Lamp")
        keep(installation.system(), PIPE, [ArrivedMail(other, installation.clock())])
        said = installation.run("mail", "ledger")
        assert said.returncode == 1
        assert "2 mails are kept and not filed" in said.stdout
        assert "an old mailbox" in said.stdout
        assert ledger(installation, "--fetch")["elsewhere"] == {"an old mailbox": {"new": 1}, "pipe": {"new": 1}}

    def test_a_mailbox_that_a_poller_has_is_left_to_it(self, installation: Installation, mailbox: Mailbox) -> None:
        installation.fetch_from(mailbox)
        put(mailbox, 1)
        with alone(installation.place.store("bob"), "mailbox inbox"):
            (failure,) = fetch(installation.system(), installation.settings.mailboxes).failures
            assert isinstance(failure, Busy)
            assert len(seen_now(installation).mailboxes[0].missing) == 1

    def test_nothing_is_sent(self, installation: Installation, tmp_path: Path) -> None:
        installation.send_into(tmp_path / "sent")
        installation.run("ticket", "new", "--from", "mira@customer.example", "--subject", "Printer")
        number = str(installation.answer("ticket", "list")[0]["number"])
        installation.run("ticket", "reply", number, "--text-file", "-", said="Is it on?")
        fetch(installation.system(), ())
        assert not (tmp_path / "sent").exists()


def test_who_does_not_belong_to_all_queues_counts_no_mail(installation: Installation) -> None:
    set_agent(installation.place.desk("root"), "anna", queues=["-billing"])
    done = installation.run("mail", "ledger")
    assert (done.returncode, done.stdout) == (1, "")
    assert "billing" in done.stderr
