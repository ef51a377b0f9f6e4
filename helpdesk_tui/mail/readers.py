"""Reading mail in children of our own, several at once: a mail that kills its reader costs itself and no other.

    with Readers() as readers:
        for reading in readers.read(mails): ...

Readings come in the order of the mails. A child is started when there is something for it, further ones when all have
their hands full; no more mails are on the way than `MOST_IN_FLIGHT` bytes.
"""

from __future__ import annotations

import json
import logging
import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from helpdesk_tui.language import _
from helpdesk_tui.mail import frames
from helpdesk_tui.mail.protocol import Limits
from helpdesk_tui.mail.reader import Job, NoReader, Reader, Reading, Unread
from helpdesk_tui.terms import IncomingMail

log = logging.getLogger(__name__)
#: Of a larger mail so many bytes are read.
MOST_READ = 25 << 20
#: Mails that were handed in and not given back yet, in bytes; one larger than that comes alone.
MOST_IN_FLIGHT = 64 << 20
_MOST_JOBS = 512
#: A child that says and does nothing for so long is ended, in seconds; one that works is ended by its own limit.
MOST_SILENT = 60.0
#: With so many mails before it a child is busy, and another one is started; that takes as long as reading hundreds.
_ENOUGH = 32
_SLICE = 1.0
_MOST_CHILDREN = 8


class Readers:
    """Some children that read mail, at most one a processor."""

    def __init__(self, most: int = 0, limits: Limits | None = None) -> None:
        self._wanted = self._most = most or _processors()
        self._limits = limits or Limits()
        self._children: list[Reader] = []

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all children."""
        while self._children:
            self._children.pop().end()

    def rest(self) -> None:
        """End all children but one, and try later again to have as many as before: for a while there is little to do."""
        self._most = self._wanted
        while len(self._children) > 1:
            self._children.pop().end()

    def start(self) -> None:
        """Start a child now, so that it is ready when the first mail comes."""
        if not self._children:
            self._children.append(Reader(self._limits))

    def read(self, mails: Iterable[bytes], **settings: object) -> Iterator[Reading]:
        """What each mail says, in their order; `settings` are frozen dataclasses that the child takes by these names.

        Raises:
            Temporary: no child can be started, or the machine has too little memory.
        """
        with self.begun(mails, **settings) as readings:
            yield from readings

    @contextmanager
    def begun(self, mails: Iterable[bytes], **settings: object) -> Iterator[Readings]:
        """As `read`, but the children begin with it at once, whenever their readings are taken."""
        work = _Work(mails, _written(settings))
        try:
            yield Readings(lambda: self._next(work), lambda: self._has_come(work), self._trouble_with(work))
        finally:
            for child in [one for one in self._children if one.jobs]:
                self._part_with(child)

    def _trouble_with(self, work: _Work) -> Exception | None:
        """Hand out the first mails; gives back why that cannot be done, for whoever asks for a reading."""
        try:
            self._hand_out(work)
        except (NoReader, MemoryError) as error:
            return error
        return None

    def _has_come(self, work: _Work) -> bool:
        self._hand_out(work)
        self._look(work, 0)
        return work.has_next

    def _next(self, work: _Work) -> Reading | None:
        """The next reading in the order of the mails; None behind the last."""
        while True:
            if self._has_come(work):
                return work.take()
            if work.is_done:
                return None
            self._hand_out(work)
            self._look(work, _SLICE)

    def _hand_out(self, work: _Work) -> None:
        """Give the children as much to do as they take."""
        while work.fetch() and (child := self._free_child()):
            child.ask(work.begin())

    def _free_child(self) -> Reader | None:
        """The child with the least to do; a new one where all have enough to do."""
        free = min((one for one in self._children if one.has_room), key=lambda one: one.asked_bytes, default=None)
        if len(self._children) >= self._most or (free is not None and len(free.jobs) < _ENOUGH):
            return free
        try:
            self._children.append(Reader(self._limits))
        except NoReader:
            if not self._children:
                raise
            self._most = len(self._children)
            return free
        return self._children[-1]

    def _look(self, work: _Work, seconds: float) -> None:
        """Send and receive what can be; waits so long for something to happen."""
        poll = select.poll()
        for child in self._children:
            poll.register(child.answers, select.POLLIN)
            if child.requests is not None:
                poll.register(child.requests, select.POLLOUT)
        began = time.monotonic()
        ready = {number for number, _event in poll.poll(seconds * 1000)}
        waited = min(time.monotonic() - began, _SLICE)  # a process that was stopped meanwhile has not waited
        for child in list(self._children):
            self._attend(work, child, ready, waited)

    def _attend(self, work: _Work, child: Reader, ready: set[int], waited: float) -> None:
        child.silent_for += waited if child.jobs else 0.0
        if child.requests in ready:
            child.send()
        try:
            for job, reading in child.receive() if child.answers in ready else ():
                work.end(job, reading)
        except frames.Malformed:
            self._bury(work, child, _("The reader's answer to it makes no sense."))
        except EOFError:
            if not child.is_leaving:
                self._bury(work, child)
                return
            self._look_after(work, child)  # it had said that it would go
        else:
            self._look_after(work, child)

    def _look_after(self, work: _Work, child: Reader) -> None:
        if child.is_leaving:
            work.again(child.jobs)
            self._part_with(child)
        elif child.silent_for >= MOST_SILENT and not child.has_worked():
            self._bury(work, child, _("Its reader stood still for {n} s.").format(n=f"{MOST_SILENT:g}"))

    def _bury(self, work: _Work, child: Reader, reason: str = "") -> None:
        """A child has ended, or is to be ended: that costs the mail it was at; others read what stood behind."""
        self._children.remove(child)
        try:
            reason = reason or child.ended()
        except NoReader:
            if not self._children:
                raise
            self._most = len(self._children)
            work.again(child.jobs)
        finally:
            child.end()
        if not child.jobs:
            return
        job = child.jobs[0]
        job.tries += 1
        if reason or job.tries > 1:
            child.jobs.popleft()
            log.warning("a reader of mail has ended: %s", reason or "from outside")
            work.end(job, Unread(reason or _("The reader was ended over it, twice.")))
        work.again(child.jobs)

    def _part_with(self, child: Reader) -> None:
        self._children.remove(child)
        child.end()


class Readings:
    """What mails say, in their order."""

    def __init__(
        self, take: Callable[[], Reading | None], has_come: Callable[[], bool], trouble: Exception | None
    ) -> None:
        self._take = take
        self._has_come = has_come
        self._trouble = trouble

    def __iter__(self) -> Readings:
        return self

    def __next__(self) -> Reading:
        if self._trouble is not None:
            raise self._trouble
        if (reading := self._take()) is None:
            raise StopIteration
        return reading

    def has_come(self) -> bool:
        """True where the next one need not be waited for."""
        return self._has_come()


class _Work:
    """The mails of one call: those to come, those on the way, and what was read before its turn."""

    def __init__(self, mails: Iterable[bytes], settings: bytes) -> None:
        self._mails = iter(mails)
        self._settings = settings
        self._is_exhausted = False
        self._waiting: deque[Job] = deque()
        self._read: dict[int, Reading] = {}
        self._sizes: dict[int, int] = {}
        self._in_flight = self._fetched = self._given = 0

    @property
    def has_next(self) -> bool:
        """True where the reading whose turn it is has come."""
        return self._given in self._read

    @property
    def is_done(self) -> bool:
        """True where every mail was given back."""
        return self._is_exhausted and not self._sizes

    def fetch(self) -> bool:
        """True where a mail may set out."""
        is_full = self._in_flight >= MOST_IN_FLIGHT or len(self._sizes) >= _MOST_JOBS
        if self._waiting or (is_full and self._sizes):
            return bool(self._waiting)
        raw = next(self._mails, None)
        if raw is None:
            self._is_exhausted = True
            return False
        part = raw if len(raw) <= MOST_READ else memoryview(raw)[:MOST_READ]
        self._waiting.append(Job(self._fetched, part, self._settings))
        self._sizes[self._fetched] = len(raw)
        self._in_flight += len(raw)
        self._fetched += 1
        return True

    def begin(self) -> Job:
        """The mail that sets out now."""
        return self._waiting.popleft()

    def again(self, jobs: deque[Job]) -> None:
        """Let these set out once more, before all others."""
        self._waiting.extendleft(reversed(jobs))
        jobs.clear()

    def end(self, job: Job, reading: Reading) -> None:
        """A mail has come back."""
        size = self._sizes[job.place]
        if size > MOST_READ and isinstance(reading, IncomingMail):
            words = _("The mail has {n} MB; its first {limit} were read.")
            note = words.format(n=size >> 20, limit=MOST_READ >> 20)
            reading = replace(reading, notes=(*reading.notes, note))
        self._read[job.place] = reading

    def take(self) -> Reading:
        """The reading whose turn it is."""
        reading = self._read.pop(self._given)
        self._in_flight -= self._sizes.pop(self._given)
        self._given += 1
        return reading


@contextmanager
def lent(readers: Readers | None) -> Iterator[Readers]:
    """These readers, or some for as long as the block."""
    if readers is not None:
        yield readers
        return
    with Readers() as own:
        yield own


def _processors() -> int:
    """How many processors this process may use, at most `_MOST_CHILDREN`."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, _MOST_CHILDREN)


def _written(settings: dict[str, object]) -> bytes:
    if not settings:
        return b""
    return json.dumps({name: json.loads(frames.dumped(one)[0]) for name, one in settings.items()}).encode("ascii")
