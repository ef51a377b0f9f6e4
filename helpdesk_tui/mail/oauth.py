"""What a client says to log in with a token, to mail servers of both kinds (RFC 7628, and XOAUTH2 before it)."""

from __future__ import annotations


def token_words(kind: str, user: str, token: str) -> bytes:
    """The first answer of the client; `kind` is `xoauth2` or `oauthbearer`."""
    if kind == "xoauth2":
        return f"user={user}\1auth=Bearer {token}\1\1".encode()
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\1auth=Bearer {token}\1\1".encode()


def end_of_refusal(kind: str) -> bytes:
    """What the client says to a server that explains its refusal, so that the refusal itself follows."""
    return b"" if kind == "xoauth2" else b"\1"
