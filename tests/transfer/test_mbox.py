"""Mails come out of an mbox file as they were put in, of whatever kind it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk_tui.errors import Usage
from helpdesk_tui.mail import mbox_file as module
from helpdesk_tui.transfer.mbox import Mbox
from helpdesk_tui.transfer.source import Found, RawMail, chunks
from tests.transfer.samples import invented, mail, mbox

ENVELOPE = b"From mira@customer.example Mon Nov 23 10:00:00 2026\n"


def read(path: Path, **position: int) -> list[Found]:
    return list(Mbox(path).read(position))


def contents(path: Path) -> list[bytes]:
    return [one.thing.content for one in read(path) if isinstance(one.thing, RawMail)]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_every_mail_comes_out_as_it_was_put_in(tmp_path: Path) -> None:
    mails = [*invented(50), mail("from", "Hello\n\nFrom here on it is quoted:\n>From there\n\nFrom x Mon 10:00 2026\n")]
    assert contents(mbox(tmp_path / "a", mails)) == mails


@pytest.mark.parametrize("start", range(5))
def test_reading_goes_on_behind_any_mail(tmp_path: Path, start: int) -> None:
    found = read(mbox(tmp_path / "a", invented(5)))
    again = read(tmp_path / "a", **found[start].position)  # type: ignore[arg-type]
    assert again == found[start + 1 :]
    assert found[-1].done == (tmp_path / "a").stat().st_size


def test_chunks_are_the_same_wherever_reading_began_at_the_end_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk_tui.transfer.source.CHUNK_COUNT", 7)
    path = mbox(tmp_path / "a", invented(30))
    cut = list(chunks(Mbox(path).read({})))
    assert [len(chunk) for chunk in cut] == [7, 7, 7, 7, 2]
    assert list(chunks(Mbox(path).read(cut[1][-1].position))) == cut[2:]


@pytest.mark.parametrize(
    ("name", "written_as", "is_"),
    [
        ("mboxo", b"A: b\n\nx\n>From me\n", b"A: b\n\nx\nFrom me\n"),
        ("mboxrd", b"A: b\n\nx\n>>From me\n", b"A: b\n\nx\n>From me\n"),
        ("a line that only looks like one", b"A: b\n\nx\n\nFrom me to you\n", b"A: b\n\nx\n\nFrom me to you\n"),
        ("no header behind it", b"A: b\n\nx\n\nFrom m Mon Nov 23 10:00:00 2026\ny\n",
         b"A: b\n\nx\n\nFrom m Mon Nov 23 10:00:00 2026\ny\n"),
        ("not behind an empty line", b"A: b\n\nx\nFrom m Mon Nov 23 10:00:00 2026\nB: c\n",
         b"A: b\n\nx\nFrom m Mon Nov 23 10:00:00 2026\nB: c\n"),
        ("a length that is right", b"Content-Length: 56\n\nx\n\n" + ENVELOPE + b"B",
         b"Content-Length: 56\n\nx\n\n" + ENVELOPE + b"B"),
        ("a length that leads into a line",
         b"Content-Length: 5\n\nHi\n\n>From x Mon Nov 23 10:00:00 2026\nFrom: forged@x\n\nforged\n",
         b"Content-Length: 5\n\nHi\n\nFrom x Mon Nov 23 10:00:00 2026\nFrom: forged@x\n\nforged\n"),
        ("a length that is wrong", b"Content-Length: 4\n\nx\ny\nz\n", b"Content-Length: 4\n\nx\ny\nz\n"),
        ("a length beyond the end", b"Content-Length: 40000\n\nx\n", b"Content-Length: 40000\n\nx\n"),
        ("no body", b"A: b\n\n", b"A: b\n\n"),
        ("empty lines at the end", b"A: b\n\nx\n\n\n", b"A: b\n\nx\n\n\n"),
    ],
)  # fmt: skip
def test_kinds_of_mbox(tmp_path: Path, name: str, written_as: bytes, is_: bytes) -> None:
    last = b"A: c\n\nlast\n"
    path = written(tmp_path / "a", ENVELOPE + written_as + b"\n" + ENVELOPE + last)
    assert contents(path) == [is_, last], name


def test_mails_without_an_empty_line_between_them(tmp_path: Path) -> None:
    mails = [mail(number) for number in range(3)]
    assert contents(written(tmp_path / "a", b"".join(ENVELOPE + one for one in mails))) == mails


def test_a_line_that_might_be_an_envelope_costs_little_however_long_it_is(tmp_path: Path) -> None:
    one = b"A: b\n\nx\n\nFrom " + b"1:11 " * 100_000 + b"\n"
    since = time.process_time()
    assert contents(written(tmp_path / "a", ENVELOPE + one)) == [one]
    assert time.process_time() - since < 1


def test_a_file_with_the_line_ends_of_dos(tmp_path: Path) -> None:
    one = b"A: b\r\n\r\nx\r\n"
    whole = b"".join(ENVELOPE.replace(b"\n", b"\r\n") + one + b"\r\n" for _n in range(3))
    assert contents(written(tmp_path / "a", whole)) == [one] * 3


def test_a_file_that_breaks_off_in_a_header(tmp_path: Path) -> None:
    assert contents(written(tmp_path / "a", ENVELOPE + b"Subject: x")) == [b"Subject: x"]


def test_the_envelope_tells_when_it_came(tmp_path: Path) -> None:
    (found,) = read(mbox(tmp_path / "a", [mail(1)]))
    assert isinstance(found.thing, RawMail)
    assert found.thing.envelope_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert found.place == "byte 0 (<1@old.example>)"


@pytest.mark.parametrize("content", [b"", b"\n\n\n"])
def test_an_empty_file_has_no_mails(tmp_path: Path, content: bytes) -> None:
    assert read(written(tmp_path / "a", content)) == []


def test_what_is_no_mbox_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="is no mbox file"):
        read(written(tmp_path / "a", b"Subject: x\n\ny\n"))
    with pytest.raises(Usage, match="is no plain file"):
        Mbox(tmp_path)
    with pytest.raises(Usage, match="There is no file"):
        Mbox(tmp_path / "nowhere")


def test_a_mail_that_is_too_large_is_left_out_and_the_next_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_MAIL_BYTES", 2000)
    large, small = mail("large", "x" * 70 + "\n" * 1 + "y" * 70 + ("\n" + "z" * 70) * 40), mail("small")
    found = read(mbox(tmp_path / "a", [large, small]))
    assert [one.thing is None for one in found] == [True, False]
    assert "too large" in found[0].reason
    assert "<large@old.example>" in found[0].place


def test_a_line_without_end_is_no_trouble(tmp_path: Path) -> None:
    one = b"A: b\n\n" + b"x" * 3_000_000 + b"From y\n"
    assert contents(mbox(tmp_path / "a", [one, mail(2)])) == [one, mail(2)]
