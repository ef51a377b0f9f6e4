"""Tags: a word is one tag, whoever uses it first."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.statements import add_unless_there, is_postgres
from helpdesk_tui.store.tables import Tag


def tag_named(session: Session, name: str) -> int:
    """The id of a tag, made where there is none; also of one that only hidden tickets have, which shows nobody those.

    Args:
        name: as `rules.tags.tag_name` writes it.
    """
    if is_postgres(session):  # which shows an agent's login no tag of hidden tickets
        return int(session.execute(select(func.helpdesk_tag(name))).scalar_one())
    add_unless_there(session, Tag, {"name": name})
    return session.execute(select(col(Tag.id)).where(col(Tag.name) == name)).scalar_one()
