"""Three verdicts on a failure, and what follows from each.

    permanent   the record can never be handled            → dead letter now
    transient   the world is in the way (database, broker) → back off in place, then hold the partition
    bug         our code failed on this record             → dead letter under a limit; past it stop and let lag grow
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

import asyncpg
from aiokafka.errors import KafkaError
from pydantic import ValidationError


class Permanent(Exception):
    """This record can never be handled as it is; its sender or an administrator must mend it."""


class DeadLettersExceeded(Exception):
    """Too many records in a row failed in our own code; the service stops so that nothing more is set aside."""


class Verdict(StrEnum):
    """What kind of failure it is."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    BUG = "bug"


CONTENDED: tuple[type[BaseException], ...] = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""Two transactions met; the one that gave way may simply begin again."""
TRANSIENT: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.CannotConnectNowError,
    KafkaError,
    OSError,
    TimeoutError,
    asyncio.IncompleteReadError,
)
UNWRITABLE: tuple[type[BaseException], ...] = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
"""Text no column takes (a NUL character): wrong whoever sends it and however often."""


def verdict(failure: BaseException) -> Verdict:
    """Which of the three it is; what nobody foresaw is a bug."""
    if isinstance(failure, (Permanent, ValidationError)):
        return Verdict.PERMANENT
    if isinstance(failure, TRANSIENT):
        return Verdict.TRANSIENT
    return Verdict.BUG


def describe(failure: BaseException) -> str:
    """A failure in one line without values of the record: a pydantic error by field and rule, others by type and place."""
    if isinstance(failure, ValidationError):
        fields = [f"{'.'.join(map(str, e['loc'])) or 'record'}: {e['type']}" for e in failure.errors(include_input=False)]
        return "; ".join(fields[:5])
    if isinstance(failure, Permanent):
        return str(failure)
    frame = failure.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    where = f" at {frame.tb_frame.f_code.co_qualname}:{frame.tb_lineno}" if frame else ""
    return f"{type(failure).__name__}{where}"


@dataclass(frozen=True, slots=True)
class DeadLetterLimit:
    """After a bad deployment it is better to stop and build lag than to set all traffic aside."""

    ratio: float
    run: int
    window: int = 200


@dataclass(slots=True)
class DeadLetterCount:
    """How one process stands against its limit. Only bugs count: bad input is its sender's doing."""

    limit: DeadLetterLimit
    run: int = 0
    recent: list[bool] = field(default_factory=list)

    def handled(self, count: int) -> None:
        """So many records went well."""
        if count:
            self.run = 0
            self._remember([False] * count)

    def admit(self) -> None:
        """One more record is to be set aside as a bug; raises `DeadLettersExceeded` where that is one too many."""
        self.run += 1
        self._remember([True])
        full = len(self.recent) >= self.limit.window
        if self.run > self.limit.run or (full and sum(self.recent) > self.limit.ratio * len(self.recent)):
            raise DeadLettersExceeded(
                f"{self.run} records in a row failed in our own code; stopped so that the rest keep their place in the queue"
            )

    def _remember(self, outcomes: list[bool]) -> None:
        self.recent = (self.recent + outcomes)[-self.limit.window :]
