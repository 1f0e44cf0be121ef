"""What a history learns besides its complaints: people's constraints, names and aliases of those complained of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifiers import profile as pf
from classifiers.aliases import Aliases, Mentioned
from classifiers.constraints import Constraints

MEMBERS = 4  # of a case, the newest whose names are held against a new one's


class Learning(Constraints):
    """A history tells it what enters and leaves a case; what it learns goes again when the complaint does."""

    def __init__(self) -> None:
        super().__init__()
        self.aliases = Aliases()

    def mentioned(self, id: str) -> Mentioned | None:
        """How a stored complaint names the one complained of; None where it is not stored."""
        raise NotImplementedError

    def member_records(self, case: str, most: int) -> pf.Records:
        """Packed records of the newest complaints of a case."""
        raise NotImplementedError

    def learn_names(self, id: str, mentioned: Mentioned, mates: Sequence[str]) -> None:
        """A complaint was added, or came from another case, into a case with these other members, the newest last."""
        self.meet_mates(id, mentioned, mates)
        self.aliases.add(mentioned)

    def meet_mates(self, id: str, mentioned: Mentioned, mates: Sequence[str]) -> None:
        """It stands in a case with these others."""
        if mentioned.all and mates:
            others = [other for other in map(self.mentioned, mates[-MEMBERS:]) if other is not None]
            self.aliases.meet(id, mentioned, others)

    def must_link(self, a: str, b: str) -> None:
        """A person said: one matter; so their names mean one."""
        super().must_link(a, b)
        self._said(True, a, b)

    def cannot_link(self, a: str, b: str) -> None:
        """A person said: two matters; so their names mean two."""
        super().cannot_link(a, b)
        self._said(False, a, b)

    def unconstrain(self, a: str, b: str) -> None:
        """Nobody says anything about these two any more."""
        if self.constrained(a) and self.constrained(b):
            self.aliases.unsaid(_both(a, b))
        super().unconstrain(a, b)

    def _said(self, same: bool, a: str, b: str) -> None:
        one, other = self.mentioned(a), self.mentioned(b)
        if one is not None and other is not None:
            self.aliases.said(same, _both(a, b), one, other)


def names_somebody(records: pf.Records) -> npt.NDArray[np.bool_]:
    """Which records name somebody in their head."""
    kinds = records["name_kinds"]
    named = np.isin(kinds & 127, (pf.KIND["business"], pf.KIND["quoted"])) & (kinds >= 128)
    return np.asarray(named.any(axis=1), np.bool_)


def _both(a: str, b: str) -> str:
    return "|".join(sorted((a, b)))
