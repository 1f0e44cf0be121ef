"""The states a case can be in. The value stands in events and tables, the label on screen."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a case stands on its way to close-out (案件状态)."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    RETURNED = "returned"
    SIGNED_IN = "signed_in"
    INVESTIGATING = "investigating"
    VERIFIED = "verified"
    RECTIFYING = "rectifying"
    STAGE_CONCLUDED = "stage_concluded"
    CONCLUDED = "concluded"
    CLOSE_OUT_REQUESTED = "close_out_requested"
    ACCEPTED = "accepted"
    PUBLICITY = "publicity"
    PUBLICISED = "publicised"
    LEADER_SIGNED = "leader_signed"
    CITY_REVIEW = "city_review"
    CLOSED_OUT = "closed_out"
    LOOKED_BACK = "looked_back"
    REOPENED = "reopened"
    UNTRUE = "untrue"
    DECLINED = "declined"
    MERGED = "merged"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return _LABELS[self]


_LABELS = {
    Status.OPENED: "已立案待交办",
    Status.ASSIGNED: "已交办待签收",
    Status.RETURNED: "已退单待重新交办",
    Status.SIGNED_IN: "已签收",
    Status.INVESTIGATING: "调查核实中",
    Status.VERIFIED: "已核实",
    Status.RECTIFYING: "整改中",
    Status.STAGE_CONCLUDED: "阶段性办结",
    Status.CONCLUDED: "已办结",
    Status.CLOSE_OUT_REQUESTED: "已申请销号待区县验收",
    Status.ACCEPTED: "区县验收通过",
    Status.PUBLICITY: "公示中",
    Status.PUBLICISED: "公示期满",
    Status.LEADER_SIGNED: "包案领导已签字",
    Status.CITY_REVIEW: "市级复核中",
    Status.CLOSED_OUT: "已销号",
    Status.LOOKED_BACK: "已回头看",
    Status.REOPENED: "重新立案待交办",
    Status.UNTRUE: "不属实归档",
    Status.DECLINED: "不予受理",
    Status.MERGED: "已并入他案",
}

BEFORE_WORK = frozenset({Status.OPENED, Status.REOPENED, Status.RETURNED, Status.ASSIGNED})
WORKING = frozenset(
    {Status.SIGNED_IN, Status.INVESTIGATING, Status.VERIFIED, Status.RECTIFYING, Status.STAGE_CONCLUDED}
)
CLOSING = frozenset(
    {
        Status.CONCLUDED,
        Status.CLOSE_OUT_REQUESTED,
        Status.ACCEPTED,
        Status.PUBLICITY,
        Status.PUBLICISED,
        Status.LEADER_SIGNED,
        Status.CITY_REVIEW,
    }
)
ENDED = frozenset({Status.CLOSED_OUT, Status.LOOKED_BACK, Status.UNTRUE, Status.DECLINED})
LIVE = BEFORE_WORK | WORKING | CLOSING
"""Every state in which somebody still owes something."""

UNOWNED = frozenset({Status.OPENED, Status.REOPENED, Status.RETURNED})
"""No unit has the case; supervision looks at these first."""
