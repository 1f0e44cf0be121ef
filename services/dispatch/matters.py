"""From events to what routing looks at."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts.cases import CaseOpened
from services.domain.city import City
from services.domain.clocks.calendar import day_of
from services.domain.routing import Matter


def matter_of(opened: CaseOpened | dict[str, Any], city: City, *, day: date | None = None) -> Matter:
    """The matter of an opened case; `day` is the day of dispatch, that of opening where not given."""
    event = opened if isinstance(opened, CaseOpened) else CaseOpened.model_validate(opened)
    matter = event.matter
    return Matter(
        day=day or day_of(event.occurred_at),
        region=event.region.town or event.region.code,
        types=tuple((share.type, share.probability) for share in matter.types),
        subtype=(matter.subtype, matter.subtype_probability) if matter.subtype else None,
        risk_area=matter.risk_area,
        respondent=matter.respondent,
        text=" ".join(filter(None, (matter.respondent, matter.place, *matter.words))),
        environmental=matter.environmental,
        urgency=matter.urgency,
        supervised=event.channel.supervised,
        key_item=event.key_item,
        districts=event.region.districts,
        region_confidence=event.region.confidence,
    )
