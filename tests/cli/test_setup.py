"""Setting up: `init`, `doctor`, `db`, and what an admin adds."""

from __future__ import annotations

import json
import sqlite3
import stat
import tomllib
from pathlib import Path

import pytest

from helpdesk_tui import config
from helpdesk_tui.errors import Usage
from tests.build import Place, a_mail, sql
from tests.cli.conftest import Helpdesk

pytestmark = pytest.mark.one_store

on_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


class TestInit:
    """One command from nothing to a desk that takes mail."""

    def test_from_nothing_to_the_first_ticket(self, bare: Helpdesk, home: Path) -> None:
        done = bare("init", "--address", "help@shop.example", "--display-name", "Shop", "--zone", "Europe/Dublin")
        file = home / ".config/helpdesk-tui/config.toml"
        assert str(file).encode() in done.err
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert tomllib.loads(file.read_text())["calendar"] == {"zone": "Europe/Dublin"}
        assert file.read_text().count("#") > 10
        assert "# authserv_id = " in file.read_text()
        store = home / ".local/share/helpdesk-tui/helpdesk.db"
        assert stat.S_IMODE(store.stat().st_mode) == 0o600
        assert bare.json("queue", "list") == [
            {"name": "support", "display_name": "Shop", "addresses": ["help@shop.example"], "confidential": False}
        ]
        (agent,) = bare.json("agent", "list")
        assert agent["role"] == "admin"
        assert bare.json("mail", "receive", stdin=a_mail(to="help@shop.example"))[0]["disposition"] == "new"

    def test_its_checks_are_the_one_document(self, bare: Helpdesk) -> None:
        document = bare.json("init", "--address", "help@shop.example")
        assert document["ok"] is True
        assert {"what", "state", "words", "hint"} == set(document["checks"][0])

    def test_a_configuration_that_is_there_is_left_alone(self, bare: Helpdesk, home: Path) -> None:
        file = home / "own.toml"
        file.write_text("# mine\n")
        bare("--config", str(file), "init", code=2)
        assert file.read_text() == "# mine\n"

    def test_a_store_named_from_here_is_found_from_anywhere(self, bare: Helpdesk, home: Path) -> None:
        bare("--store", "own.db", "--config", "c.toml", "init")
        assert tomllib.loads((home / "c.toml").read_text())["store"] == str(home / "own.db")

    def test_the_store_of_the_environment_is_written_down(self, bare: Helpdesk, home: Path) -> None:
        bare.variables["HELPDESK_STORE"] = str(home / "own.db")
        bare("--config", str(home / "c.toml"), "init")
        assert tomllib.loads((home / "c.toml").read_text())["store"] == str(home / "own.db")

    @pytest.mark.parametrize("store", ["postgresql://anna:S3CRET@127.0.0.1:1/d", "postgresql://h/d?password=S3CRET"])
    def test_a_password_is_kept_nowhere(self, bare: Helpdesk, home: Path, store: str) -> None:
        done = bare("--store", store, "--config", str(home / "c.toml"), "init", code=2)
        assert not (home / "c.toml").exists()
        (home / "c.toml").write_text(f"store = {store!r}\n")
        refused = bare("--config", str(home / "c.toml"), "ticket", "list", code=2)
        wrong = bare("--store", store.replace("postgresql", "mysql"), "ticket", "list", code=2)
        assert b"line 1" in refused.err
        assert not any(b"S3CRET" in one.out + one.err for one in (done, refused, wrong))

    def test_servers_and_the_store_are_written_down(self, bare: Helpdesk, home: Path) -> None:
        words = ["--imap-host", "imap.invalid", "--smtp-host", "smtp.invalid", "--user", "help@shop.example"]
        command = ["--password-command", "printf 'a b'"]
        bare("--store", str(home / "own.db"), "--config", str(home / "c.toml"), "init", *words, *command, code=1)
        table = tomllib.loads((home / "c.toml").read_text())
        assert table["store"] == str(home / "own.db")
        assert table["mailboxes"]["support"]["host"] == "imap.invalid"
        assert table["mailboxes"]["support"]["password_command"] == ["printf", "a b"]
        assert table["smtp"]["user"] == "help@shop.example"
        assert (home / "own.db").exists()

    @pytest.mark.parametrize(
        "words", [["--address", "support"], ["--zone", "Europe/Nowhere"], ["--password-command", "pass 'x"]]
    )
    def test_what_is_wrong_leaves_nothing_in_the_way(self, bare: Helpdesk, home: Path, words: list[str]) -> None:
        bare("init", *words, code=2)
        assert not (home / ".config/helpdesk-tui/config.toml").exists()
        bare("init", "--address", "support@shop.example")

    def test_a_password_does_not_come_into_the_file(self, bare: Helpdesk, home: Path) -> None:
        done = bare("--store", "postgresql://u:secret@db.example/desk", "init", code=2)
        assert b"secret" not in done.out + done.err
        assert not (home / ".config/helpdesk-tui/config.toml").exists()


class TestDoctor:
    """Everything that can be looked at, with what to do about it."""

    @on_sqlite
    def test_what_is_fine_and_what_is_missing(self, helpdesk: Helpdesk) -> None:
        document = helpdesk.json("doctor")
        states = {one["what"]: one["state"] for one in document["checks"]}
        assert document["ok"] is True
        assert (states["store"], states["queue support"], states["queue silent"]) == ("ok", "ok", "warn")
        assert all(one["hint"] for one in document["checks"] if one["state"] != "ok")

    @on_sqlite
    def test_mail_that_is_not_filed_yet_counts_as_lost(self, helpdesk: Helpdesk, place: Place) -> None:
        helpdesk("mail", "receive", stdin=a_mail())
        said = "1 mails received · 1 accounted for · 0 lost"
        assert said in helpdesk("doctor").out.decode()
        sql(place.store(), "UPDATE mail_seen SET fate = 'stored'")
        assert "1 mails received · 0 accounted for · 1 lost" in helpdesk("doctor").out.decode()

    def test_a_store_that_is_not_there(self, bare: Helpdesk) -> None:
        document = json.loads(bare("doctor", "--json", code=1).out)
        assert document["ok"] is False
        assert {one["what"]: one["state"] for one in document["checks"]}["store"] == "fail"

    @on_sqlite
    def test_one_failure_hides_no_other(self, helpdesk: Helpdesk, home: Path) -> None:
        (home / "c.toml").write_text(
            '[mailboxes.one]\npath = "/nowhere"\n[mailboxes.two]\nhost = "127.0.0.1"\nport = 1\n[smtp]\nhost="127.0.0.1"\nport=1\n'
        )
        document = json.loads(helpdesk("--config", str(home / "c.toml"), "doctor", "--json", code=1).out)
        states = {one["what"]: one["state"] for one in document["checks"]}
        assert (states["mailbox two"], states["sending"], states["store"]) == ("fail", "fail", "ok")


class TestDb:
    """The store and its version."""

    def test_a_store_is_made_and_described(self, bare: Helpdesk, home: Path) -> None:
        url = f"sqlite:///{home / 'own.db'}"
        made = bare.json("--store", url, "db", "upgrade")
        assert made == {"store": url, "schema": bare.json("--store", url, "db", "info")["needed"]}
        assert bare.json("--store", url, "db", "info")["fits"] is True
        assert bare.json("--store", url, "db", "upgrade") == made

    def test_an_older_and_a_newer_store_are_refused(self, bare: Helpdesk, home: Path) -> None:
        bare("init", "--address", "help@shop.example")
        file = home / ".local/share/helpdesk-tui/helpdesk.db"
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        for words in (["ticket", "list"], ["db", "upgrade"]):
            error = json.loads(bare(*words, "--json", code=1).out)["error"]
            assert "9999" in error["message"]
            assert "newer" in error["message"]

    @pytest.mark.parametrize("place", ["postgres"], indirect=True)
    def test_the_words_of_tickets_are_written_anew(self, place: Place, as_root: Helpdesk) -> None:
        as_root("mail", "receive", stdin=a_mail("The printer is on fire."))
        sql(place.store(), "UPDATE ticket_words SET words = 'nothing'")
        assert as_root.json("ticket", "list", "printer") == []
        assert as_root.json("db", "reindex") == {"tickets": 1}
        assert len(as_root.json("ticket", "list", "printer")) == 1

    def test_a_password_is_never_shown(self, place: Place, bare: Helpdesk) -> None:
        url = place.url_of("root").replace("root@", "root:geheim@")
        for words in (["db", "info"], ["db", "upgrade"], ["doctor"]):
            for extra in ([], ["--json"]):
                done = bare("--store", url, *words, *extra)
                assert b"geheim" not in done.out + done.err


def test_an_admin_sets_up_a_desk(as_root: Helpdesk, place: Place) -> None:
    words = ["--address", "hr@desk.example", "--address", "people@desk.example", "--display-name", "People"]
    as_root("queue", "add", "hr", *words)
    as_root("queue", "set", "hr", "--display-name", "HR")
    queue = {one["name"]: one for one in as_root.json("queue", "list")}["hr"]
    addresses = ["hr@desk.example", "people@desk.example"]
    assert queue == {"name": "hr", "display_name": "HR", "addresses": addresses, "confidential": False}
    as_root("category", "add", "hardware")
    assert {"name": "hardware"} in as_root.json("category", "list")
    as_root("team", "add", "night", "--member", "anna", "--member", "bob")
    assert as_root.json("team", "list") == [{"name": "night", "members": ["anna", "bob"]}]
    as_root("agent", "set", "anna", "--name", "Anna Ott", "--away-until", "2126-12-01T09:00+00:00")
    words = ["--role", "lead", "--queue", "-silent", "--team", "-night", "--capacity", "5"]
    as_root("agent", "set", "anna", *words)
    anna = {one["login"]: one for one in as_root.json("agent", "list")}["anna"]
    assert anna == {
        "login": "anna", "name": "Anna Ott", "email": "anna@desk.example", "role": "lead", "state": "absent",
        "away_until": "2126-12-01T09:00:00Z", "queues": ["billing", "hr", "support"], "teams": [], "load": None,
        "capacity": 5}  # fmt: skip
    assert as_root.json("setting", "list") == [{"name": "individual_stats", "value": "own"}]
    as_root("setting", "set", "individual_stats", "agreement")
    assert {one["login"]: one["load"] for one in as_root.json("agent", "list")}["anna"] == 0
    if not place.is_postgres:
        as_root("agent", "add", "cleo", "--name", "Cleo", "--email", "cleo@desk.example")
        assert "cleo" in [one["login"] for one in as_root.json("agent", "list")]


@on_sqlite
def test_an_agent_sets_up_nothing(helpdesk: Helpdesk) -> None:
    for words in (
        ["queue", "add", "hr"],
        ["category", "add", "x"],
        ["agent", "add", "x"],
        ["team", "add", "x"],
        ["setting", "set", "individual_stats", "off"],
    ):
        assert b"Only an admin" in helpdesk(*words, code=1).err


class TestTheConfiguration:
    """An error names file, key and line; a password never stands in it."""

    @pytest.mark.parametrize(
        ("text", "line", "words"),
        [
            ("store = 5\n", 1, "store: must be a text"),
            ("\npoll_seconds = 'x'\n", 2, "poll_seconds: must be a whole number"),
            ("poll_seconds = true\n", 1, "must be a whole number"),
            ("\npoll_seconds = 0\n", 2, "poll_seconds: must be a whole number above 0"),
            ("poll_seconds = -5\n", 1, "poll_seconds: must be a whole number above 0"),
            ("[smtp]\ntimeout_seconds = 0\n", 2, "timeout_seconds: must be a whole number above 0"),
            ("[mailboxes.a]\nport = 25\n[mailboxes.b]\nport = 0\n", 4, "port: must be a whole number above 0"),
            ("[mailboxes.a]\nbatch_count = -1\n", 2, "batch_count: must be a whole number above 0"),
            ("\n\nfrobnicate = 1\n", 3, "frobnicate: unknown key"),
            ("[smtp]\nhost = 'x'\nprot = 25\n", 3, r"prot: unknown key in \[smtp\]"),
            ("[smtp]\nsecurity = 'maybe'\n", 2, "security: must be one of"),
            ("[mailboxes.a]\nhost = 'x'\nport = '25'\n", 3, "port: must be a whole number"),
            ("[mailboxes.a]\npassword_command = 'pass show'\n", 2, "must be a list of texts"),
            ("[mailboxes.a]\nhost = 'x'\nauthserv_id = ['mx']\n", 3, "authserv_id: must be a text"),
            ("[mailboxes.a]\nown_hops = '1'\n", 2, "own_hops: must be a whole number above 0"),
            ("[mailboxes.a]\nown_hops = 0\n", 2, "own_hops: must be a whole number above 0"),
            ("[mailboxes.a]\n\narc_forwarders = 'x'\n", 3, "arc_forwarders: must be a list of texts"),
            ("[mailboxes.a]\narc_forwarders = [1]\n", 2, "arc_forwarders: must be a list of texts"),
            ("smtp = 1\n", 1, "must be a section"),
            ("[smtp]\npassword = 'geheim'\n", 2, "a password does not belong here"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path: Path, text: str, line: int, words: str) -> None:
        file = tmp_path / "config.toml"
        file.write_text(text)
        with pytest.raises(Usage, match=words) as refused:
            config.load(file)
        assert f"{file}, line {line}" in refused.value.message
        assert "geheim" not in refused.value.message + refused.value.hint

    def test_whose_word_about_a_sender_counts_is_a_matter_of_the_mailbox(self, tmp_path: Path) -> None:
        file = tmp_path / "config.toml"
        file.write_text("[mailboxes.a]\nauthserv_id = 'mx.a.example'\nown_hops = 2\narc_forwarders = ['l.example']\n")
        (found,) = config.load(file).mailboxes
        assert (found.authserv_id, found.own_hops, found.arc_forwarders) == ("mx.a.example", 2, ("l.example",))
        plain = config.MailboxSettings("b")
        assert (plain.authserv_id, plain.own_hops, plain.arc_forwarders) == ("", 1, ())

    @pytest.mark.parametrize("content", [b"store = ", b"\xff\xfe\x00", b"= =", b"x" * 1_000_001])
    def test_what_is_no_toml_is_refused(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "config.toml"
        file.write_bytes(content)
        with pytest.raises(Usage, match=r"config\.toml"):
            config.load(file)

    def test_the_environment_stands_above_the_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "config.toml"
        file.write_text("store = '/a.db'\n[smtp]\nhost = 'a.example'\nport = 25\n")
        assert config.load(file).store == "sqlite:////a.db"
        monkeypatch.setenv("HELPDESK_STORE", "/b.db")
        monkeypatch.setenv("HELPDESK_SMTP_HOST", "b.example")
        found = config.load(file)
        assert (found.store, found.smtp.host, found.smtp.port) == ("sqlite:////b.db", "b.example", 25)
        assert config.load(file, "/c.db").store == "sqlite:////c.db"
        for wrong in ("many", "0", "-1", "\N{SUPERSCRIPT TWO}"):
            monkeypatch.setenv("HELPDESK_SMTP_PORT", wrong)
            with pytest.raises(Usage, match="HELPDESK_SMTP_PORT must be a whole number above 0"):
                config.load(file)
