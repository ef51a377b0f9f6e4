"""How an import was told to go: what the command line says, in one value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """What decides the outcome of an import, beside its source.

    Args:
        system: what the old system is called; its numbers and ids are known by it.
        queue: where everything goes; "" where the source decides.
        mapping: the file that says what the old system's words mean here; "" where there is none.
        status: what conversations get; "" where age and last speaker decide.
        subject_tag: the old system's mark in subjects, with {number} in it.
        zone: the time zone of times that name none; date_format: how they are written (`strptime`).
    """

    system: str
    queue: str = ""
    mapping: str = ""
    status: str = ""
    subject_tag: str = ""
    is_sent: bool = False
    groups_by_subject: bool = False
    zone: str = "UTC"
    date_format: str = ""

    def as_stored(self) -> dict[str, Any]:
        """What the import's row keeps."""
        return {name: value for name, value in asdict(self).items() if value}
