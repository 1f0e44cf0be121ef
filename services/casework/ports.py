"""What casework needs of the service that keeps the links; given to it where services are put together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from services.infra.unit_of_work import UnitOfWork

LINK_BOOK = "link_book"
"""Name under which the runtime provides it."""


class Moved(Protocol):
    """What a decision about a link did."""

    @property
    def complaint_id(self) -> UUID: ...
    @property
    def left(self) -> UUID | None: ...
    @property
    def case_id(self) -> UUID: ...
    @property
    def case_no(self) -> str: ...
    @property
    def link_id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a complaint stands after an operation: its share by case, and how it belongs there."""

    complaint_id: UUID
    shares: Mapping[UUID, Decimal]
    kinds: Mapping[UUID, str]


class LinkBook(Protocol):
    """The book of links. Every method works inside the caller's transaction; refusals are raised as `Refused`."""

    async def lock(self, unit: UnitOfWork, case_ids: Collection[UUID]) -> None:
        """Lock these cases' links before casework locks its own rows, so that all take turns in one order."""

    async def live_link(self, unit: UnitOfWork, complaint_id: UUID, case_id: UUID) -> UUID | None:
        """The link in force between a complaint and a case."""

    async def undo(self, unit: UnitOfWork, link_id: UUID, *, actor: str, reason: str) -> Moved:
        """The link was wrong: the complaint gets a case of its own."""

    async def confirm(self, unit: UnitOfWork, link_id: UUID, *, actor: str) -> Moved:
        """A suggestion was right: the complaint joins the suggested case."""

    async def refuse(self, unit: UnitOfWork, link_id: UUID, *, actor: str) -> Moved:
        """A suggestion was wrong."""

    async def confirm_link(self, unit: UnitOfWork, complaint_id: UUID, case_id: UUID, *, actor: str) -> None:
        """The machine's own link was right: every later run obeys."""

    async def place(self, unit: UnitOfWork, placements: Sequence[Placement], *, actor: str, reason: str) -> None:
        """Complaints stand in these cases now, after a split, a merge, or the undoing of one."""
