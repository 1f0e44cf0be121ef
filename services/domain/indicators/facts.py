"""What can be counted: the facts and their columns, in one place, so that a measure naming anything else is refused.

A fact is one row of a read model. Rows of every fact share the dimensions they can be sliced by; what is particular to a
fact are its columns and the dates a measure may be taken `on` (days in China).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FactKind(StrEnum):
    """The read models. The value stands in indicators.yaml."""

    COMPLAINT = "complaint"
    CASE = "case"
    ROUND = "round"
    CALLBACK = "callback"
    RETURN = "return"
    LINK = "link"


class Dimension(StrEnum):
    """What figures are broken down by."""

    REGION = "region"
    UNIT = "unit"
    LEADER = "leader"
    CHANNEL = "channel"
    TYPE = "type"
    RESPONDENT = "respondent"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {
            "region": "区县", "unit": "承办单位", "leader": "包案领导", "channel": "来源渠道", "type": "污染类型",
            "respondent": "被举报单位",
        }[self.value]  # fmt: skip


DIMENSION_COLUMNS: Mapping[Dimension, str] = {
    Dimension.REGION: "region",
    Dimension.UNIT: "unit",
    Dimension.LEADER: "leader",
    Dimension.CHANNEL: "channel",
    Dimension.TYPE: "types",
    Dimension.RESPONDENT: "respondent_key",
}
"""The column of every fact that holds the dimension; `types` holds several, the others one."""

_SHARED = frozenset({"case_id", "region", "unit", "leader", "channel", "environmental", "key_item", "respondent_key", "site_key"})


@dataclass(frozen=True, slots=True)
class Fact:
    """A read model: `view` is its name in the schema, `dates` and `columns` what measures may name, `ids` what a list shows."""

    kind: FactKind
    label: str
    view: str
    dates: frozenset[str]
    columns: frozenset[str]
    entity: str

    def has(self, column: str) -> bool:
        """Whether a condition may name the column."""
        return column in self.columns or column in self.dates or column in _SHARED


FACTS: Mapping[FactKind, Fact] = {
    FactKind.COMPLAINT: Fact(
        FactKind.COMPLAINT, "信访件", "complaint_facts",
        frozenset({"received_on"}),
        frozenset({
            "complaint_id", "kind", "band", "weight", "persons", "reporter", "reporter_ordinal", "case_ordinal", "valid",
            "after_supervision", "anonymous", "machine",
        }),
        "complaint_id",
    ),
    FactKind.CASE: Fact(
        FactKind.CASE, "案件", "case_facts",
        frozenset({"opened_on", "first_received_on", "leader_on", "supervised_on", "first_closed_on"}),
        frozenset({
            "complaints", "reporters", "repeat_ordinal", "status", "verdict", "rebounds", "fakes", "live", "resolved",
            "repeats_after_supervision", "ordinal", "days_to_close",
        }),
        "case_id",
    ),
    FactKind.ROUND: Fact(
        FactKind.ROUND, "办理轮次", "round_facts",
        frozenset({
            "started_on", "assigned_on", "accepted_on", "verified_on", "concluded_on", "closed_out_on", "looked_back_on",
            "rebound_on", "due_on", "answer_due_on", "notice_due_on", "sign_in_due_on", "leader_on",
        }),
        frozenset({
            "ordinal", "verdict", "outcome", "in_time", "answer_in_time", "notice_in_time", "sign_in_in_time", "look_back_passed", "fake", "rebound",
            "rebound_days", "returns", "sent_back", "repeat_ordinal", "days_to_accept", "days_to_conclude", "days_to_close",
        }),
        "case_id",
    ),
    FactKind.CALLBACK: Fact(
        FactKind.CALLBACK, "回访", "callback_facts",
        frozenset({"called_on"}),
        frozenset({"outcome", "contacted", "solved", "last", "reporter"}),
        "case_id",
    ),
    FactKind.RETURN: Fact(
        FactKind.RETURN, "退单", "return_facts", frozenset({"returned_on"}), frozenset({"ground", "lead"}), "case_id"
    ),
    FactKind.LINK: Fact(
        FactKind.LINK, "自动关联与建议", "link_facts",
        frozenset({"decided_on"}),
        frozenset({"act", "answer", "score", "kind"}),
        "complaint_id",
    ),
}  # fmt: skip
