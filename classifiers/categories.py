"""What one complaint says: environmental or not, types, sub-type, risk area, demand, lead unit, all calibrated.

    model = Categories.load()
    labels = model.predict(complaints)            # list[Labels], one a complaint
    scores = model.scores(tokens, texts)          # raw calibrated arrays by head, for batches

Type and sub-type probabilities are conditional: how likely the type is, given that the complaint is environmental.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers import artifact as files
from classifiers import taxonomy, urgency
from classifiers.guesses import Labels
from classifiers.reading import Complaint, Versions
from classifiers.segment import Segmenter, shared
from classifiers.text_features import bag, hints, plain, times
from classifiers.units import NAME as UNITS
from classifiers.units import Units
from contracts.vocabulary import DemandType, PollutionType

MODELS = Path(__file__).with_name("models")
NAME = "categories"
SHOWN = 0.05  # types and units less likely than this are not listed
UNITS_SHOWN = 3


class Categories:
    """A loaded model; immutable, shared by threads."""

    def __init__(self, model: files.Artifact, units: Units | None = None, segmenter: Segmenter | None = None) -> None:
        if list(model.hint_names) != hints().names:
            raise ValueError(f"model {model.version} was trained with other hint groups: train it again")
        self.model = model
        self.units = units
        name = f"{model.version}+{units.model.version}" if units else model.version
        self.versions = Versions(name, model.lexicon, model.taxonomy)
        self._columns = {word: i for i, word in enumerate(model.words)}
        self._segmenter = segmenter

    @classmethod
    def load(cls, folder: Path | None = None) -> Categories:
        """Open the models of a folder, or the shipped one where there is none. ValueError on a damaged file.

        A unit model learnt from a city's tickets answers for the lead unit where there is one.
        """
        wanted = folder or MODELS
        units = Units(files.load(wanted, UNITS)) if (wanted / f"{UNITS}.json").exists() else None
        return cls(files.load(wanted if (wanted / f"{NAME}.json").exists() else MODELS), units)

    def logits(self, tokens: Sequence[Sequence[str]], texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Uncalibrated outputs, shape (rows, outputs); `texts` as `text_features.plain` gives them."""
        out = times(bag(tokens, self._columns, self.model.idf), self.model.word_weights)
        out += hints().matrix(texts) @ self.model.hint_weights
        out += self.model.bias
        return out

    def scores(self, tokens: Sequence[Sequence[str]], texts: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Calibrated probabilities by head: shape (rows, labels), a binary head has one column."""
        raw, at, result = self.logits(tokens, texts), 0, {}
        for head in self.model.heads:
            width = 1 if head.kind == "binary" else len(head.labels)
            z = raw[:, at : at + width]
            at += width
            if head.kind == "softmax":
                z = np.exp(np.float32(head.a[0]) * (z - z.max(axis=1, keepdims=True)))
                result[head.name] = z / z.sum(axis=1, keepdims=True)
            else:
                z = z * np.array(head.a, np.float32) + np.array(head.b, np.float32)
                result[head.name] = 1 / (1 + np.exp(-np.clip(z, -60, 60)))
        return result

    def unit_scores(
        self, tokens: Sequence[Sequence[str]], texts: Sequence[str],
        scores: dict[str, npt.NDArray[np.float32]] | None = None,
    ) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
        """Probabilities of the lead unit and the units' names; `scores`, if at hand, spare computing them twice."""
        if self.units:
            return self.units.scores(tokens, texts), self.units.labels
        return (scores or self.scores(tokens, texts))["unit"], self.labels("unit")

    def labels(self, head: str) -> tuple[str, ...]:
        """Labels of a head; empty where the model has no such head."""
        return next((h.labels for h in self.model.heads if h.name == head), ())

    def predict(
        self, complaints: Sequence[Complaint], tokens: Sequence[Sequence[str]] | None = None
    ) -> list[Labels]:
        """Labels of every complaint; `tokens` of the normalised full text spare cutting it twice."""
        if not complaints:
            return []
        texts = [plain(c.full_text) for c in complaints]
        if tokens is None:
            tokens = (self._segmenter or shared()).cut_many(texts)
        scores = self.scores(tokens, texts)
        environmental = scores["environmental"][:, 0].tolist()
        types = self._listed(scores["types"], self.labels("types"), SHOWN)
        best = scores["subtype"].argmax(axis=1)
        chance = scores["subtype"][np.arange(len(best)), best].tolist()
        subtypes, demands = self.labels("subtype"), self.labels("demand")
        demand = scores["demand"].argmax(axis=1).tolist()
        units = self._listed(*self.unit_scores(tokens, texts, scores), 0.0, UNITS_SHOWN)
        out = []
        urgencies = urgency.assess([complaint.full_text for complaint in complaints])
        for i, (complaint, (grave, spans)) in enumerate(zip(complaints, urgencies, strict=True)):
            relevant = environmental[i] >= 0.5
            name = taxonomy.current(subtypes[best[i]], texts[i])
            out.append(
                Labels(
                    environmental=environmental[i],
                    types=tuple((PollutionType(t), p) for t, p in types[i]),
                    subtype=(name, chance[i]) if relevant else None,
                    risk_area=taxonomy.risk_area(name, texts[i]) if relevant else None,
                    demand=complaint.demand or DemandType(demands[demand[i]]),
                    urgency=grave, emergency=spans,
                    lead_unit=tuple(units[i]),
                )
            )
        return out

    @staticmethod
    def _listed(
        p: npt.NDArray[np.float32], names: Sequence[str], least: float, most: int | None = None
    ) -> list[list[tuple[str, float]]]:
        order = np.argsort(-p, axis=1, kind="stable")
        order = order[:, :most] if most else order
        rows = np.take_along_axis(p, order, axis=1)
        result = []
        for indices, values in zip(order.tolist(), rows.tolist(), strict=True):
            kept = [(names[i], v) for i, v in zip(indices, values, strict=True) if v >= least]
            result.append(kept or [(names[indices[0]], values[0])])
        return result
