"""A figure with everything that keeps it honest: numerator, denominator, interval, window, definition and list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from scipy.stats import binomtest

from services.domain.indicators.dictionary import Form, Indicator, IndicatorRules, key_of
from services.domain.indicators.facts import Dimension

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `start` to `end`, both counted, in China."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"the window ends ({self.end}) before it starts ({self.start})")

    @property
    def days(self) -> int:
        """How many days."""
        return (self.end - self.start).days + 1

    @property
    def before(self) -> Window:
        """The window of the same length just before it, for comparison."""
        return Window(self.start - DAY * self.days, self.start - DAY)

    @property
    def text(self) -> str:
        """In Chinese, as in 2026-09-01至2026-11-29（90日）."""
        return f"{self.start}至{self.end}（{self.days}日）"

    @classmethod
    def last(cls, days: int, until: date) -> Window:
        """The last so many days up to and with `until`."""
        return cls(until - DAY * (days - 1), until)


@dataclass(frozen=True, slots=True)
class Slice:
    """Of what: the whole city, or one value of one or more dimensions."""

    values: tuple[tuple[Dimension, str], ...] = ()

    @classmethod
    def of(cls, values: Mapping[Dimension, str | None]) -> Slice:
        """The slice of the dimensions that have a value."""
        return cls(tuple(sorted((d, v) for d, v in values.items() if v is not None)))

    def get(self, dimension: Dimension) -> str | None:
        """The value of a dimension, if it is sliced by it."""
        return dict(self.values).get(dimension)


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true share lies, with the confidence `level`, were the counted a sample of such cases (Wilson)."""

    low: float
    high: float
    level: float

    @property
    def text(self) -> str:
        """As in 12.3%～18.9%."""
        return f"{self.low:.1%}～{self.high:.1%}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator over one window and slice. `value` is None where there is nothing to divide by."""

    id: str
    indicator: Indicator
    window: Window
    numerator: Decimal
    denominator: Decimal | None
    value: float | None
    interval: Interval | None = None
    suppressed: bool = False

    @property
    def key(self) -> str:
        """Indicator and window, for machines."""
        return key_of(self.id, self.window.days)

    @property
    def text(self) -> str:
        """The value as people read it: a share in percent, a mean with one decimal, a count whole or with its halves."""
        if self.suppressed:
            return "少于保密下限"
        if self.value is None:
            return "—"
        if self.indicator.form in (Form.SHARE, Form.PRODUCT):
            return f"{self.value:.1%}"
        if self.indicator.form is Form.MEAN:
            return f"{self.value:.1f}"
        return number(self.numerator)

    @property
    def counts(self) -> str:
        """Numerator and denominator, as in 37/512; a count has none."""
        return "" if self.denominator is None else f"{number(self.numerator)}/{number(self.denominator)}"

    @property
    def full_name(self) -> str:
        """Name with what is divided by what, window and unit: no share without them."""
        return f"{self.indicator.name}（{self.indicator.formula}，{self.window.text}，{self.indicator.unit}）"


def number(value: Decimal | float | int) -> str:
    """A count with thousands separators, halves of split complaints shown, no idle zeros."""
    exact = Decimal(str(value)).quantize(Decimal("0.01"))
    return f"{exact:,.2f}".rstrip("0").rstrip(".")


def wilson(numerator: Decimal | float, denominator: Decimal | float, level: float) -> Interval | None:
    """Wilson's interval of a share; None of nothing. Weighted counts are rounded to whole ones for it."""
    n = round(denominator)
    if n < 1:
        return None
    k = min(n, max(0, round(numerator)))
    found = binomtest(k, n).proportion_ci(confidence_level=level, method="wilson")
    return Interval(float(found.low), float(found.high), level)


def figure(
    id: str, rules: IndicatorRules, window: Window, sums: Mapping[str, Decimal], *, suppressed: bool = False
) -> Figure:
    """The indicator from the sums of its measures; a measure without rows counts 0."""
    indicator = rules.indicators[id]
    if indicator.form is Form.PRODUCT:
        assert indicator.denominator is not None
        one, other = (figure(part, rules, window, sums) for part in (indicator.numerator, indicator.denominator))
        product = None if one.value is None or other.value is None else one.value * other.value
        return Figure(id, indicator, window, one.numerator, other.denominator, product, None, suppressed)
    top = sums.get(indicator.numerator, Decimal(0))
    if indicator.denominator is None:
        return Figure(id, indicator, window, top, None, float(top), None, suppressed)
    bottom = sums.get(indicator.denominator, Decimal(0))
    if indicator.complement:
        top = bottom - top
    value = float(top / bottom) if bottom else None
    share = indicator.form is Form.SHARE and indicator.cohort
    interval = wilson(top, bottom, rules.thresholds.confidence_level) if share and value is not None else None
    return Figure(id, indicator, window, top, bottom, value, interval, suppressed)


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure moved against the window before: `certain` where the intervals do not overlap."""

    before: Figure
    after: Figure

    @property
    def difference(self) -> float | None:
        """After less before; None where one has no value."""
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.value - self.before.value

    @property
    def certain(self) -> bool:
        """Whether the intervals lie apart: a cautious test, never a false alarm more often than the level allows."""
        one, other = self.before.interval, self.after.interval
        return bool(one and other and (one.high < other.low or other.high < one.low))

    @property
    def better(self) -> bool | None:
        """True for the better, False for the worse, None where it did not move or no direction is better."""
        wanted, moved = self.after.indicator.better, self.difference
        if wanted == "neither" or not moved:
            return None
        return (moved < 0) == (wanted == "lower")
