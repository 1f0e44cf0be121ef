"""Reads one complaint into parts: head, place, who is complained of, source, harm.

The head is what the complaint is about in one breath: the title, or the first sentence after the operator's opening.
Its phrase before the first verb is split at the last locative: what stands before is a landmark, what stands after is
the actor. Complaints at one landmark about two actors are two matters, which is the commonest confusion of all.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from classifiers import extract_cues as cues
from classifiers.extract_names import Name, ends_name, typed_names
from classifiers.normalize import blank_tokens, identity_tokens, normalize
from classifiers.reading import Complaint, Place, Span
from classifiers.segment import Segmenter
from classifiers.sources import DOINGS, HARMS, SOURCES, Mention

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
_THING = 10  # characters of a source and of what names it


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
    starts = [*accumulate(map(len, tokens), initial=0)][:-1]
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
        if name.kind == "body" and parts.within(name.start, parts.actor):
            break  # who is complained of, not where
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
    """Who is complained of: as the hotline wrote it, else the business or source the actor phrase names, never a deed."""
    if complaint.respondent:
        return complaint.respondent
    full = complaint.full_text
    head = [n for n in parts.names if n.kind in ("business", "quoted") and parts.within(n.start, parts.head)]
    # of two in the actor phrase the first is where the second is: a works in an industrial park
    for name in [n for n in head if parts.within(n.start, parts.actor)][::-1] or head:
        return full[name.start : name.end]
    start, end = parts.actor
    things = [m for m in parts.sources if parts.plain[m.start : m.end] not in DOINGS]
    inside = [m for m in things if start <= m.start < end]
    for mention in inside or [m for m in things if parts.within(m.start, parts.head) and not parts.within(m.start, parts.landmark)]:
        return full[_begin(parts, mention) : mention.end]
    anywhere = [n for n in parts.names if n.kind in ("business", "quoted")]
    return full[anywhere[0].start : anywhere[0].end] if anywhere else None


def _begin(parts: Parts, mention: Mention) -> int:
    """Where the name of a source begins: words before it that a name can hold, of the actor phrase and not too many."""
    at = bisect_right(parts.starts, mention.start) - 1
    begin = parts.starts[at]
    if begin < mention.start:  # the word it is in begins earlier: a name the segmenter knows
        return begin if mention.end - begin <= _THING else mention.start
    for before in reversed(range(at)):
        word, start = parts.tokens[before], parts.starts[before]
        if start < parts.actor[0] or mention.end - start > _THING or ends_name(word) or word == "着" or _VERB.search(word):
            break
        begin = start
    return begin
