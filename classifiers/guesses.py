"""Labels by words alone: what triage falls back on where no trained categories are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from classifiers.reading import Complaint, Span, Versions
from classifiers.sources import HARMS
from contracts.vocabulary import DemandType, PollutionType, RiskArea, Urgency

_TYPES = {
    "噪声": PollutionType.NOISE, "低频振动": PollutionType.NOISE, "油烟": PollutionType.AIR, "臭味": PollutionType.AIR,
    "废气": PollutionType.AIR, "粉尘": PollutionType.AIR, "焚烧": PollutionType.AIR, "污水": PollutionType.WATER,
    "垃圾": PollutionType.WASTE, "死鱼死畜": PollutionType.WATER, "辐射": PollutionType.RADIATION,
    "光": PollutionType.LIGHT, "生态": PollutionType.ECOLOGY, "土壤": PollutionType.SOIL,
}


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of one complaint, as the fields of `Reading` of the same names."""

    environmental: float
    types: tuple[tuple[PollutionType, float], ...]
    subtype: tuple[str, float] | None = None
    risk_area: RiskArea | None = None
    demand: DemandType = DemandType.COMPLAINT
    urgency: Urgency = Urgency.NORMAL
    emergency: tuple[Span, ...] = field(default=())
    lead_unit: tuple[tuple[str, float], ...] = ()


class Guesses:
    """Counts harm words; its probabilities are shares, not calibrated, which its version says."""

    versions = Versions("words", "words", "words")

    def predict(self, complaints: Sequence[Complaint], tokens: Sequence[Sequence[str]] | None = None) -> list[Labels]:
        """Labels of every complaint."""
        labels = []
        for complaint in complaints:
            counts: dict[PollutionType, int] = {}
            for mention in HARMS.find(complaint.full_text):
                kind = _TYPES.get(HARMS.names[mention.group])
                if kind:
                    counts[kind] = counts.get(kind, 0) + 1
            types = tuple(sorted(((k, n / (n + 1)) for k, n in counts.items()), key=lambda pair: -pair[1]))
            labels.append(Labels(types[0][1] if types else 0.05, types))
        return labels
