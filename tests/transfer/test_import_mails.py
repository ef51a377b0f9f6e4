"""Mails of another system become tickets: conversations together, once each, with what they were and nothing sent."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk_tui.desk.conversation import note
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.imports import importing
from helpdesk_tui.desk.settings import set_agent
from helpdesk_tui.desk.takeback import take_back
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.store.feed import Feed
from helpdesk_tui.store.locks import Busy
from helpdesk_tui.store.queries.thread import raw_of_message
from helpdesk_tui.store.queries.transfer import imports, rejects
from helpdesk_tui.terms import SYSTEM, MessageKind, Person, Priority, Role, Status
from helpdesk_tui.transfer.mapping import Mapping
from helpdesk_tui.transfer.options import Options
from helpdesk_tui.transfer.run import dry_run
from tests.build import MORNING, SUPPORT, Place, a_mail, history, listed, received, row, sql, thread
from tests.transfer.samples import corpus_mails, counts, invented, mail, maildir, mbox, state, take, told

pytestmark = pytest.mark.one_store

ANNA = f"Anna · Support <{SUPPORT}>"
MIRA = "mira@customer.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def root(place: Place) -> Desk:
    """The admin, who imports."""
    return place.desk("root")


def conversations(desk: Desk) -> list[list[str]]:
    """The texts of each ticket's thread."""
    return [[one["text"].strip() for one in ticket["messages"]] for ticket in told(desk)]


def test_a_conversation_is_one_ticket_with_its_own_times(root: Desk, tmp_path: Path) -> None:
    mails = [
        mail(1, "Hallo", at=MORNING - 3 * HOUR, file=b"PC LOAD LETTER"),
        mail(2, "Neu starten!", sender=ANNA, to=MIRA, at=MORNING - 2 * HOUR, answers=[1]),
        mail(3, "Geht.", at=MORNING - HOUR, answers=[1, 2]),
    ]
    done = take(root, "mbox", mbox(tmp_path / "a", mails))
    assert (done.tickets, done.messages, done.rejected, done.resumed) == (1, 3, 0, False)
    (number,) = listed(root, "is:any")
    ticket, said = row(root, number), thread(root, number)
    assert (ticket.status, ticket.requester.address, ticket.queue) == (Status.OPEN, MIRA, "support")
    assert (ticket.created_at, ticket.updated_at) == (MORNING - 3 * HOUR, MORNING - HOUR)
    assert [one.kind for one in said] == [MessageKind.INBOUND, MessageKind.OUTBOUND, MessageKind.INBOUND]
    assert [one.received_at for one in said] == [MORNING - n * HOUR for n in (3, 2, 1)]
    assert (said[1].agent, said[1].to) == ("anna", (Person("", MIRA),))
    assert [(one.name, one.size) for one in said[0].files] == [("log.txt", 14)]
    assert b"".join(root.ask(lambda session: list(raw_of_message(session, said[0].id)))) == mails[0]
    assert [one.verb for one in history(root, number)] == ["import"]
    assert history(root, number)[0].batch == done.batch
    assert listed(root, "starten is:any") == [number]


def test_nothing_is_sent_and_no_mailbox_counts_it(place: Place, root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", mbox(tmp_path / "a", invented(30)))
    assert {name: counts(place)[name] for name in ("outbox", "mail_seen", "timer")} == dict.fromkeys(
        ("outbox", "mail_seen", "timer"), 0
    )


def test_other_terminals_hear_of_it(place: Place, root: Desk, tmp_path: Path) -> None:
    feed = Feed(place.store("anna"), place.desk("anna").actor)
    take(root, "mbox", mbox(tmp_path / "a", invented(5)))
    assert len(feed.read()) == len(listed(root, "is:any"))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1), (1, 3, 0, 2)], ids=str)
def test_mails_find_each_other_in_any_order_and_across_imports(root: Desk, tmp_path: Path, order: Any) -> None:
    mails = [
        mail(1, "eins", at=MORNING - 4 * HOUR),
        mail(2, "zwei", at=MORNING - 3 * HOUR, answers=[1]),
        mail(3, "drei", at=MORNING - 2 * HOUR, answers=[1, 2]),
        mail(4, "vier", at=MORNING - HOUR, answers=[1, 2, 3]),
    ]
    for place_in_order in order:
        take(root, "mbox", mbox(tmp_path / f"{place_in_order}", [mails[place_in_order]]))
    (texts,) = conversations(root)
    assert sorted(texts) == ["drei", "eins", "vier", "zwei"]
    (number,) = listed(root, "is:any")
    assert [one.text.strip() for one in thread(root, number)] == ["eins", "zwei", "drei", "vier"]


def test_answers_to_a_mail_that_nobody_has_stay_together(root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", mbox(tmp_path / "a", [mail(2, answers=["lost"]), mail(3, answers=["lost"])]))
    assert len(conversations(root)) == 1


@pytest.mark.parametrize(("is_asked", "sizes"), [(False, [1, 1, 1]), (True, [1, 2])])
def test_the_same_subject_is_no_conversation_unless_asked_for(
    root: Desk, tmp_path: Path, is_asked: bool, sizes: list[int]
) -> None:
    mails = [
        mail(1, "a", subject="Hilfe"),
        mail(2, "b", subject="Re: hilfe"),
        mail(3, "c", subject="Hilfe", sender="o@x.example"),
    ]
    take(root, "mbox", mbox(tmp_path / "a", mails), groups_by_subject=is_asked)
    assert sorted(map(len, conversations(root))) == sizes


def test_two_mails_that_share_an_id_are_two_and_no_answers_of_each_other(root: Desk, tmp_path: Path) -> None:
    mails = [mail(1, "die erste"), mail(1, "die andere", sender="o@x.example"), mail(2, "zur ersten", answers=[1])]
    assert take(root, "mbox", mbox(tmp_path / "a", mails)).messages == 3
    assert conversations(root) == [["die erste", "zur ersten"], ["die andere"]]


def test_a_second_run_changes_nothing(place: Place, root: Desk, tmp_path: Path) -> None:
    path = mbox(tmp_path / "a", [*invented(40), b"\0"])
    first = take(root, "mbox", path)
    before = state(place)
    again = take(root, "mbox", path)
    assert (again.batch, again.tickets, again.messages, again.rejected) == (first.batch, 0, 0, 0)
    assert state(place) == before


def test_a_file_that_has_grown_brings_what_is_new(root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", mbox(tmp_path / "a", invented(40)))
    done = take(root, "mbox", mbox(tmp_path / "a", [*invented(40), mail("new")]))
    assert (done.tickets, done.messages) == (1, 1)


def test_the_same_mail_with_other_status_lines_is_known(root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", mbox(tmp_path / "a", [mail(1)]))
    done = take(root, "mbox", mbox(tmp_path / "b", [b"X-Status: RO\n" + mail(1)]))
    assert (done.tickets, done.messages) == (0, 0)


def test_a_mail_that_the_poller_took_in_is_not_taken_twice(root: Desk, tmp_path: Path) -> None:
    received(root, a_mail(message_id="live@customer.example"))
    mails = [a_mail(message_id="live@customer.example").replace(b"\r\n", b"\n"), mail(2)]
    assert take(root, "mbox", mbox(tmp_path / "a", mails)).messages == 1


def test_what_cannot_be_read_is_named_and_stops_nothing(root: Desk, tmp_path: Path) -> None:
    done = take(root, "mbox", mbox(tmp_path / "a", [mail(1), b"\n\n", mail(2), mail(3, sender=ANNA, to=SUPPORT)]))
    assert (done.messages, done.rejected) == (2, 2)
    unreadable, inner = root.acting_as(SYSTEM).ask(rejects, done.batch or "")
    assert unreadable.place.startswith("byte ")
    assert "neither a sender nor any text" in unreadable.reason
    assert (inner.place.endswith("(<3@old.example>)"), inner.reason) == (True, "It was sent to nobody outside.")


def test_a_mail_that_kills_its_reader_is_named_and_stops_nothing(
    root: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk_tui.mail.reader.CHILD", "tests.mail.odd_child")
    mails = [mail(number, "DO: crash" if number == 2 else "Hallo", subject=f"Mail {number}") for number in range(5)]
    done = take(root, "mbox", mbox(tmp_path / "a", mails))
    assert (done.messages, done.rejected) == (4, 1)
    ((place, why),) = [(one.place, one.reason) for one in root.acting_as(SYSTEM).ask(rejects, done.batch or "")]
    assert "2@old.example" in place
    assert "signal 11" in why


def test_where_a_conversation_stands(root: Desk, tmp_path: Path) -> None:
    """Closed where its last mail is old; else it waits for whoever did not write it."""
    old = MORNING - timedelta(days=31)
    mails = [
        mail(1, subject="alt", at=old),
        mail(2, subject="unsere", at=MORNING - 2 * HOUR),
        mail(3, subject="Re: unsere", sender=ANNA, to=MIRA, at=MORNING - HOUR, answers=[2]),
        mail(4, subject="ihre", at=MORNING - HOUR),
    ]
    take(root, "mbox", mbox(tmp_path / "a", mails))
    found = {one["subject"]: (one["status"], one["waiting_for"], one["closed_at"]) for one in told(root)}
    assert found == {
        "alt": ("closed", None, "2026-10-23T10:00:00.000000Z"),
        "unsere": ("waiting_customer", "them", None),
        "ihre": ("open", "us", None),
    }


def test_a_late_answer_opens_what_an_earlier_import_closed(root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", mbox(tmp_path / "a", [mail(1, at=MORNING - timedelta(days=50))]))
    take(root, "mbox", mbox(tmp_path / "b", [mail(2, at=MORNING - HOUR, answers=[1])]))
    (ticket,) = told(root)
    assert (ticket["status"], ticket["closed_at"], ticket["updated_at"]) == (
        "open",
        None,
        "2026-11-23T09:00:00.000000Z",
    )


def test_a_status_for_all_can_be_said(root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", mbox(tmp_path / "a", invented(10)), status="solved")
    assert {one["status"] for one in told(root)} == {"solved"}


@pytest.mark.parametrize(("named", "queues"), [("", ["support", "billing", "support"]), ("Silent", ["silent"] * 3)])
def test_the_queue_is_that_of_the_address_unless_one_is_named(
    root: Desk, tmp_path: Path, named: str, queues: list[str]
) -> None:
    path = mbox(tmp_path / "a", [mail(1), mail(2, to="billing@desk.example"), mail(3, to="who@desk.example")])
    take(root, "mbox", path, queue=named)
    assert [one["queue"] for one in told(root)] == queues
    with pytest.raises(Usage, match="There is no queue nowhere"):
        take(root, "mbox", path, queue="nowhere")


def test_the_numbers_of_old_subjects_are_kept_where_they_are_free(root: Desk, tmp_path: Path) -> None:
    mails = [
        mail(1, "a", subject="[Ticket#4711] Drucker"),
        mail(2, "b", subject="Re: [Ticket#4711] Drucker"),
        mail(3, "c", subject="[Ticket#INC-7] VPN"),
    ]
    options = {"subject_tag": "[Ticket#{number}]"}
    take(root, "mbox", mbox(tmp_path / "a", mails), **options)
    assert 4711 in listed(root, "is:any")
    assert [one.text.strip() for one in thread(root, 4711)] == ["a", "b"]
    assert len(listed(root, "is:any")) == 2
    taken = take(
        root, "mbox", mbox(tmp_path / "b", [mail(9, "x", subject="[Ticket#4711] Y")]), system="other", **options
    )
    assert taken.tickets == 1
    assert len(listed(root, "is:any")) == 3


def test_a_second_run_without_the_mark_does_not_forget_it(root: Desk, tmp_path: Path) -> None:
    path = mbox(tmp_path / "a", [mail(1, subject="Drucker [Ticket#4711]")])
    take(root, "mbox", path, subject_tag="[Ticket#{number}]")
    take(root, "mbox", path)
    assert received(root, a_mail("x", subject="AW: [Ticket#4711]")).ticket == 4711


def test_a_mark_without_a_number_is_refused(root: Desk, tmp_path: Path) -> None:
    for mark in ("Ticket#", "{number}", "[{number}{number}]"):
        with pytest.raises(Usage, match="is no mark of a subject"):
            take(root, "mbox", mbox(tmp_path / "a", [mail(1)]), subject_tag=mark)


class TestMaildir:
    """Folders and flags."""

    def test_folders_and_flags(self, root: Desk, tmp_path: Path) -> None:
        path = maildir(
            tmp_path / "box",
            {
                "cur/1700000001.a:2,S": mail(1, "gelesen", subject="a", at=MORNING - HOUR),
                "new/1700000002.b": mail(2, "neu", subject="b", at=MORNING - HOUR),
                "cur/1700000003.c:2,FS": mail(3, "wichtig", subject="c", at=MORNING - HOUR),
                "cur/1700000004.d:2,RS": mail(4, "beantwortet", subject="d", at=MORNING - HOUR),
                "cur/1700000005.e:2,ST": mail(5, "weg"),
                "cur/1700000006.f:2,D": mail(6, "Entwurf"),
                ".Sent/cur/1700000007.g:2,S": mail(7, "gesendet", sender="a@private.example", to=MIRA, answers=[1]),
                "Archive.Old/cur/1700000008.h:2,S": mail(8, "Archiv", subject="h"),
                ".Trash/cur/1700000009.i:2,S": mail(9, "Müll"),
                "tmp/1700000010.j": mail(10, "halb"),
            },
        )
        done = take(root, "maildir", path)
        assert (done.messages, done.rejected) == (6, 3)
        found = {one["subject"]: one for one in told(root)}
        assert [one["kind"] for one in found["a"]["messages"]] == ["inbound", "outbound"]
        assert found["c"]["priority"] == Priority.HIGH
        assert (found["d"]["status"], found["b"]["status"]) == ("waiting_customer", "open")
        assert {one.place for one in root.acting_as(SYSTEM).ask(rejects, done.batch or "")} == {
            "1700000005.e", "1700000006.f", ".Trash/1700000009.i",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "folder",
        [
            ".Entw&APw-rfe",
            ".Gel&APY-schte Elemente",
            ".Gelo\u0308schte_Objekte",
            ".Junk E-Mail",
            ".Trash.2019",
            "Deleted Items",
        ],
    )
    def test_drafts_trash_and_junk_are_left_out_by_any_name(self, root: Desk, tmp_path: Path, folder: str) -> None:
        path = maildir(tmp_path / "box", {"cur/1700000001.a:2,S": mail(1)})
        maildir(path / folder, {"cur/1700000002.b:2,S": mail(2)})
        done = take(root, "maildir", path)
        assert (done.messages, done.rejected) == (1, 1)

    @pytest.mark.parametrize("folder", [".Gesendete_Elemente", ".Sent.2019", ".INBOX.Sent-Mail"])
    def test_what_was_sent_is_known_by_any_part_of_its_folder(self, root: Desk, tmp_path: Path, folder: str) -> None:
        path = maildir(tmp_path / "box", {"cur/1700000001.a:2,S": mail(1)})
        maildir(path / folder, {"cur/1700000002.b:2,S": mail(2, sender="a@private.example", to=MIRA, answers=[1])})
        take(root, "maildir", path)
        assert [one["kind"] for one in told(root)[0]["messages"]] == ["inbound", "outbound"]

    def test_a_folder_that_is_a_link_is_named(self, root: Desk, tmp_path: Path) -> None:
        path = maildir(tmp_path / "box", {"cur/1700000001.a:2,S": mail(1)})
        (path / ".Archive").symlink_to(maildir(tmp_path / "other", {"cur/1700000002.b:2,S": mail(2)}))
        done = take(root, "maildir", path)
        ((place, why),) = [(one.place, one.reason) for one in root.acting_as(SYSTEM).ask(rejects, done.batch or "")]
        assert (done.messages, place, "is a link" in why) == (1, ".Archive", True)

    def test_what_was_left_out_is_known_when_its_flags_change(self, root: Desk, tmp_path: Path) -> None:
        path = maildir(tmp_path / "box", {"new/1700000001.a:2,D": mail(1)})
        assert take(root, "maildir", path).rejected == 1
        (path / "new/1700000001.a:2,D").rename(path / "cur/1700000001.a:2,DS")
        assert take(root, "maildir", path).rejected == 0

    def test_what_is_no_plain_file_is_left_alone(self, root: Desk, tmp_path: Path) -> None:
        path = maildir(tmp_path / "box", {"cur/1700000001.a:2,S": mail(1)})
        (path / "cur" / "link").symlink_to("/etc/hostname")
        (path / "cur" / "b\x1b[31m").write_bytes(mail(2))
        os.mkfifo(path / "new" / "pipe")
        done = take(root, "maildir", path)
        assert (done.messages, done.rejected) == (2, 2)

    def test_a_folder_may_go_to_a_queue(self, root: Desk, tmp_path: Path) -> None:
        path = maildir(tmp_path / "box", {".Auftr&AOQ-ge/cur/1700000001.a:2,S": mail(1)})
        mapping = tmp_path / "map.toml"
        mapping.write_text('[queue]\n"Aufträge" = "billing"\n', encoding="utf-8")
        take(root, "maildir", path, mapping=str(mapping))
        assert [one["queue"] for one in told(root)] == ["billing"]

    def test_flags_that_change_make_no_mail_new(self, root: Desk, tmp_path: Path) -> None:
        path = maildir(tmp_path / "box", {"new/1700000001.a": mail(1)})
        take(root, "maildir", path)
        (path / "new/1700000001.a").rename(path / "cur/1700000001.a:2,S")
        assert take(root, "maildir", path).messages == 0

    def test_a_folder_of_single_mails(self, root: Desk, tmp_path: Path) -> None:
        for number in (1, 2):
            (tmp_path / f"{number}.eml").write_bytes(mail(number))
        assert take(root, "maildir", tmp_path).messages == 2

    def test_any_other_folder_is_refused(self, root: Desk, tmp_path: Path) -> None:
        with pytest.raises(Usage, match="is no Maildir"):
            take(root, "maildir", tmp_path)
        with pytest.raises(Usage, match="There is no folder"):
            take(root, "maildir", tmp_path / "nowhere")


def test_only_an_admin_imports(place: Place, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Only an admin"):
        take(place.desk("anna"), "mbox", mbox(tmp_path / "a", [mail(1)]))


def test_two_do_not_import_from_one_system_at_once(place: Place, root: Desk, tmp_path: Path) -> None:
    with importing(place.desk("root"), "old"), pytest.raises(Busy):
        take(root, "mbox", mbox(tmp_path / "a", [mail(1)]))


@pytest.mark.parametrize(
    ("format", "content", "said"),
    [
        ("mbox", b"\x1f\x8b\x08\x00 packed", r"is packed \(gzip\)"),
        ("jsonl", b"PK\x03\x04 packed", r"is packed \(zip\)"),
        ("csv", b"BZh9 packed", r"is packed \(bzip2\)"),
        ("mbox", b"Subject: x\n\nx", "is no mbox file"),
    ],
)
def test_what_is_no_source_leaves_no_import_behind(
    root: Desk, tmp_path: Path, format: str, content: bytes, said: str
) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(Usage, match=said):
        take(root, format, tmp_path / "a")
    assert root.acting_as(SYSTEM).ask(imports) == []


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_on_postgresql_only_the_owner_imports(place: Place, root: Desk, tmp_path: Path) -> None:
    """An admin who is not the owner hears so before anything is read."""
    set_agent(root, "anna", role=Role.ADMIN)
    anna, path = place.desk("anna"), mbox(tmp_path / "a", [mail(1)])
    batch = take(root, "mbox", path).batch or ""
    for act in (lambda: take(anna, "mbox", path), lambda: take_back(anna, batch)):
        with pytest.raises(Refused, match="Only the owner of this database imports"):
            act()


def test_a_dry_run_counts_and_writes_nothing(place: Place, root: Desk, tmp_path: Path) -> None:
    mails = invented(450)
    again = [mail("new"), *mails[:250], mail("new", "other", sender="o@x.example"), mail("last", answers=["new"])]
    path = mbox(tmp_path / "a", [*mails, b"\n", *again])
    before = state(place)
    dry = dry_run(root, "mbox", path, Options("old"))
    assert state(place) == before
    done = take(root, "mbox", path)
    assert (dry.tickets, dry.messages, dry.rejected) == (done.tickets, done.messages, done.rejected)
    known = dry_run(root, "mbox", path, Options("old"))
    assert (known.tickets, known.messages) == (0, 0)


def test_what_somebody_has_worked_on_is_not_put_elsewhere_by_an_older_mail(root: Desk, tmp_path: Path) -> None:
    take(root, "mbox", mbox(tmp_path / "a", [mail(2, at=MORNING - HOUR, answers=[1])]))
    (number,) = listed(root, "is:any")
    root.do(note, number, "Ich kümmere mich.")
    before = row(root, number)
    take(root, "mbox", mbox(tmp_path / "b", [mail(1, "davor", at=MORNING - 2 * HOUR)]))
    after = row(root, number)
    assert (after.status, after.updated_at) == (before.status, before.updated_at)
    assert len(thread(root, number)) == 3


def test_real_mails_are_taken_in_as_one_file(place: Place, root: Desk, tmp_path: Path) -> None:
    mails = corpus_mails()
    if not mails:
        pytest.skip("HELPDESK_MAIL_CORPUS names no folder with real mails")
    done = take(root, "mbox", mbox(tmp_path / "a", mails))
    known = sql(place.store(), "SELECT count(*) FROM external_ref WHERE type = 'mail'")[0][0]
    assert done.messages == known
    assert done.messages + done.rejected > 0.5 * len(mails)  # one mail in many folders is one


def test_a_word_of_a_mapping_that_means_nothing_is_refused(root: Desk, tmp_path: Path) -> None:
    file = tmp_path / "map.toml"
    for text, said in (
        ('[queue]\n"a" = "nowhere"\n', "means"),
        ("[nonsense]\n", "is no part of a mapping file"),
        ("[queue\n", "cannot be read"),
        ('[queue]\n"a" = 3\n', "is no part of a mapping file"),
    ):
        file.write_text(text)
        with pytest.raises(Usage, match=said):
            root.ask(Mapping, str(file))
