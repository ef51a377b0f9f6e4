"""How times, states and people are said on screen: words of people, exact figures one key away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from rich.cells import cell_len

from helpdesk_tui.language import _, ngettext
from helpdesk_tui.store.queries.aside import Aside
from helpdesk_tui.store.queries.mail import MailHealth
from helpdesk_tui.store.queries.presence import STILL_WRITING
from helpdesk_tui.terms import LoadState, MessageKind, Party, Priority, Status

#: Signs of the list: priority, in order of rank.
PRIORITY_SIGNS = {Priority.LOW: "·", Priority.NORMAL: " ", Priority.HIGH: "!", Priority.URGENT: "‼"}
#: A poller or a sender that was not heard of for so long is gone: they say that they live every minute.
_STALE = timedelta(minutes=5)
#: Within so long a due date is counted down.
_SOON = timedelta(hours=12)
KIND_SIGNS = {MessageKind.NOTE: "▪", MessageKind.CALL: "☎", MessageKind.INBOUND: "▸", MessageKind.OUTBOUND: "◂"}


def span(length: timedelta) -> str:
    """A length of time in one unit: `35 min`, `3 h`, `4 d`."""
    minutes = max(int(length.total_seconds() // 60), 0)
    if minutes < 60:
        return _("{n} min").format(n=minutes)
    if minutes < 48 * 60:
        return _("{n} h").format(n=minutes // 60)
    return _("{n} d").format(n=minutes // (24 * 60))


def moment(when: datetime, now: datetime) -> str:
    """An instant as people say it: `today 9:06`, `Tue 9:06`, `12 Nov`."""
    local, today = when.astimezone(), now.astimezone().date()
    if local.date() == today:
        return _("today {time}").format(time=f"{local:%H:%M}")
    if abs((local.date() - today).days) < 7:
        return f"{local:%a %H:%M}"
    return f"{local:%d %b}" if local.year == today.year else f"{local:%d %b %Y}"


def clock(when: datetime, now: datetime) -> str:
    """An instant as short as can be: `09:12`, and with its day where that is not today."""
    local = when.astimezone()
    return f"{local:%H:%M}" if local.date() == now.astimezone().date() else moment(when, now)


def owed(due_at: datetime | None, waiting_for: Party | None, since: datetime, now: datetime) -> str:
    """What is owed and when: `overdue 12 min`, `in 3 h`, or for how long somebody waits for us: `waits 8 h`."""
    if due_at is not None:
        return due(due_at, now)
    if waiting_for is Party.US:
        return _("waits {span}").format(span=span(now - since))
    return ""


def due(due_at: datetime, now: datetime) -> str:
    """When something is owed: `overdue 12 min`, `in 3 h`, `Tue 9:06`."""
    if due_at < now:
        late = now - due_at
        is_short = late < timedelta(hours=1)  # "12 min" would not fit the column
        return _("overdue {span}").format(span=f"{late.seconds // 60}m" if is_short else span(late))
    left = due_at - now
    return _("in {span}").format(span=span(left)) if left < _SOON else moment(due_at, now)


def is_fresh(written_at: datetime, now: datetime) -> bool:
    """True where somebody who wrote then is still writing, as far as one can tell."""
    return now - written_at < STILL_WRITING


def waiting(waiting_for: Party | None, since: datetime, now: datetime) -> str:
    """Whose word is awaited, since when."""
    if waiting_for is Party.US:
        return _("waiting for us, {span}").format(span=span(now - since))
    if waiting_for is Party.THEM:
        return _("waiting for the customer, {span}").format(span=span(now - since))
    return ""


def marked(count: int, outside: int, room: int) -> str:
    """What the next verb hits, as much of it as there is room for: `x solves 3 marked tickets · q unmarks`."""
    words = ngettext("x solves {n} marked ticket", "x solves {n} marked tickets", count)
    hidden = _(" ({n} not in this list)").format(n=outside) if outside else ""
    whole = f"{words}{hidden} · {_('a A p s C t M likewise · q unmarks')}"
    return whole if cell_len(whole) <= room else f"{words}{hidden} · {_('q unmarks')}"


def mail_words(health: MailHealth, now: datetime) -> list[str]:
    """How mail is doing, what is wrong first and with a sign."""
    fetching, sending = _fetching_words(health, now), _sending_words(health, now)
    late = _waiting_words(health, now)
    failed = _("! {n} not delivered").format(n=health.failed) if health.failed else ""
    queued = _("outbox {n}").format(n=health.queued) if health.queued else ""
    said = [words for words in (fetching, late, sending, failed, queued) if words]
    if health.poller_at is not None and not any(words.startswith("!") for words in said):
        said.insert(0, _("mail {time} ok").format(time=moment(health.poller_at, now)))
    return said


def aside_words(counts: Mapping[Aside, int]) -> list[str]:
    """How much mail was kept aside and waits for somebody's look: `quarantine 2`, `robots 14`."""
    return [f"{aside_word(one)} {count}" for one, count in counts.items() if count]


def aside_word(aside: Aside) -> str:
    """What a list of mail that was kept aside is called."""
    return {
        Aside.QUARANTINE: _("quarantine"),
        Aside.ROBOTS: _("robots"),
        Aside.BACKSCATTER: _("backscatter"),
        Aside.FLOODS: _("floods"),
    }[aside]


def _fetching_words(health: MailHealth, now: datetime) -> str:
    if health.poller_at is None:
        return ""
    if (worst := next(iter(health.mailboxes), None)) and worst.failing_since:
        said = _("! mail: {mailbox} failing since {time}, {words}")
        words = worst.words.removeprefix(_("Mailbox {name}").format(name=worst.name) + ": ")
        return said.format(mailbox=worst.name, time=clock(worst.failing_since, now), words=words)
    if health.poller_words != "ok":
        return _("! mail: {words}").format(words=health.poller_words)
    is_stale = now - health.poller_at > _STALE
    return _("! no mail fetched for {span}").format(span=span(now - health.poller_at)) if is_stale else ""


def _waiting_words(health: MailHealth, now: datetime) -> str:
    if health.waiting_since is None or now - health.waiting_since < _STALE:
        return ""
    return _("! mail: oldest waiting {span}").format(span=span(now - health.waiting_since))


def _sending_words(health: MailHealth, now: datetime) -> str:
    if health.sender_words not in ("", "ok"):
        return _("! not sent: {words}").format(words=health.sender_words)
    is_stale = health.sender_at is None or now - health.sender_at > _STALE
    return _("! nobody sends") if health.queued and is_stale else ""


def status_word(status: Status) -> str:
    """A status as people say it."""
    return {
        Status.NEW: _("new"),
        Status.OPEN: _("in progress"),
        Status.WAITING_CUSTOMER: _("waiting for the customer"),
        Status.WAITING_OTHER: _("waiting for others"),
        Status.SNOOZED: _("snoozed"),
        Status.SOLVED: _("solved"),
        Status.CLOSED: _("closed"),
        Status.CANCELLED: _("cancelled"),
    }[status]


def status_short(status: Status) -> str:
    """A status in one word, for narrow columns."""
    return {
        Status.NEW: _("new"),
        Status.OPEN: _("in progress"),
        Status.WAITING_CUSTOMER: _("customer"),
        Status.WAITING_OTHER: _("others"),
        Status.SNOOZED: _("snoozed"),
        Status.SOLVED: _("solved"),
        Status.CLOSED: _("closed"),
        Status.CANCELLED: _("cancelled"),
    }[status]


def priority_word(priority: Priority) -> str:
    """A priority as people say it."""
    return {
        Priority.LOW: _("low"),
        Priority.NORMAL: _("normal"),
        Priority.HIGH: _("high"),
        Priority.URGENT: _("urgent"),
    }[priority]


def load_word(state: LoadState) -> str:
    """How much room a colleague has."""
    return {
        LoadState.FREE: _("free"),
        LoadState.NEARLY_FULL: _("nearly full"),
        LoadState.FULL: _("full"),
        LoadState.ABSENT: _("absent"),
    }[state]


def delivery_word(state: str | None) -> str:
    """How far an outgoing mail has come."""
    return {
        "queued": _("waiting to be sent"),
        "sending": _("sending"),
        "sent": _("sent"),
        "failed": _("not sent"),
        "unsure": _("perhaps sent"),
    }.get(state or "", "")


def size(count: int) -> str:
    """A file size: `84 kB`."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def out_of_sight() -> str:
    """What is said of a ticket that is not there any more for its reader."""
    return _("This ticket is no longer in a queue you belong to.")
