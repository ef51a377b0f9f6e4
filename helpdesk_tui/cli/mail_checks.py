"""What `helpdesk doctor` says of mail: what waits, what was put aside, which mailboxes fail, what is not decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from helpdesk_tui.cli.checks import Check, State
from helpdesk_tui.cli.output import plain
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.store.queries.ledger import failing_mailboxes, quarantined, waiting
from helpdesk_tui.store.queries.setup import queues
from helpdesk_tui.store.transaction import reading

if TYPE_CHECKING:
    from helpdesk_tui.config import MailboxSettings
    from helpdesk_tui.store.engine import Store
    from helpdesk_tui.terms import Actor


def mail_checks(store: Store, actor: Actor, mailboxes: Sequence[MailboxSettings]) -> Iterator[Check]:
    """What is to be known of mail beside whether it can be fetched and sent; what is fine is not named."""
    yield from _waiting(store, actor)
    yield from _quarantined(store, actor)
    yield from _failing(store, actor)
    yield from _undecided(store, actor)
    yield from _unverified(mailboxes)


def _waiting(store: Store, actor: Actor) -> Iterator[Check]:
    with reading(store, actor) as session:
        found = waiting(session)
    if found.count:
        words = ngettext(
            "{n} mail is kept and not filed, the oldest since {at}",
            "{n} mails are kept and not filed, the oldest since {at}",
            found.count,
        ).format(at=plain(found.oldest[0].received_at))
        yield Check(_("mail that waits"), State.WARN, words, _("helpdesk mail ledger --fetch files it."))


def _quarantined(store: Store, actor: Actor) -> Iterator[Check]:
    with reading(store, actor) as session:
        count = quarantined(session)
    if count:
        words = ngettext("{n} mail could not be read", "{n} mails could not be read", count)
        hint = _("helpdesk mail list --disposition quarantined names them; somebody has to look at them.")
        yield Check(_("quarantine"), State.WARN, words, hint)


def _failing(store: Store, actor: Actor) -> Iterator[Check]:
    with reading(store, actor) as session:
        found = failing_mailboxes(session)
    for one in found:
        words = _("in trouble since {at}: {words}").format(at=plain(one.since), words=one.words)
        hint = _("helpdesk mail ledger --mailbox {name} looks into it.").format(name=one.name)
        yield Check(_("polling {name}").format(name=one.name), State.WARN, words, hint)


def _undecided(store: Store, actor: Actor) -> Iterator[Check]:
    with reading(store, actor) as session:
        names = [queue.name for queue in queues(session) if queue.addresses and queue.confirms is None]
    if names:
        words = _("nobody has decided whether new requests are confirmed in {queues}").format(queues=", ".join(names))
        hint = _("helpdesk queue show {name} shows the text; helpdesk queue set {name} --confirm, or --no-confirm.")
        yield Check(_("confirming requests"), State.WARN, words, hint.format(name=names[0]))


def _unverified(mailboxes: Sequence[MailboxSettings]) -> Iterator[Check]:
    names = [one.name for one in mailboxes if one.host and not one.authserv_id]
    if names:
        words = _("no sender is verified in {names}").format(names=", ".join(names))
        hint = _(
            "Where your border server writes Authentication-Results, set authserv_id to its name there; "
            "then helpdesk doctor mail --probe MAILBOX."
        )
        yield Check(_("senders"), State.ADVICE, words, hint)
