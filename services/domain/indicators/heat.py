"""Where complaints gather: by different petitioners as well as by number, one insistent caller told apart from heat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from services.domain.indicators.dictionary import Thresholds


@dataclass(frozen=True, slots=True)
class Site:
    """One place or business in a window.

    `petitioners` are different known ones, `anonymous` complaints without one; `top_caller` is the number of complaints of
    the most insistent. `names` are the names it was given at least twice, `types` and `subtypes` everything it was complained of for;
    `months` how many calendar months of the window had a complaint.
    """

    key: str
    name: str
    region: str | None
    submissions: Decimal
    petitioners: int
    anonymous: int
    top_caller: Decimal
    repeats: Decimal
    cases: int
    rounds: int
    rebounds: int
    months: int
    first: date
    last: date
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()

    @property
    def voices(self) -> int:
        """At least so many people: the known ones, and one more where only anonymous complaints stand apart from them."""
        return self.petitioners or min(1, self.anonymous)

    @property
    def concentration(self) -> float:
        """Share of the complaints that came from one petitioner; 0 where all are anonymous."""
        return float(self.top_caller / self.submissions) if self.submissions else 0.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A site with its two ranks and what is to be said of it."""

    site: Site
    rank: int
    rank_by_count: int
    one_caller: bool
    chronic: bool
    renamed: bool
    recategorised: bool


@dataclass(frozen=True, slots=True)
class Concentration:
    """How few sites hold how much: the first `sites` hold `share` of all complaints counted."""

    sites: int
    share: float
    total: Decimal
    curve: tuple[float, ...] = field(repr=False)


def rank(sites: Iterable[Site], thresholds: Thresholds) -> list[Ranked]:
    """Sites, the one most people complain of first; equal ones by number, then by key, so that the order is always the same."""
    listed = sorted(sites, key=lambda site: (-site.voices, -site.submissions, site.key))
    by_count = {site.key: n for n, site in enumerate(sorted(listed, key=lambda s: (-s.submissions, s.key)), 1)}
    return [
        Ranked(
            site,
            n,
            by_count[site.key],
            one_caller=site.submissions >= thresholds.one_caller_least and site.concentration >= thresholds.one_caller_share,
            chronic=site.months >= thresholds.chronic_months,
            renamed=len(site.names) > 1,
            recategorised=len(site.types) > 1 or len(site.subtypes) > 1,
        )
        for n, site in enumerate(listed, 1)
    ]


def concentration(numbers: Sequence[Decimal], total: Decimal, sites: int) -> Concentration:
    """The share of the first `sites` in `total`; `curve` is the running share of all, largest first."""
    ordered = sorted(numbers, reverse=True)
    running, curve = Decimal(0), []
    for number in ordered:
        running += number
        curve.append(float(running / total) if total else 0.0)
    first = min(sites, len(ordered))
    return Concentration(first, curve[first - 1] if first else 0.0, total, tuple(curve))
