"""Events of supervision: clocks that warn or are overdue, steps of the ladder, look-backs due, digests. No identities.

Every one of them carries the reason in Chinese, and the versions of rules and calendar that made it.
"""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.envelope import Event, Model
from contracts.vocabulary import SupervisionStep, Urgency


class ClockFired(Event):
    """A due moment of one clock of one case was reached; each moment is announced once, late rather than never."""

    case_id: UUID
    case_no: str
    clock: str = Field(description="Name of the clock, e.g. sign_in, reply, resolve.")
    label: str
    kind: str = Field(description="limit: a duty; window: a right that lapsed; minimum: a time that has passed.")
    rule_id: str
    rule_version: str
    calendar_version: str
    started_at: AwareDatetime
    due_at: AwareDatetime
    last_day: date
    share: float = Field(description="Part of the limit that was used at `moment`; 1 when it ended.")
    moment: AwareDatetime = Field(description="When it was due to be announced.")
    late_seconds: float = Field(description="How long after that it was announced.")
    provisional: bool = Field(default=False, description="Counted past the known holidays; may move.")
    region: str | None = None
    unit_id: str | None = None
    person_id: str | None = None
    leader_id: str | None = None
    urgency: Urgency = Urgency.NORMAL
    reason: str


class CaseWarned(ClockFired):
    """Part of a limit is used up, or a window or minimum has ended."""


class CaseOverdue(ClockFired):
    """A duty was not done in time."""


class SupervisionDue(Event):
    """A step of the ladder that the machine may take by itself; casework records it on the case."""

    case_id: UUID
    case_no: str
    step: SupervisionStep
    reason: str
    provenance: str
    unowned: bool = False


class CaseEscalated(Event):
    """A case climbed the ladder 提醒 → 预警 → 催办 → 督办 → 挂牌督办 → 约谈."""

    case_id: UUID
    case_no: str
    version: int = Field(description="The case's version with this step.")
    step: SupervisionStep
    reason: str
    by: str
    region: str | None = None
    unit_id: str | None = None
    leader_id: str | None = None


class LookBackDue(Event):
    """A closed-out case is to be looked back at: drawn by its risk, or taken because its matter seems to be back."""

    case_id: UUID
    case_no: str
    draw_id: UUID | None = Field(default=None, description="The draw it was chosen in; none where it was taken.")
    seed: str | None = None
    weight: float | None = Field(default=None, description="Its weight in the draw, 1 or more.")
    reasons: tuple[str, ...]
    questions: tuple[str, ...]
    due_on: date
    region: str | None = None
    unit_id: str | None = None


class DigestLine(Model):
    """One case of a digest with everything to say about it, or one line of the ledger that no case follows."""

    about: Literal["case", "ledger_line"] = "case"
    case_id: UUID = Field(description="The case, or the line.")
    case_no: str = Field(description="What people call it: the case's number, or the line's.")
    heading: str
    reason: str


class DigestPrepared(Event):
    """One person's digest of a morning, or an emergency that does not wait for it. `digest_key` is unique for ever."""

    digest_key: str
    person_id: str
    at: AwareDatetime
    emergency: bool = False
    lines: tuple[DigestLine, ...]
    text: str
