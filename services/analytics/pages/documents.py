"""The same views as JSON documents, for the command line and the API."""

from __future__ import annotations

from typing import Any

from services.analytics.matters import Moment, Story
from services.analytics.sites import Risen
from services.domain.indicators.figures import Change, Figure
from services.domain.indicators.heat import Ranked


def figure_json(figure: Figure) -> dict[str, Any]:
    """One figure; numbers as numbers, the name with denominator, window and unit."""
    interval = figure.interval
    return {
        "key": figure.key, "id": figure.id, "name": figure.full_name, "value": figure.value, "text": figure.text,
        "numerator": float(figure.numerator), "denominator": None if figure.denominator is None else float(figure.denominator), "unit": figure.indicator.unit,
        "interval": {"low": interval.low, "high": interval.high, "level": interval.level} if interval else None,
        "from": figure.window.start, "to": figure.window.end, "suppressed": figure.suppressed,
    }  # fmt: skip


def change_json(change: Change) -> dict[str, Any]:
    """A figure with the one before it."""
    return {
        **figure_json(change.after), "before": change.before.value, "difference": change.difference, "certain": change.certain,
        "better": change.better,
    }  # fmt: skip


def rank_json(item: Ranked) -> dict[str, Any]:
    """A site with its ranks."""
    site = item.site
    return {
        "rank": item.rank, "rank_by_count": item.rank_by_count, "key": site.key, "name": site.name, "region": site.region,
        "petitioners": site.petitioners, "anonymous": site.anonymous, "submissions": float(site.submissions), "repeats": float(site.repeats),
        "concentration": round(site.concentration, 4), "one_caller": item.one_caller, "chronic": item.chronic, "renamed": item.renamed,
        "recategorised": item.recategorised, "cases": site.cases, "rebounds": site.rebounds, "months": site.months, "first": site.first,
        "last": site.last, "names": site.names, "types": site.types, "subtypes": site.subtypes,
    }  # fmt: skip


def rise_json(item: Risen) -> dict[str, Any]:
    """A rise."""
    rise = item.rise
    return {
        "key": rise.key, "name": item.name, "region": item.region, "kind": rise.kind, "now": rise.now, "expected": rise.expected,
        "times": rise.times, "p": rise.p, "weeks": rise.weeks, "until": item.until,
    }  # fmt: skip


def story_json(story: Story) -> dict[str, Any]:
    """A matter; petitioners are numbers."""
    return {
        "case": story.case, "closed": story.closed, "rounds": story.rounds, "moments": [_moment(m) for m in story.moments],
        "merging": [_moment(m) for m in story.merging],
        "network": {
            "nodes": [{"id": n.id, "kind": n.kind, "label": n.label, "x": n.x, "y": n.y} for n in story.network.nodes],
            "edges": [{"a": e.a, "b": e.b, "kind": e.kind} for e in story.network.edges],
            "left_out": story.network.left_out,
        },
    }  # fmt: skip


def _moment(moment: Moment) -> dict[str, Any]:
    return {
        "at": moment.at, "lane": moment.lane, "round": moment.round, "label": moment.label, "text": moment.text, "by": moment.by,
        "why": moment.reasons, "against": moment.against,
    }  # fmt: skip
