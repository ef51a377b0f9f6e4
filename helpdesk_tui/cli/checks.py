"""What `helpdesk doctor` looks at, each with a sentence and, where it is wrong, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from helpdesk_tui.cli.invocation import Invocation
from helpdesk_tui.config import CallbackSettings, MailboxSettings, Settings
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.terms import SYSTEM

if TYPE_CHECKING:
    from helpdesk_tui.store.engine import Store
    from helpdesk_tui.terms import Actor

#: File systems on which SQLite's locks are not to be trusted.
_NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph"})


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    ADVICE = "advice"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    what: str
    state: State
    words: str
    hint: str = ""


def check_all(invocation: Invocation) -> list[Check]:
    """Look at everything that can be looked at; one failure hides no other."""
    try:
        settings = invocation.settings()
    except HelpdeskError as error:
        return [_failed(_("configuration"), error)]
    read = str(settings.path) if settings.path else _("none; the defaults hold")
    checks = [Check(_("configuration"), State.OK, read)]
    checks.append(_tried(_("working time"), lambda: _working_time(settings)))
    checks += _store_checks(settings, invocation)
    for mailbox in settings.mailboxes:
        if mailbox.host or mailbox.path:
            checks.append(_tried(_("mailbox {name}").format(name=mailbox.name), partial(_mailbox, mailbox)))
    if settings.has_smtp:
        checks.append(_tried(_("sending"), lambda: _sending(settings)))
    else:
        checks.append(Check(_("sending"), State.WARN, _("no mail can be sent"), _("Set [smtp] in the configuration.")))
    return checks


def _store_checks(settings: Settings, invocation: Invocation) -> list[Check]:
    from helpdesk_tui.cli.mail_checks import mail_checks
    from helpdesk_tui.desk.identity import identify
    from helpdesk_tui.store.schema import open_current

    try:
        store = open_current(settings.store)
    except HelpdeskError as error:
        return [_failed(_("store"), error)]
    checks = [_tried(_("store"), lambda: _whole(store)), *_file_system(store)]
    checks += list(_queues(store))
    try:
        actor = identify(store, invocation.login)
    except HelpdeskError as error:
        return [*checks, _failed(_("you"), error)]
    checks.append(Check(_("you"), State.OK, actor.login))
    checks.append(_tried(_("mail"), lambda: _mail(store, actor)))
    checks += mail_checks(store, actor, settings.mailboxes)
    if settings.callback_teams or settings.callbacks != CallbackSettings():
        checks.append(_callbacks(store, settings))
    return checks


def _callbacks(store: Store, settings: Settings) -> Check:
    from helpdesk_tui.desk.callback_plans import differing
    from helpdesk_tui.rules.phones import is_region
    from helpdesk_tui.store.transaction import reading

    if not is_region(settings.callbacks.region):
        words = _("{region} is no region of phone numbers").format(region=settings.callbacks.region)
        return Check(_("callbacks"), State.FAIL, words, _("Set [callbacks] region to an ISO 3166 code such as DE."))
    try:
        with reading(store, SYSTEM) as session:
            teams = ", ".join(one.team for one in differing(session, settings))
    except HelpdeskError as error:
        return _failed(_("callbacks"), error)
    if not teams:
        return Check(_("callbacks"), State.OK, _("as the configuration says"))
    words = _("the store has other times than the configuration for {teams}").format(teams=teams)
    return Check(_("callbacks"), State.WARN, words, _("A lead runs: helpdesk callback pattern apply"))


def _working_time(settings: Settings) -> str:
    from helpdesk_tui.rules.calendar import parse_calendar

    parse_calendar(settings.calendar.hours, settings.calendar.zone)
    return f"{settings.calendar.hours} ({settings.calendar.zone})"


def _whole(store: Store) -> str:
    from sqlalchemy import text

    with store.reader.connect() as connection:
        if store.is_postgres:
            return str(connection.execute(text("SELECT version()")).scalar_one())
        said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if said != "ok":
        raise HelpdeskError(
            _("{file} is damaged: {words}").format(file=store.file, words=said), _("Restore the newest backup.")
        )
    return str(store.file)


def _file_system(store: Store) -> list[Check]:
    if store.file is None or _file_system_of(str(store.file.resolve())) not in _NETWORK_FILE_SYSTEMS:
        return []
    words = _("the store lies on a network file system, where SQLite is not safe")
    return [Check(_("file system"), State.WARN, words, _("Move it to a local disk, or use PostgreSQL."))]


def _file_system_of(path: str) -> str:
    try:
        with open("/proc/mounts", encoding="utf-8") as mounts:
            points = [line.split()[1:3] for line in mounts]
    except OSError:
        return ""
    fitting = [(point, kind) for point, kind in points if path.startswith(point.rstrip("/") + "/")]
    return max(fitting, default=("", ""), key=lambda one: len(one[0]))[1]


def _queues(store: Store) -> Iterator[Check]:
    from helpdesk_tui.store.queries.setup import queues
    from helpdesk_tui.store.transaction import reading

    with reading(store, SYSTEM) as session:
        rows = queues(session)
    for queue in rows:
        name = _("queue {name}").format(name=queue.name)
        if queue.addresses:
            yield Check(name, State.OK, ", ".join(queue.addresses))
        else:
            hint = _("helpdesk queue set {name} --address NAME@DOMAIN").format(name=queue.name)
            yield Check(name, State.WARN, _("has no address, so nothing can be answered from it"), hint)


def _mail(store: Store, actor: Actor) -> str:
    from helpdesk_tui.store.queries.mail import mail_account
    from helpdesk_tui.store.transaction import reading

    with reading(store, actor) as session:
        account = mail_account(session)
    return promise(account.received, account.accounted)


def promise(received: int, accounted: int) -> str:
    """The promise in one line; what is not accounted for counts as lost until it is."""
    said = _("{received} mails received · {accounted} accounted for · {lost} lost")
    return said.format(received=received, accounted=accounted, lost=received - accounted)


def _mailbox(settings: MailboxSettings) -> str:
    from helpdesk_tui.language import ngettext
    from helpdesk_tui.mail.mailbox import open_mailbox

    with open_mailbox(settings) as box:
        said = ngettext("{n} mail is there", "{n} mails are there", len(box.uids()))
        return " · ".join([said, *box.remarks])


def _sending(settings: Settings) -> str:
    from helpdesk_tui.credentials import credential

    smtp = settings.smtp
    if smtp.path:
        return smtp.path
    if smtp.user:
        credential(smtp, "smtp")
    import socket

    try:
        socket.create_connection((smtp.host, smtp.port), timeout=10).close()
    except OSError as error:
        raise HelpdeskError(
            _("{host}:{port} cannot be reached ({words}).").format(
                host=smtp.host, port=smtp.port, words=error.strerror
            ),
            _("Check [smtp] host and port."),
        ) from error
    return f"{smtp.host}:{smtp.port}"


def _tried(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what, State.OK, look())
    except HelpdeskError as error:
        return _failed(what, error)


def _failed(what: str, error: HelpdeskError) -> Check:
    return Check(what, State.FAIL, error.message, error.hint)
