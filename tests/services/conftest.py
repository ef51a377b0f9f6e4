"""The fixtures under test."""

from tests.services.fixtures import (
    dovecot_server,
    mailbox,
    postgres_server,
    pytest_configure,
    smtp_sink,
    tmux,
)

__all__ = ["dovecot_server", "mailbox", "postgres_server", "pytest_configure", "smtp_sink", "tmux"]
