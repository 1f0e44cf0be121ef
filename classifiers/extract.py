"""Reads one complaint into parts: head, place, who is complained of, source, harm; and packs them into a profile.

The head is what the complaint is about in one breath: the title, or the first sentence after the operator's opening.
Its phrase before the first verb is split at the last locative: what stands before is a landmark, what stands after is
the actor. Complaints at one landmark about two actors are two matters, which is the commonest confusion of all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from classifiers import extract_cues as cues
from classifiers import profile as pf
from classifiers.extract_names import Name, typed_names
from classifiers.normalize import blank_tokens, identity_tokens, normalize
from classifiers.reading import Complaint, Place, Span
from classifiers.segment import Segmenter
from classifiers.sounds import code
from classifiers.sources import HARMS, SOURCES, Mention

_OPENING = re.compile(
    r"^[^：，。\n]{0,24}(?:来电|微信|网站|网络|app|短信|来信|来访)[^：，。\n]{0,8}(?:反映|投诉|咨询|举报|补充|反馈|表示|求助|建议|催)[^：\n]{0,6}[：，]?\s*"
    r"|^(?:尊敬的[^，。：！\n]{0,20}[，。：！\n]|(?:各位)?领导[，。：！]?|您好[，。：！]?|你好[，。：！]?|我是[^，。！\n]{0,20}[，。])\s*"
    r"|^[^：\n]{0,12}(?:反映|投诉|举报|咨询|关于)[：]?\s*"
)
_NUMBERED_NOTE = re.compile(r"^[^《\n]{0,60}《(?:关于)?")
_SENTENCE_END = re.compile(r"[。！？\n；]")
_LOCATIVE = re.compile(
    r"旁边|旁的|旁有|旁|附近|对面|楼下|楼上|隔壁|门口|门前|路口|交叉口|交汇处|交界处|后面|前面|背后|后方|前方|里面|"
    r"[东南西北]侧|[东南西北]面|[东南西北]边|[东南西北]门|中间|之间|一楼|二楼|三楼|底楼|底商|地下室|楼顶|周边|周围|内|里|处|边上|边"
)
_VERB = re.compile(
    r"排放|排出|排到|直排|偷排|产生|发出|施工|播放|营业|经营|倾倒|堆放|堆积|焚烧|燃烧|噪音|噪声|扰民|油烟|污染|臭|异味|气味|生产|"
    r"加工|作业|排污|排烟|开工|唱歌|跳|打麻将|养|吵|声音|灰尘|粉尘|扬尘|辐射|太|很|非常|严重|影响|夜间|晚上|凌晨|半夜|每天|每晚|"
    r"经常|长期|一直|通宵|乱|未|没有|无|违|私|擅|占|漏|溢|倒|运|装卸|卸货|制造|使用|开放|深夜|24小时|昼夜|天天|不|又|仍"
)
_HEAD_LIMIT = 90
_GENERAL_WORDS = 6.2  # words commoner than this in general Chinese (idf) say nothing of a matter
_UNKNOWN_IDF = 12.0


@dataclass(slots=True)
class Parts:
    """One complaint taken apart. Offsets are of `Complaint.full_text`; `plain` is as long, in one writing."""

    plain: str
    head: tuple[int, int]
    landmark: tuple[int, int]
    actor: tuple[int, int]
    tokens: Sequence[str]
    starts: Sequence[int]
    names: list[Name]
    sources: list[Mention]
    harms: list[Mention]
    quoted: list[tuple[int, int]]
    cited: tuple[str, ...]
    identities: tuple[tuple[str, str, int], ...]
    words: dict[str, int] = field(default_factory=dict)

    def within(self, start: int, span: tuple[int, int]) -> bool:
        """Whether a position is inside a span."""
        return span[0] <= start < span[1]


def take_apart(complaint: Complaint, segmenter: Segmenter) -> Parts:
    """Read the parts of one complaint."""
    full = complaint.full_text
    plain = normalize(full)
    identities = identity_tokens(full)
    plain = blank_tokens(plain)
    tokens = segmenter.cut(plain)
    starts: list[int] = []
    position = 0
    for token in tokens:
        starts.append(position)
        position += len(token)
    head = _head(plain, len(complaint.title))
    names = typed_names(plain, tokens, starts)
    landmark, actor = _split(plain, head, names)
    return Parts(
        plain=plain, head=head, landmark=landmark, actor=actor, tokens=tokens, starts=starts, names=names,
        sources=SOURCES.find(plain), harms=HARMS.find(plain),
        quoted=cues.quoted(plain), cited=tuple(dict.fromkeys((*complaint.cited_receipts, *cues.cited(plain)))),
        identities=identities,
    )


def _head(plain: str, title: int) -> tuple[int, int]:
    if title >= 6:
        opened = _OPENING.match(plain[:title])
        start = opened.end() if opened and title - opened.end() >= 6 else 0
        return start, title
    start = title + 1 if title else 0
    note = _NUMBERED_NOTE.match(plain[start : start + 90])
    if note and cues.follow_up(plain):
        start += note.end()
    for _ in range(3):
        opened = _OPENING.match(plain[start : start + 120])
        if not opened or opened.end() == 0:
            break
        start += opened.end()
    end = start
    while end < len(plain) and end - start < 14:
        stop = _SENTENCE_END.search(plain, end)
        end = stop.end() if stop else len(plain)
    return start, min(end, start + _HEAD_LIMIT, len(plain))


_SITES = frozenset({"road", "door", "estate", "building", "village", "town", "district"})


def _split(plain: str, head: tuple[int, int], names: Sequence[Name]) -> tuple[tuple[int, int], tuple[int, int]]:
    start, end = head
    verb = _VERB.search(plain, start + 2, end)
    stop = verb.start() if verb else end
    begin, after = start, start  # the landmark ends at `begin`, the actor starts at `after`
    for locative in _LOCATIVE.finditer(plain, start, stop):
        begin, after = locative.start(), locative.end()
    for name in names:
        if name.kind in _SITES and start <= name.start and name.end <= stop and name.end > after:
            begin = after = name.end
    if after == start:
        return (start, start), (start, stop)
    if after >= stop - 1:  # nothing stands between the place and the verb: the actor, if named, follows the verb
        return (start, begin), (stop, end)
    return (start, begin), (after, stop)


def place_of(parts: Parts, complaint: Complaint) -> Place | None:
    """The place, in parts, and the best phrase: the first run of place names of the head, else of the text."""
    kinds = {"road", "door", "estate", "building", "village", "town", "district", "body"}
    names = [name for name in parts.names if name.kind in kinds]
    inside = [name for name in names if parts.within(name.start, parts.head)] or names
    first: dict[str, str] = {}
    for name in inside:
        first.setdefault(name.kind, name.text)
    if not inside:
        return Place(complaint.address) if complaint.address else None
    run = [inside[0]]
    for name in inside[1:]:
        if name.start - run[-1].end > 4 or name.end - run[0].start > 36:
            if any(n.kind not in ("district", "town") for n in run):
                break
            run = [name]
        else:
            run.append(name)
    start, end = run[0].start, max(name.end for name in run)
    text = complaint.full_text[start:end]
    return Place(
        text=complaint.address or text, road=first.get("road"), number=first.get("door"), estate=first.get("estate"),
        building=first.get("building"), village=first.get("village"), landmark=first.get("body"),
        span=Span(start, end, text),
    )


def respondent_of(parts: Parts, complaint: Complaint) -> str | None:
    """Who is complained of: as the hotline wrote it, else the business or source the actor phrase names."""
    if complaint.respondent:
        return complaint.respondent
    full = complaint.full_text
    head = [n for n in parts.names if n.kind in ("business", "quoted") and parts.within(n.start, parts.head)]
    for name in [n for n in head if parts.within(n.start, parts.actor)] or head:
        return full[name.start : name.end]
    start, end = parts.actor
    for mention in parts.sources:
        if start <= mention.start < end and mention.end - start <= 14:
            return full[start : mention.end].lstrip("的有是一家个在某，、 ") or None
    for mention in parts.sources:
        if parts.within(mention.start, parts.head):
            return full[mention.start : mention.end]
    anywhere = [n for n in parts.names if n.kind in ("business", "quoted")]
    return full[anywhere[0].start : anywhere[0].end] if anywhere else None


def pack(parts: Parts, complaint: Complaint, env: float, types: Sequence[float]) -> bytes:
    """`Reading.profile`: the packed record and its note. `types` are ten probabilities in the vocabulary's order."""
    row = np.zeros(1, pf.DTYPE)
    record = row[0]
    _pack_words(record, parts)
    note = _pack_names(record, parts)
    record["sources"] = _halves({m.group for m in parts.sources})
    actor = {m.group for m in parts.sources if parts.within(m.start, parts.actor)}
    record["head_sources"] = _halves(actor or {m.group for m in parts.sources if parts.within(m.start, parts.head)})
    record["harms"] = pf.bits({m.group for m in parts.harms})
    record["head_harms"] = pf.bits({m.group for m in parts.harms if parts.within(m.start, parts.head)})
    pf.fill(record, "tokens", [pf.key32("t", f"{kind}·{key}") for kind, key, _ in parts.identities])
    pf.fill(record, "cites", [pf.key64("receipt", number) for number in parts.cited])
    own = complaint.receipt_no or complaint.id
    record["receipt"] = pf.key64("receipt", own.upper())
    record["reporter"] = pf.key64("reporter", complaint.reporter) if complaint.reporter else 0
    record["types"] = np.rint(np.asarray(types) * 255)
    record["env"] = round(env * 255)
    if complaint.time is not None:
        record["minute"] = int(complaint.time.timestamp() // 60)
    record["length"] = min(len(parts.plain), 65535)
    if complaint.region and complaint.region.isdigit():
        record["region"] = int(complaint.region) & 0xFFFFFFFF
    record["flags"] = (
        pf.COMPLAINED_BEFORE * cues.complained_before(parts.plain) | pf.NEW_FACTS * cues.new_facts(parts.plain)
        | pf.FOLLOW_UP * cues.follow_up(parts.plain) | pf.HAS_TITLE * bool(complaint.title)
    )
    return row.tobytes() + note.encode()


def _halves(groups: set[int]) -> tuple[int, int]:
    both = pf.bits(groups)
    return both & 0xFFFFFFFFFFFFFFFF, both >> 64


def _pack_words(record: np.void, parts: Parts) -> None:
    general = pf.general_idf()
    skip = cues.demands(parts.plain)
    head, actor, landmark = parts.head, parts.actor, parts.landmark
    found: dict[str, list[float]] = {}  # word -> [priority, start, flags]
    cursor, limit = 0, 65535
    for token, start in zip(parts.tokens, parts.starts, strict=True):
        if len(token) < 2 or token.isdigit() or start > limit or not token.isalnum():
            continue
        idf = general.get(token, _UNKNOWN_IDF)
        if idf < _GENERAL_WORDS:
            continue
        while cursor < len(skip) and skip[cursor][1] <= start:
            cursor += 1
        if cursor < len(skip) and skip[cursor][0] <= start and not head[0] <= start < head[1]:
            continue
        flags = 0
        if head[0] <= start < head[1]:
            flags = pf.IN_HEAD
            if actor[0] <= start < actor[1]:
                flags |= pf.IN_ACTOR
            elif landmark[0] <= start < landmark[1]:
                flags |= pf.IN_LANDMARK
        entry = found.get(token)
        if entry is None:
            found[token] = [idf + 8.0 * (flags > 0) - start / 2000, start, flags]
        else:
            entry[0] += 0.7
            if flags and not entry[2]:
                entry[0] += 8.0
            entry[2] = int(entry[2]) | flags
    best = sorted(found.items(), key=lambda item: -item[1][0])[: pf.WORDS]
    parts.words = {word: int(entry[1]) for word, entry in best}
    pf.fill(record, "words", [pf.key32("w", word) for word, _ in best])
    pf.fill(record, "word_at", [int(entry[1]) for _, entry in best])
    pf.fill(record, "word_flags", [int(entry[2]) for _, entry in best])


_HAN_PAIR = re.compile(r"[0-9a-z\u4e00-\u9fff]{2}")


def _pack_names(record: np.void, parts: Parts) -> str:
    plain, head = parts.plain, parts.head
    order = sorted(parts.names, key=lambda n: (not parts.within(n.start, head), n.start))
    chosen: list[tuple[Name, int]] = []
    seen: set[int] = set()
    for name in order:
        key = pf.key32(name.kind, name.core)
        if key not in seen and name.start < 65535:
            seen.add(key)
            chosen.append((name, key))
        if len(chosen) == pf.NAMES:
            break
    for i, (name, key) in enumerate(chosen):
        record["names"][i] = key
        record["name_at"][i] = name.start
        record["name_length"][i] = min(len(name.text), 255)
        record["name_kinds"][i] = pf.KIND[name.kind] | (128 if parts.within(name.start, head) else 0)
    grams: dict[str, int] = {}
    sounds: dict[str, None] = {}
    for name, _ in chosen:
        if name.kind in ("door", "building", "district", "project"):
            continue
        here = pf.IN_NAME | (pf.IN_HEAD if parts.within(name.start, head) else 0)
        for i in range(name.start, name.end - 1):
            pair = plain[i : i + 2]
            grams[pair] = grams.get(pair, 0) | here | _zone(parts, i)
        for a, b in pairwise(name.text):
            sounds[code(a) + code(b)] = None
    for i in range(head[0], head[1] - 1):
        if _HAN_PAIR.match(plain, i):
            pair = plain[i : i + 2]
            grams[pair] = grams.get(pair, 0) | pf.IN_HEAD | _zone(parts, i)
    pf.fill(record, "grams", [pf.key32("g", pair) for pair in grams])
    pf.fill(record, "gram_flags", list(grams.values()))
    pf.fill(record, "sounds", [pf.key32("s", pair) for pair in sounds])
    return "\x1f".join(name.text for name, _ in chosen)


def _zone(parts: Parts, position: int) -> int:
    if parts.within(position, parts.actor):
        return pf.IN_ACTOR
    return pf.IN_LANDMARK if parts.within(position, parts.landmark) else 0
