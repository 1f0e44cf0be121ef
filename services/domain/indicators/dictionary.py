"""The dictionary of indicators as data: what each counts, over what, in which unit, and where the definition comes from.

Read from `deploy/rules/indicators.yaml`. A measure is a number of rows (or a sum) of one fact on one date under
conditions; an indicator is a measure, or a share of two. The same conditions are evaluated here on rows (for tests and
recounts) and compiled to SQL by the service, so that both can be held against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, model_validator

from services.domain.indicators.facts import FACTS, Fact, FactKind
from services.domain.parameters import Parameters

Scalar = str | int | float | bool


class Condition(Parameters):
    """One condition on one column; exactly one test is set. An empty value of the row fails every test but `present: false`."""

    column: str
    among: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    not_among: tuple[Scalar, ...] | None = Field(default=None, alias="not_in")
    true: bool | None = Field(default=None, alias="is")
    at_least: float | None = None
    at_most: float | None = None
    present: bool | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        if sum(test is not None for test in (self.among, self.not_among, self.true, self.at_least, self.at_most, self.present)) != 1:
            raise ValueError(f"{self.column}: exactly one of in, not_in, is, at_least, at_most, present")
        return self

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether the row meets it."""
        value = row.get(self.column)
        if self.present is not None:
            return (value is not None) is self.present
        if value is None:
            return False
        if self.among is not None:
            return value in self.among
        if self.not_among is not None:
            return value not in self.not_among
        if self.true is not None:
            return bool(value) is self.true
        if self.at_least is not None:
            return bool(value >= self.at_least)
        return bool(value <= self.at_most)


class Measure(Parameters):
    """What is counted: rows of `fact` whose date `on` lies in the window and that meet every condition.

    `of` names a column to sum instead of counting rows; `distinct` a column whose different values are counted.
    """

    label: str
    unit: str
    fact: FactKind
    on: str
    of: str | None = None
    distinct: str | None = None
    where: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _columns(self) -> Measure:
        fact = FACTS[self.fact]
        if self.on not in fact.dates:
            raise ValueError(f"{fact.label} has no date {self.on}; it has {', '.join(sorted(fact.dates))}")
        for column in (self.of, self.distinct, *(condition.column for condition in self.where)):
            if column is not None and not fact.has(column):
                raise ValueError(f"{fact.label} has no column {column}")
        if self.of and self.distinct:
            raise ValueError("a sum or a count of different values, not both")
        return self

    @property
    def additive(self) -> bool:
        """Whether the figure of a window is the sum over its days; different values are not."""
        return self.distinct is None

    @property
    def source(self) -> Fact:
        """The read model it counts."""
        return FACTS[self.fact]

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Whether the row is counted, its date apart."""
        return row.get(self.on) is not None and all(condition.holds(row) for condition in self.where)

    def count(self, rows: Iterable[Mapping[str, Any]]) -> Decimal:
        """The measure over rows of its fact that lie in the window: a recount, in plain Python."""
        matching = [row for row in rows if self.matches(row)]
        if self.distinct:
            return Decimal(len({row[self.distinct] for row in matching if row.get(self.distinct) is not None}))
        if self.of:
            return sum((Decimal(str(row[self.of])) for row in matching if row.get(self.of) is not None), Decimal(0))
        return Decimal(len(matching))


class Form(StrEnum):
    """How a figure is made of its measures."""

    SHARE = "share"
    COUNT = "count"
    MEAN = "mean"
    PRODUCT = "product"


class Indicator(Parameters):
    """One line of the dictionary.

    `reading_of` joins readings of one official name whose formula is not settled. `cohort` is true where the counted are
    among those divided by, so that an interval has a meaning. `confidence` is that of the formula's source (A to I).
    """

    name: str
    group: str
    form: Form = Form.SHARE
    numerator: str
    denominator: str | None = None
    unit: str
    formula: str
    provenance: str
    confidence: Literal["A", "B", "C", "D", "G", "I"]
    reading_of: str | None = None
    better: Literal["lower", "higher", "neither"] = "neither"
    cohort: bool = True
    note: str = ""
    complement: bool = False

    @model_validator(mode="after")
    def _parts(self) -> Indicator:
        if (self.form is Form.COUNT) == (self.denominator is not None):
            raise ValueError("a share, a mean and a product need a denominator, a count has none")
        return self


class Thresholds(Parameters):
    """What the analyses need besides the indicators; each with its reason."""

    confidence_level: float = Field(gt=0, lt=1)
    environmental: float = Field(ge=0, le=1, description="Probability from which a complaint counts as environmental.")
    type: float = Field(ge=0, le=1, description="Probability from which a pollution type counts.")
    small_group: int = Field(ge=2, description="Groups of fewer petitioners are not given out.")
    one_caller_share: float = Field(gt=0, le=1, description="From this share on a site's complaints are one caller's.")
    one_caller_least: int = Field(ge=2, description="Complaints below which nobody is called one caller.")
    chronic_months: int = Field(ge=2)
    chronic_of_months: int = Field(ge=2)
    rising_weeks: int = Field(ge=8, description="Weeks of own past a rise is held against.")
    rising_false_discovery: float = Field(gt=0, lt=1)
    rising_least: int = Field(ge=2, description="Petitioners a week below which nothing counts as a rise.")
    nobody: frozenset[str] = Field(description="Words that name no business, besides the nouns triage knows as sources.")
    conclude_clocks: tuple[str, ...] = Field(description="Clocks a conclusion must stop in time (按期办结).")
    answer_clocks: tuple[str, ...] = Field(description="Clocks an answer, also an interim one, must stop in time (按期答复).")
    solved_weights: Mapping[str, float]
    provenance: str


class IndicatorRules(Parameters):
    """deploy/rules/indicators.yaml."""

    version: str
    default_days: int = Field(ge=1, le=3660)
    thresholds: Thresholds
    groups: Mapping[str, str]
    measures: Mapping[str, Measure]
    indicators: Mapping[str, Indicator]

    @model_validator(mode="after")
    def _consistent(self) -> IndicatorRules:
        for name, indicator in self.indicators.items():
            if indicator.group not in self.groups:
                raise ValueError(f"{name}: unknown group {indicator.group}")
            for part in (indicator.numerator, indicator.denominator):
                known = self.indicators if indicator.form is Form.PRODUCT else self.measures
                if part is not None and part not in known:
                    raise ValueError(f"{name}: unknown {'indicator' if indicator.form is Form.PRODUCT else 'measure'} {part}")
        return self

    def additive(self) -> dict[str, Measure]:
        """Measures kept as daily sums, by name."""
        return {name: measure for name, measure in self.measures.items() if measure.additive}

    def told_apart(self) -> dict[str, Measure]:
        """Measures that count different values, by name."""
        return {name: measure for name, measure in self.measures.items() if not measure.additive}

    def readings(self, indicator_id: str) -> tuple[str, ...]:
        """Ids of all readings of the same official name, this one included; only itself where there is one."""
        name = self.indicators[indicator_id].reading_of
        if name is None:
            return (indicator_id,)
        return tuple(id for id, other in self.indicators.items() if other.reading_of == name)


def key_of(indicator_id: str, days: int) -> str:
    """The name that stands in exports and topics: indicator and window, as in repeat_rate_submissions_90d."""
    return f"{indicator_id}_{days}d"
