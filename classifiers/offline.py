"""Triage of a file, line by line, with no broker and no database: what `petitions triage` runs.

A line is a JSON object with `id` and `text`, optionally `title`, `time`, `user`, `address`, `region`, `respondent`,
and any other fields, which are ignored. Only earlier lines may influence a line. A bad line is never fatal: it comes
out as {"id", "error"} with its number and the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from classifiers.meetings import History
from classifiers.reading import Complaint, Decision, Reading, Reason, Span
from classifiers.recent import RecentHistory
from classifiers.triage import Triage
from contracts.vocabulary import LinkBand, Urgency

BATCH = 512
_MOST_CHARACTERS = 100_000
_CHINA = timezone(timedelta(hours=8))
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日")


class BadLine(ValueError):
    """A line that is not a complaint; the message says which field and why."""


def parse_time(value: object) -> datetime | None:
    """A time as hotlines write it, in China's time where it names no zone; None for nothing. BadLine for nonsense."""
    if value in (None, ""):
        return None
    written = str(value).strip()
    try:
        moment = datetime.fromisoformat(written)
        return moment if moment.tzinfo else moment.replace(tzinfo=_CHINA)
    except ValueError:
        for form in _TIMES:
            try:
                return datetime.strptime(written, form).replace(tzinfo=_CHINA)
            except ValueError:
                continue
    raise BadLine(f"time: {written[:40]!r} is no date I can read")


def parse(line: str | bytes) -> Complaint:
    """One line as a complaint. BadLine with field and reason."""
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLine(f"not JSON: {error}") from None
    if not isinstance(row, dict):
        raise BadLine("not a JSON object")
    id, text = row.get("id"), row.get("text")
    if not isinstance(id, str | int) or isinstance(id, bool) or str(id) == "":
        raise BadLine("id: missing or neither text nor a whole number")
    if not isinstance(text, str) or not text.strip():
        raise BadLine("text: missing or empty")
    if len(text) > _MOST_CHARACTERS:
        raise BadLine(f"text: longer than {_MOST_CHARACTERS} characters")

    def optional(name: str) -> str | None:
        value = row.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str | int | float):
            raise BadLine(f"{name}: not text")
        return str(value)

    return Complaint(
        id=str(id), text=text, title=(optional("title") or "").replace("\n", " "), time=parse_time(row.get("time")),
        reporter=optional("user"), address=optional("address"), region=optional("region"),
        respondent=optional("respondent"), receipt_no=optional("receipt_no"),
    )


def triage_file(
    lines: Iterable[str | bytes], on_progress: Callable[[int], None] | None = None, *, triage: Triage | None = None,
    history: History | None = None, batch: int = BATCH,
) -> Iterator[dict[str, Any]]:
    """One output object a line, in order; blank lines are skipped. `on_progress` gets the count of lines done."""
    engine = triage or Triage.load()
    past = history if history is not None else RecentHistory()
    seen: set[str] = set()
    waiting: list[Complaint | dict[str, Any]] = []
    done = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            complaint = parse(line)
            if complaint.id in seen:
                raise BadLine("id: an earlier line has the same")
            seen.add(complaint.id)
            waiting.append(complaint)
        except BadLine as error:
            waiting.append({"id": _id_of(line), "error": f"line {number}: {error}"})
        if len(waiting) >= batch:
            yield from _flush(waiting, engine, past)
            done += len(waiting)
            waiting = []
            if on_progress:
                on_progress(done)
    yield from _flush(waiting, engine, past)
    if on_progress:
        on_progress(done + len(waiting))


def _id_of(line: str | bytes) -> str | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    id = row.get("id") if isinstance(row, dict) else None
    return str(id) if isinstance(id, str | int) else None


def _flush(waiting: list[Complaint | dict[str, Any]], engine: Triage, past: History) -> Iterator[dict[str, Any]]:
    complaints = [item for item in waiting if isinstance(item, Complaint)]
    readings = engine.read(complaints)
    decisions = engine.decide(complaints, readings, past, lambda complaint: f"C{complaint.id}")
    written = iter([as_line(*both) for both in zip(readings, decisions, strict=True)])
    for item in waiting:
        yield next(written) if isinstance(item, Complaint) else item


def as_line(reading: Reading, decision: Decision) -> dict[str, Any]:
    """The output object of one complaint (design.md section 6), with emergency words and versions beside."""
    return {
        "id": reading.id,
        "environmental": round(reading.environmental, 4),
        "types": [[str(kind), round(chance, 4)] for kind, chance in reading.types],
        "subtype": reading.subtype[0] if reading.subtype else None,
        "respondent": decision.respondent or reading.respondent,
        "place": reading.place.text if reading.place else None,
        "urgent": reading.urgency is not Urgency.NORMAL,
        "emergency": [span.text for span in reading.emergency],
        "lead_unit": [[unit, round(chance, 4)] for unit, chance in reading.lead_unit],
        "case": decision.case,
        "link": {
            "kind": str(decision.kind), "score": decision.score, "band": str(decision.band),
            "to": decision.to, "case": decision.suggested_case,
            "why": [reason_line(reason) for reason in decision.why],
            "against": [reason_line(reason) for reason in decision.against],
        },
        "versions": {"model": reading.versions.model, "lexicon": reading.versions.lexicon, "taxonomy": reading.versions.taxonomy},
    }


def reason_line(reason: Reason) -> dict[str, Any]:
    """A reason with the offsets of its words in both texts."""
    return {"fact": reason.fact, "text": reason.text, "here": _offsets(reason.here), "there": _offsets(reason.there)}


def _offsets(span: Span | None) -> list[int] | None:
    return [span.start, span.end] if span else None


_BANDS = {LinkBand.AUTO: "自动关联", LinkBand.SUGGEST: "建议关联，请人工确认", LinkBand.NEW: "新立事项"}


def explain(reading: Reading, decision: Decision, complaint: Complaint, earlier: Complaint | None = None) -> str:
    """One decision as a person would want to read it, in Chinese; words that decided stand in 【】 in both texts."""
    types = "、".join(f"{kind} {chance:.0%}" for kind, chance in reading.types if chance >= 0.3) or "未判明"
    lines = [
        f"来件 {complaint.id}", f"  {_marked(complaint, [r.here for r in decision.why])}",
        f"环境问题：{reading.environmental:.0%}　污染类型：{types}　紧急程度：{reading.urgency}",
        f"被举报单位：{reading.respondent or '未写明'}　地点：{reading.place.text if reading.place else '未写明'}",
    ]
    lines += [f"{name}：{value}" for name, value in _further(reading) if value]
    lines.append(f"结论：{_BANDS[decision.band]}　{decision.kind.label}　把握 {decision.score:.0%}　所在事项 {decision.case}")
    if decision.to:
        lines.append(f"前件 {decision.to}（事项 {decision.suggested_case}）")
        if earlier is not None:
            lines.append(f"  {_marked(earlier, [r.there for r in decision.why])}")
        lines += [f"  ＋ {reason.text}" for reason in decision.why]
        lines += [f"  － {reason.text}" for reason in decision.against] or ["  － 没有发现相互矛盾之处"]
    lines.append(f"模型 {reading.versions.model}　词表 {reading.versions.lexicon}　分类表 {reading.versions.taxonomy}")
    return "\n".join(lines)


def _further(reading: Reading) -> list[tuple[str, str]]:
    """What else was read, as label and words; empty where nothing was."""
    kind = f"{reading.subtype[0]} {reading.subtype[1]:.0%}" if reading.subtype else ""
    said = "、".join(word for word, is_so in (("此前反映过", reading.complained_before), ("有新情况", reading.new_facts)) if is_so)
    return [
        ("子类", "　".join(part for part in (kind, f"风险领域 {reading.risk_area}" if reading.risk_area else "") if part)),
        ("诉求", str(reading.demand)), ("发生时段", "、".join(reading.happens)), ("起始时间", reading.since or ""),
        ("数量", "、".join(f"{amount:g}{unit}" for unit, amount in reading.numbers)), ("来件自述", said),
        ("引用受理编号", "、".join(reading.cited_receipts)),
        ("引用的旧文（不作新内容）", "；".join(_short(span.text) for span in reading.quoted)),
        ("疑似突发，触发词", "、".join(span.text for span in reading.emergency)),
    ]


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _marked(complaint: Complaint, spans: Iterable[Span | None]) -> str:
    text, edges = complaint.full_text, sorted({(s.start, s.end) for s in spans if s}, reverse=True)
    limit = len(text)
    for start, end in edges:
        if end <= limit:
            text = f"{text[:start]}【{text[start:end]}】{text[end:]}"
            limit = start
    return " ".join(text.split())


def explain_file(
    lines: Iterable[str | bytes], id: str, *, triage: Triage | None = None, history: History | None = None
) -> str:
    """Run the file up to the line of `id` and explain its decision. KeyError where no good line has that id."""
    engine = triage or Triage.load()
    past = history if history is not None else RecentHistory()
    kept: dict[str, Complaint] = {}
    batch: list[Complaint] = []
    for line in lines:
        if not line.strip():
            continue
        try:
            complaint = parse(line)
        except BadLine:
            continue
        if complaint.id in kept:
            continue
        kept[complaint.id] = complaint
        batch.append(complaint)
        if complaint.id == id or len(batch) >= BATCH:
            readings = engine.read(batch)
            decisions = engine.decide(batch, readings, past, lambda c: f"C{c.id}")
            if complaint.id == id:
                return explain(readings[-1], decisions[-1], complaint, kept.get(decisions[-1].to or ""))
            batch = []
    raise KeyError(id)


__all__ = ["BadLine", "as_line", "explain", "explain_file", "parse", "parse_time", "triage_file"]
