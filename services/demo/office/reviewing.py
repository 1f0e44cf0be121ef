"""The reviewer: answers most of what the machine asks about links, by what is known of the invented complaints, now and then wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from services.casework.acts import ConfirmSuggestion, RefuseSuggestion
from services.casework.execute import Asked, Outcome
from services.demo.office.luck import Luck
from services.demo.office.public import Complaint
from services.demo.office.town import Town
from services.domain.principals import Principal
from services.infra.unit_of_work import begin

# Only between matters that are still worked on: who confirms a link to a closed one opens it again, and that is the public's to do.
WAITING = """
SELECT k.id, k.complaint_id, k.to_complaint, k.case_id, own.case_id AS own_case FROM triage.links k
JOIN casework.cases c ON c.case_id = k.case_id AND c.status <> ALL($1::text[])
LEFT JOIN triage.live_links own ON own.complaint_id = k.complaint_id
WHERE k.act = 'suggest' AND NOT EXISTS (SELECT FROM triage.links a WHERE a.answers = k.id) ORDER BY k.at, k.id
"""
ENDED = ["closed_out", "looked_back", "merged", "untrue", "declined"]
ANSWERED, SLIPS = 0.6, 0.03
"""Shares of the questions the reviewer comes to, and of answers that are a slip of the hand."""


async def review(town: Town, reviewer: Principal, luck: Luck, known: Mapping[UUID, Complaint]) -> list[Outcome]:
    """Answer what waits and was not left out before; complaints whose matter is not known are left to others."""
    asked = []
    for row in await town.pool.fetch(WAITING, ENDED):
        one, other = (known[row[name]].matter if row[name] in known else None for name in ("complaint_id", "to_complaint"))
        draw = luck.of("review", row["complaint_id"], row["to_complaint"])
        if one is None or other is None or not draw.happens("comes", ANSWERED):
            continue
        same = (one == other) != draw.happens("slips", SLIPS)
        if same:
            asked.append(Asked(reviewer, row["case_id"], ConfirmSuggestion(link_id=row["id"])))
        else:
            asked.append(Asked(reviewer, row["own_case"] or row["case_id"], RefuseSuggestion(link_id=row["id"])))
    if not asked:
        return []
    async with begin(town.pool, service="casework", vault=town.vault, clock=town.clock) as unit:
        return await town.office.execute(unit, asked)
