"""Reads one complaint into parts: head, place, who is complained of, source, harm.

The head is what the complaint is about in one breath: the title, or the first sentence after the operator's opening.
Its phrase before the first verb is split at the last locative: what stands before is a landmark, what stands after is
the actor. Complaints at one landmark about two actors are two matters, which is the commonest confusion of all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from classifiers import extract_cues as cues
from classifiers.extract_names import Name, typed_names
from classifiers.normalize import blank_tokens, identity_tokens, normalize
from classifiers.reading import Complaint
from classifiers.segment import Segmenter
from classifiers.sources import HARMS, SOURCES, Mention

_OPENING = re.compile(
    r"^[^：，。\n]{0,24}(?:来电|微信|网站|网络|app|短信|来信|来访)[^：，。\n]{0,8}(?:反映|投诉|咨询|举报|补充|反馈|表示|求助|建议|催)(?:[^：，。\n]{0,6}：|，)?\s*"
    r"|^(?:尊敬的[^，。：！\n]{0,20}[，。：！\n]|(?:各位)?领导[，。：！]?|您好[，。：！]?|你好[，。：！]?|我是[^，。！\n]{0,20}[，。])\s*"
    r"|^[^：\n]{0,12}(?:反映|投诉|举报|咨询|关于)[：]?\s*"
)
_NUMBERED_NOTE = re.compile(r"^[^《\n]{0,60}《(?:关于)?")
_SENTENCE_END = re.compile(r"[。！？\n；]")
_LOCATIVE = re.compile(
    r"旁边|旁的|旁有|旁|附近|对面|楼下|楼上|隔壁|门口|门前|路口|交叉口|交汇处|交界处|后面|前面|背后|后方|前方|里面|"
    r"[东南西北]侧|[东南西北]面|[东南西北]边|[东南西北]门|中间|之间|一楼|二楼|三楼|底楼|底商|地下室|楼顶|周边|周围|内(?!容)|(?<![夜哪这那心家几十百千])里(?!程)|处(?![理罚置以])|边上|边"
)
VERB = re.compile(
    r"排放|排出|排到|直排|偷排|产生|发出|施工|播放|营业|经营|倾倒|堆放|堆积|焚烧|燃烧|噪音|噪声|扰民|油烟|污染|臭|异味|气味|生产|"
    r"加工|作业|排污|排烟|开工|唱歌|跳|打麻将|养|吵|声音|灰尘|粉尘|扬尘|辐射|太|很|非常|严重|影响|夜间|晚上|凌晨|半夜|每天|每晚|"
    r"把|扔|将(?=[^来要])|堆在|倒在|倒进|排进|流进|往(?=[^来])|经常|长期|一直|通宵|乱|未|没有|无|违|私|擅|占|漏|溢|倒|运|装卸|卸货|制造|使用|开放|深夜|24小时|昼夜|天天|不|又|仍"
)
_HEAD_LIMIT = 90
_CLAUSE = 4  # characters that make a clause


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


SITES = frozenset({"road", "door", "estate", "building", "village", "town", "district"})


def _split(plain: str, head: tuple[int, int], names: Sequence[Name]) -> tuple[tuple[int, int], tuple[int, int]]:
    start, end = head
    verb = VERB.search(plain, start + 2, end)
    stop = verb.start() if verb else end
    comma = plain.find("，", start + _CLAUSE, stop)
    begin, after = _last_place(plain, start, stop, names)
    if 0 < comma < after:  # the place ends in a clause behind the first: only where the first says no more than where
        first = _last_place(plain, start, comma, names)
        if first[1] < comma:
            (begin, after), stop = first, comma
    if after == start:
        return (start, start), (start, stop)
    if after >= stop - 1:  # nothing stands between the place and the verb: the actor, if named, follows the verb
        return (start, begin), (stop, end)
    return (start, begin), (after, stop)


def _last_place(plain: str, start: int, stop: int, names: Sequence[Name]) -> tuple[int, int]:
    """Where the landmark ends and where the actor starts."""
    begin, after = start, start
    for locative in _LOCATIVE.finditer(plain, start, stop):
        begin, after = locative.start(), locative.end()
    for name in names:
        if name.kind in SITES and start <= name.start and name.end <= stop and name.end > after:
            begin = after = name.end
    return begin, after
