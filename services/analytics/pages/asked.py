"""What an address asks for: window, slice, page. Everything sits in the address, so that a view can be sent to a colleague."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from services.analytics.figures import Query
from services.domain.indicators.dictionary import IndicatorRules
from services.domain.indicators.facts import Dimension
from services.domain.indicators.figures import Slice, Window

LONGEST_DAYS = 3660
PAGE = 50


class AskedWrong(ValueError):
    """The address asks for something there is not; the message says what and what to do, in Chinese."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and which page of a list."""

    query: Query
    offset: int = 0

    @property
    def window(self) -> Window:
        """The days asked for."""
        return self.query.window


def asked(
    parameters: Mapping[str, str], rules: IndicatorRules, today: date, *, regions: Collection[str] | None = None
) -> Asked:
    """The query of an address (`from`, `to`, `days`, one parameter a dimension, `offset`); raises `AskedWrong`.

    `regions` are the districts the reader may see, None for all: one must be chosen where only some are.
    """
    end = _day(parameters.get("to"), "to") or today
    days = _number(parameters.get("days"), "days", rules.default_days, 1, LONGEST_DAYS)
    start = _day(parameters.get("from"), "from")
    window = _window(start, end) if start else Window.last(days, end)
    values = {dimension: parameters.get(dimension.value) or None for dimension in Dimension}
    if regions is not None:
        region = values[Dimension.REGION]
        if region is None and len(regions) == 1:
            values[Dimension.REGION] = next(iter(regions))
        elif region not in regions:
            raise AskedWrong("请选择您负责的区县")
    return Asked(Query(window, Slice.of(values)), _number(parameters.get("offset"), "offset", 0, 0, 1_000_000))


def _window(start: date, end: date) -> Window:
    if start > end:
        raise AskedWrong(f"起始日{start}晚于截止日{end}，请对调")
    if (end - start).days >= LONGEST_DAYS:
        raise AskedWrong("时段不能超过十年，请缩短")
    return Window(start, end)


def _day(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AskedWrong(f"{name} 不是日期，请写成 2026-11-24 的样子") from None


def _number(text: str | None, name: str, default: int, least: int, most: int) -> int:
    if not text:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise AskedWrong(f"{name} 须是{least}至{most}的整数")
    return int(text)
