"""What events about links do to the state of one case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.domain.case import events as e
from services.domain.case.state import CaseState
from services.domain.case.status import Status
from services.domain.case.values import Link

Changes = dict[str, Any]


def _with_links(state: CaseState, links: tuple[Link, ...]) -> Changes:
    received = min((link.received_at for link in links), default=state.first_received_at)
    return {"links": links, "first_received_at": received}


def _link_removed(state: CaseState, event: e.LinkRemoved) -> Changes:
    return _with_links(state, tuple(link for link in state.links if link.id != event.link_id))


def _link_confirmed(state: CaseState, event: e.LinkConfirmed) -> Changes:
    return {"links": tuple(
        link.model_copy(update={"confirmed_by": event.by}) if link.complaint_id == event.complaint_id else link
        for link in state.links
    )}  # fmt: skip


def _link_weighted(state: CaseState, event: e.LinkWeighted) -> Changes:
    update = {"weight": event.weight, "operation": event.operation}
    return {"links": tuple(
        link.model_copy(update=update) if link.id == event.link_id else link for link in state.links
    )}  # fmt: skip


def _complaint_refused(state: CaseState, event: e.ComplaintRefused) -> Changes:
    return {"links": tuple(
        link.model_copy(update={"refused": event.reason or ""}) if link.complaint_id == event.complaint_id else link
        for link in state.links
    )}  # fmt: skip


def _source_noted(state: CaseState, event: e.SourceComplaintNoted) -> Changes:
    latest = state.last_source_complaint_at
    return {"last_source_complaint_at": max(latest, event.received_at) if latest else event.received_at}


def _merged_away(state: CaseState, event: e.MergedAway) -> Changes:
    return {
        "status": Status.MERGED,
        "status_before_merge": state.status,
        "links_before_merge": state.links,
        "links": (),
        "merged_into": event.into,
        "merge_operation": event.operation,
    }


def _merge_undone(state: CaseState, event: e.MergeUndone) -> Changes:
    return {
        "status": state.status_before_merge,
        "status_before_merge": None,
        "links_before_merge": (),
        "links": event.links,
        "merged_into": None,
        "merge_operation": None,
    }


def _links_released(state: CaseState, event: e.LinksReleased) -> Changes:
    return _with_links(state, tuple(link for link in state.links if link.id not in event.link_ids))


LINK_EVOLVERS: dict[type[e.CaseEvent], Callable[[CaseState, Any], Changes]] = {
    e.LinkAdded: lambda s, v: _with_links(s, (*s.links, v.link)),
    e.LinkConfirmed: _link_confirmed,
    e.LinkRemoved: _link_removed,
    e.LinkWeighted: _link_weighted,
    e.ComplaintRefused: _complaint_refused,
    e.SourceComplaintNoted: _source_noted,
    e.MergedAway: _merged_away,
    e.LinksMerged: lambda s, v: _with_links(s, (*s.links, *v.links)),
    e.LinksReleased: _links_released,
    e.MergeUndone: _merge_undone,
}
