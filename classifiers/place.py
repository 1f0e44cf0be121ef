"""Where it happens: the parts of a place, and the best single phrase to show a person.

The phrase begins with the first place name of the head and goes on over names that follow closely, up to where the
landmark ends or the one complained of begins: "东篱区石塘路望湖楼斜对面", not the district alone.
"""

from __future__ import annotations

import re

from classifiers.extract import Parts
from classifiers.extract_names import Name
from classifiers.reading import Complaint, Place, Span
from classifiers.shown_names import without_leading

_KINDS = frozenset(("road", "door", "estate", "building", "village", "town", "district", "body", "project"))
_WIDE = frozenset(("district", "town"))  # alone they lead nobody there
_BODIES = frozenset(("body", "estate"))
_LEADS = frozenset(("road", "estate", "building", "village"))
_LIVES = re.compile(r"(?:家?住|居住[在于]|我们?是|本人[是系]|位于|地处|坐落[在于]?)[^，。！？\n]{0,10}$")
_VAGUE = frozenset(("district", "town", "body", "project"))
_LAST = re.compile(
    r"[。，！？；\s](?:(就?(?:住?在|再)|地点就?[是在：]|地址[是：]?|我们住|我们这里是|位于))?([0-9a-z\u4e00-\u9fff]{2,12}?)"
    r"(?:这边|那里|那边|这里|看看?|来看|你记一下|几户人家|往上|尾巴上)?[。！\s]*$"
)
_PLACE_END = re.compile(r"[路街巷村镇乡屯寨里弄坊苑园湾坳坪坡岭沟溪河湖塘岬角嘴洲滩渡口台庄堡营桥山岛港号栋组庵庙塬坞垸圩冲埠集店铺子头尾]$|[\d一二三四五六七八九十]+[号栋组]")
_GAP, _LONGEST, _BEFORE = 12, 40, 8
_LIKE_A_NAME = re.compile(r"[0-9a-z\u4e00-\u9fff（）()、-]*")
_NO_NAME = re.compile(r"有|在|又|开始|天天|一到|凌晨|晚上|夜间|半夜|深夜|施工|改造|是|了|被|把|从|因|由于|存在|发现|我|你|他|们|这|那|某|请|每|经常|严重|非法|违规|私自|擅自|所|不|没|影响|反映|投诉|举报|居民|市民|业主")
_SIDE = re.compile(r"(?:斜?对面|旁边?|附近|隔壁|楼[上下顶]|门口|门前|路口|后[面方]|前[面方]|里面|[东南西北][侧面边]|中间|之间|周边|周围|交[叉汇界]处?口?|地下室|底商|[一二三]楼)+")
_TAIL = re.compile(r"(?:[^0-9a-z\u4e00-\u9fff）)]|这边|这里|一[个家处]?|有[个家]?|的|等|建|在)+$")
_APART, _DATE = re.compile(r"[。！？；\n《》]"), re.compile(r"[\d月年]$")
_HEAD_OF_NAME = re.compile(r"[0-9a-z\u4e00-\u9fff]{1,8}$")


def place_of(parts: Parts, complaint: Complaint, respondent: tuple[int, int] | None = None) -> Place | None:
    """The place in parts and as a phrase; None where the text names none and the hotline wrote none.

    `respondent` is where the one complained of is named (classifiers.respondent.find): who, not where.
    """
    every = [name for name in parts.names if name.kind in _KINDS]
    names = every
    if respondent:
        low, high = respondent
        names = [n for n in every if n.kind not in _BODIES or n.start < low or n.end > high] or every
    low, high = parts.head
    inside = [name for name in names if low <= name.start < high]
    kinds = {name.kind for name in inside}
    told = _at_the_end(parts) if kinds <= _VAGUE else None
    if told:
        here = [name for name in every if told[0] <= name.start and name.end <= told[1]]
        return _place(complaint, here, told, "" if here else parts.plain[slice(*told)])
    inside = inside or names
    if kinds <= _WIDE:  # the head says no more than the district: who writes says where
        near = [n.start for n in names if n.kind in _LEADS and _LIVES.search(parts.plain, max(0, n.start - _GAP), n.start)]
        inside = [n for n in names if n.start >= near[0] and n.kind not in _WIDE] if near else inside
    if not inside:
        return Place(complaint.address) if complaint.address else None
    return _place(complaint, inside, _run(parts, inside, respondent))


def _place(complaint: Complaint, names: list[Name], span: tuple[int, int], landmark: str = "") -> Place:
    first: dict[str, str] = {"body": landmark} if landmark else {}
    for name in names:
        first.setdefault(name.kind, name.text)
    text = complaint.full_text[slice(*span)]
    return Place(
        text=complaint.address or text, road=first.get("road"), number=first.get("door"), estate=first.get("estate"),
        building=first.get("building"), village=first.get("village"), landmark=first.get("body"), span=Span(*span, text),
    )


def _at_the_end(parts: Parts) -> tuple[int, int] | None:
    """A place told last of all, as people do who speak: "… 在制鞋街尾巴上", "… 杨柳渡。"."""
    found = _LAST.search(parts.plain, max(0, len(parts.plain) - 30))
    if not found or _NO_NAME.search(found[2]) or not (found[1] or _PLACE_END.search(found[2])) or found.start(2) <= parts.head[0]:
        return None
    return found.span(2)


def _run(parts: Parts, names: list[Name], respondent: tuple[int, int] | None) -> tuple[int, int]:
    """From the first name that leads there over all that follow it closely."""
    plain, head = parts.plain, parts.head[1]
    stop = respondent[0] if respondent else len(plain)
    first = names[0]
    start, end, wide = first.start, first.end, first.kind in _WIDE
    for name in names[1:]:
        if (name.end >= stop and (name.start < stop or end <= stop)) or name.end - start > _LONGEST:
            break
        if name.start <= end or _joins(plain, end, name.start):
            end, wide = max(end, name.end), wide and name.kind in _WIDE
        elif wide and name.kind not in _WIDE and name.kind != "project" and name.start < head:
            first, (start, end), wide = name, (name.start, name.end), False
        else:
            break
    start = _back(parts, first, start)
    for further in (min(parts.landmark[1], stop), stop):
        if end < further <= min(start + _LONGEST, head) and _joins(plain, end, further):
            end = further
    side = _SIDE.match(plain, end, stop)
    end = side.end() if side else end
    start = end - len(without_leading(plain[start:end]))
    tail = _TAIL.search(plain, start, end)
    return start, tail.start() if tail else end


def _joins(plain: str, end: int, start: int) -> bool:
    """Whether what stands between two names could belong to one place."""
    between = plain[end:start]
    if len(between) <= 2:
        return not _APART.search(between)
    return len(between) <= _GAP and _LIKE_A_NAME.fullmatch(between) is not None and not _NO_NAME.search(between)


def _back(parts: Parts, name: Name, start: int) -> int:
    """A number alone ("38号") is told by the name before it."""
    if name.kind not in ("door", "building", "project"):
        return start
    found = _HEAD_OF_NAME.search(parts.plain, max(0, start - _BEFORE), start)
    if not found or _NO_NAME.search(found[0]) or _DATE.search(found[0]):
        return start
    return found.start()
