"""Somebody as a mail names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as a mail names them: a display name (may be empty) and an address (may be empty)."""

    name: str
    address: str

    @property
    def called(self) -> str:
        """The name; the address where there is none, or where the name gives itself out for an address."""
        return self.address if self.address and (not self.name or "@" in self.name) else self.name

    @property
    def whole(self) -> str:
        """Name and address: `Erika Beispiel <e@b.example>`."""
        return f"{self.name} <{self.address}>" if self.name and self.address else self.name or self.address


#: Where a mail names nobody.
UNNAMED = Person("", "")
