"""Every topic, once: name, payload, key, partitions, retention. AsyncAPI, ACLs and the topics themselves come from here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from contracts.assignments import CaseAssigned, LeaderAssigned, LeaderWanted, TaskForceFormed
from contracts.cases import CaseOpened, ComplaintLinked, EmergencySuspected, LinkReviewRequested, LinkUndone
from contracts.casework import CaseChanged, CaseCommand, CommandAnswered, IdentityRevealed
from contracts.complaints import ComplaintAnswered, ComplaintRegistered, ComplaintRejected
from contracts.dead_letter import DeadLettered
from contracts.registers import EmergencyChanged, EmergencyPaged, NeighbourNotified, RiskSourceMatched
from contracts.submitted import MAX_RECORD_BYTES, ComplaintSubmitted
from contracts.supervision import CaseEscalated, CaseOverdue, CaseWarned, DigestPrepared, LookBackDue, SupervisionDue

DAY = timedelta(days=1)
SUBMITTED_MAX_BYTES = 2 * MAX_RECORD_BYTES
"""The broker takes more than intake does, so that a sender of a large record gets a reason instead of a timeout."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `key` names the payload field whose value is the record key; records of one key stay in order.

    `restricted` topics hold identities or tokens: `writer` alone may write, the service `reader` alone may read.
    """

    name: str
    payload: type[BaseModel]
    key: str
    partitions: int
    retention: timedelta
    purpose: str
    restricted: bool = False
    max_bytes: int = 1024 * 1024
    writer: str = "petitions-*"
    reader: str = "petitions-*"

    @property
    def dlq(self) -> Topic:
        """Where failures of this topic's consumers are announced, in one partition, kept for a month."""
        return Topic(
            f"{self.name}.dlq",
            DeadLettered,
            "dead_letter_id",
            1,
            30 * DAY,
            f"Records of {self.name} set aside, without their content",
        )


SUBMITTED = Topic(
    "petition.complaint.submitted.v1",
    ComplaintSubmitted,
    "external_id",
    8,
    3 * DAY,
    "Complaints as hotlines send them; the only topic with identities",
    restricted=True,
    max_bytes=SUBMITTED_MAX_BYTES,
    writer="hotline-*",
    reader="petitions-intake",
)
REGISTERED = Topic(
    "petition.complaint.registered.v1",
    ComplaintRegistered,
    "region",
    8,
    30 * DAY,
    "Complaints with a receipt number, scrubbed; keyed by district so that like ones meet in order",
)
REJECTED = Topic(
    "petition.complaint.rejected.v1", ComplaintRejected, "source", 2, 30 * DAY, "Refused records, told to their source"
)
ANSWERED = Topic(
    "petition.complaint.answered.v1", ComplaintAnswered, "source", 4, 30 * DAY, "What a source may tell its petitioners"
)
OPENED = Topic("petition.case.opened.v1", CaseOpened, "case_id", 8, 90 * DAY, "New matters")
LINKED = Topic(
    "petition.complaint.linked.v1", ComplaintLinked, "case_id", 8, 90 * DAY, "Later complaints of known matters"
)
LINK_UNDONE = Topic("petition.link.undone.v1", LinkUndone, "case_id", 8, 90 * DAY, "Links found wrong")
REVIEW_REQUESTED = Topic(
    "petition.link.review-requested.v1", LinkReviewRequested, "case_id", 4, 90 * DAY, "Links a person should decide"
)
EMERGENCY = Topic(
    "petition.emergency.suspected.v1", EmergencySuspected, "complaint_id", 2, 90 * DAY, "Suspected sudden events"
)
ASSIGNED = Topic("petition.case.assigned.v1", CaseAssigned, "case_id", 8, 90 * DAY, "Cases with their units")
LEADER_ASSIGNED = Topic(
    "petition.leader.assigned.v1", LeaderAssigned, "case_id", 4, 90 * DAY, "Stubborn cases with their leader in charge"
)
LEADER_WANTED = Topic(
    "petition.leader.wanted.v1", LeaderWanted, "case_id", 1, 90 * DAY, "Cases that need a leader in charge where none fits"
)
TASK_FORCE_FORMED = Topic(
    "petition.task-force.formed.v1", TaskForceFormed, "case_id", 4, 90 * DAY, "Task forces with members and measures"
)
CASE_CHANGED = Topic(
    "petition.case.changed.v1", CaseChanged, "case_id", 8, 90 * DAY, "Every change of every case, in order per case"
)
COMMAND = Topic(
    "petition.case.command.v1",
    CaseCommand,
    "case_id",
    8,
    3 * DAY,
    "What officers' systems ask of cases; carries their tokens in a header",
    restricted=True,
    writer="office-*",
    reader="petitions-casework",
)
COMMAND_ANSWERED = Topic(
    "petition.case.command-answered.v1", CommandAnswered, "case_id", 8, 30 * DAY, "What became of each command"
)
WARNED = Topic(
    "petition.case.warned.v1", CaseWarned, "case_id", 4, 90 * DAY, "Limits partly used up, windows and minimums that ended"
)
OVERDUE = Topic("petition.case.overdue.v1", CaseOverdue, "case_id", 4, 90 * DAY, "Duties not done in time")
SUPERVISION_DUE = Topic(
    "petition.case.supervision-due.v1", SupervisionDue, "case_id", 4, 30 * DAY, "Steps of the ladder the machine may take"
)
ESCALATED = Topic("petition.case.escalated.v1", CaseEscalated, "case_id", 4, 90 * DAY, "Steps of the ladder taken")
LOOK_BACK_DUE = Topic("petition.look-back.due.v1", LookBackDue, "case_id", 2, 90 * DAY, "Closed-out cases to look back at")
DIGEST_PREPARED = Topic(
    "petition.digest.prepared.v1", DigestPrepared, "person_id", 2, 30 * DAY, "One digest a person and morning"
)
EMERGENCY_PAGED = Topic(
    "petition.emergency.paged.v1", EmergencyPaged, "emergency_id", 2, 90 * DAY, "Who must look at an emergency now"
)
EMERGENCY_CHANGED = Topic(
    "petition.emergency.changed.v1", EmergencyChanged, "emergency_id", 2, 90 * DAY, "Every change of every emergency"
)
NEIGHBOUR_NOTIFIED = Topic(
    "petition.emergency.neighbour-notified.v1",
    NeighbourNotified,
    "district",
    2,
    90 * DAY,
    "Emergencies beside a district, told to it",
)
RISK_MATCHED = Topic(
    "petition.risk-source.matched.v1", RiskSourceMatched, "case_id", 4, 90 * DAY, "Cases about registered risk sources"
)
IDENTITY_REVEALED = Topic(
    "petition.identity.revealed.v1", IdentityRevealed, "complaint_id", 2, 90 * DAY, "Every read of an identity, with its purpose"
)

TOPICS: tuple[Topic, ...] = (
    SUBMITTED,
    REGISTERED,
    REJECTED,
    ANSWERED,
    OPENED,
    LINKED,
    LINK_UNDONE,
    REVIEW_REQUESTED,
    EMERGENCY,
    ASSIGNED,
    LEADER_ASSIGNED,
    LEADER_WANTED,
    TASK_FORCE_FORMED,
    CASE_CHANGED,
    COMMAND,
    COMMAND_ANSWERED,
    WARNED,
    OVERDUE,
    SUPERVISION_DUE,
    ESCALATED,
    LOOK_BACK_DUE,
    DIGEST_PREPARED,
    EMERGENCY_PAGED,
    EMERGENCY_CHANGED,
    NEIGHBOUR_NOTIFIED,
    RISK_MATCHED,
    IDENTITY_REVEALED,
)
BY_NAME = {topic.name: topic for topic in TOPICS}


def every_topic() -> Iterator[Topic]:
    """All topics with their dead-letter topics, in the order of the event flow."""
    for topic in TOPICS:
        yield topic
        yield topic.dlq
