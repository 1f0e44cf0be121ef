"""Evidence: bounded types and sizes, times that can be true, pairs of before and after, and what others may see."""

from __future__ import annotations

from collections.abc import Iterable

from services.domain.case import commands as c
from services.domain.case import events as e
from services.domain.case.decision import Decision, Result
from services.domain.case.rules import EvidenceRules
from services.domain.case.state import CaseState
from services.domain.case.values import Evidence, EvidencePurpose
from services.domain.refusals import Refusal, refuse


def check_file(rules: EvidenceRules, item: Evidence) -> Refusal | None:
    """None when the file's type and size are accepted; for use before an upload, too."""
    allowed = rules.media_types.get(item.kind, ())
    if item.media_type not in allowed:
        return refuse(
            "evidence.type", media_type=item.media_type, allowed="、".join(allowed), field="media_type"
        )
    limit = rules.max_bytes[item.kind]
    if item.size > limit:
        return refuse("evidence.size", size=item.size, limit=limit, field="size")
    return None


def add_evidence(decision: Decision, command: c.AddEvidence) -> Result:
    """The item joins the case; who and when are the decision's, not the sender's."""
    state, rules, item = decision.state, decision.rules.casework.evidence, command.evidence
    refusal = check_file(rules, item)
    if refusal:
        return refusal
    if len(state.evidence) >= rules.max_items:
        return refuse("evidence.count", limit=rules.max_items)
    if item.id in state.evidence_ids():
        return refuse("evidence.known", id=item.id, field="id")
    for moment in (item.taken_at, item.monitoring.measured_at if item.monitoring else None):
        if moment is not None and moment > decision.now:
            return refuse("evidence.future", taken=f"{moment:%Y-%m-%d %H:%M}", field="taken_at")
    if item.purpose is EvidencePurpose.AFTER and item.pair_of is not None:
        before = next((known for known in state.evidence if known.id == item.pair_of), None)
        if before is None or before.purpose is not EvidencePurpose.BEFORE:
            return refuse("evidence.pair", id=item.pair_of, field="pair_of")
    stored = item.model_copy(update={"added_at": decision.now, "added_by": decision.actor.id})
    return (e.EvidenceAdded(evidence=stored, **decision.stamp()),)


def unknown(state: CaseState, ids: Iterable[str | None]) -> tuple[str, ...]:
    """The ids that name no evidence of the case."""
    known = state.evidence_ids()
    return tuple(item for item in ids if item and item not in known)


def pairs(state: CaseState) -> tuple[tuple[Evidence, Evidence], ...]:
    """Before and after, in the order the after items came."""
    before = {item.id: item for item in state.evidence if item.purpose is EvidencePurpose.BEFORE}
    return tuple(
        (before[item.pair_of], item)
        for item in state.evidence
        if item.purpose is EvidencePurpose.AFTER and item.pair_of in before
    )


def public_view(item: Evidence) -> Evidence:
    """The item as others see it: without place, exact time, and who added it."""
    return item.model_copy(update={"position": None, "taken_at": None, "added_by": "", "caption": ""})
