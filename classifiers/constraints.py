"""What people said about two complaints: one matter (must) or two (cannot); the newer word takes the older's place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

Pairs = defaultdict[str, set[str]]


class Constraints:
    """Pairs of ids, of complaints stored or not; they outlive the complaints, since they are people's decisions."""

    def __init__(self) -> None:
        self._must: Pairs = defaultdict(set)
        self._cannot: Pairs = defaultdict(set)

    def case_of(self, id: str) -> str | None:
        """The case of a complaint, None where it is not stored."""
        raise NotImplementedError

    def must_link(self, a: str, b: str) -> None:
        """A person said: one matter."""
        self.unconstrain(a, b)
        self._must[a].add(b)
        self._must[b].add(a)

    def cannot_link(self, a: str, b: str) -> None:
        """A person said: two matters."""
        self.unconstrain(a, b)
        self._cannot[a].add(b)
        self._cannot[b].add(a)

    def unconstrain(self, a: str, b: str) -> None:
        """Nobody says anything about these two any more."""
        for pairs in (self._must, self._cannot):
            for one, other in ((a, b), (b, a)):
                if one in pairs:
                    pairs[one].discard(other)
                    if not pairs[one]:
                        del pairs[one]

    def constrained(self, id: str) -> bool:
        """Whether a person said anything of this complaint."""
        return id in self._must or id in self._cannot

    def bound(self, id: str) -> frozenset[str]:
        """All that must be with `id`, through others too."""
        if id not in self._must:
            return frozenset()
        seen, open_ = {id}, [id]
        while open_:
            new = self._must.get(open_.pop(), set()) - seen
            seen |= new
            open_ += new
        return frozenset(seen - {id})

    def forbidden(self, id: str, case: str) -> bool:
        """Whether anything bound to `id` must not be with any member of the case."""
        if not self._cannot:
            return False
        barred = {other for one in (id, *self.bound(id)) for other in self._cannot.get(one, ())}
        barred |= {other for one in barred for other in self.bound(one)}
        return any(self.case_of(other) == case for other in barred)

    def constraints(self) -> dict[str, list[list[str]]]:
        """All of them, sorted, for a file."""
        return {"must": _pairs(self._must), "cannot": _pairs(self._cannot)}

    def constrain_all(self, stored: dict[str, Iterable[Any]]) -> None:
        """Take over what `constraints` gave."""
        for a, b in stored["must"]:
            self.must_link(a, b)
        for a, b in stored["cannot"]:
            self.cannot_link(a, b)


def _pairs(links: Pairs) -> list[list[str]]:
    return sorted([a, b] for a, others in links.items() for b in others if a < b)
