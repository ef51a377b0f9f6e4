"""All engines of a test run share what SQLAlchemy has compiled: each test opens stores of its own, with the same statements.

Without this a quarter of the time of tests on stores goes into compiling. A program of ours has one engine, and compiles
each statement once in any case.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_STATEMENTS = 5_000


def share() -> None:
    """Let dialects of one kind count as one, as the key of a compiled statement names its dialect."""
    compiled: dict[str, LRUCache[object, object]] = {}
    DefaultDialect.__hash__ = lambda dialect: hash(type(dialect))  # type: ignore[method-assign]
    DefaultDialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]

    def connected(connection: Connection) -> None:
        engine = connection.engine
        engine._compiled_cache = compiled.setdefault(engine.dialect.name, LRUCache(_STATEMENTS))

    event.listen(Engine, "engine_connect", connected)
