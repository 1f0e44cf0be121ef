"""What a complaint says beside who and where: when, since when, how much, what it cites, whether it wrote before."""

from __future__ import annotations

import re

from classifiers.normalize import number

# Expressions of many alternatives begin with a look at the first character of all: most places fail there at once.
_HAPPENS = re.compile(
    r"(?=[每天周节凌清早上中下傍晚夜深半昼全通\d])(?:(?:每天|每晚|天天|周末|节假日)?(?:凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|夜间|夜里|深夜|半夜|昼夜|全天|通宵)?"
    r"(?:[0-2]?\d(?:：[0-5]\d|点(?:半|钟|[0-5]?\d分?)?|时(?!间|候|常)(?:许)?)"
    r"(?:(?:-|至|到)(?:次日|第二天)?(?:凌晨|早上|上午|中午|下午|晚上)?[0-2]?\d(?:：[0-5]\d|点(?:半|钟|[0-5]?\d分?)?|时)?)?)"
    r"|(?:每天|每晚|天天|夜夜|周末|节假日)(?:凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|夜间|夜里|深夜|半夜)?"
    r"|凌晨|清晨|夜间|深夜|半夜|通宵|24小时|晚上|中午)"
)
_SINCE = re.compile(
    r"(?=[从自去前今上昨已持长近快有一二两三四五六七八九十半几数\d])(?:(?:从|自)?(?:20\d\d年(?:\d{1,2}月)?(?:\d{1,2}[日号])?|去年|前年|今年(?:\d{1,2}月|春节|以来)?|上个?月|上周|昨天|前天)"
    r"(?:份|底|初|起|开始|以来|至今|到现在)"
    r"|(?:已经|已|持续|长达|近|快|有)?(?:\d{1,3}|[一二两三四五六七八九十半几数]{1,3})个?多?(?:年|月|天|周|星期)多?"
    r"(?:了|之久|以来|来|左右没))"
)
_AMOUNT = re.compile(
    r"(\d+(?:\.\d+)?|[一二两三四五六七八九十百千]+)(?:多|余|来)?个?"
    r"(户|分贝|米|公里|亩|吨|人|家|台|辆|平方米|平方|口|头|只|业主|名业主|db)"
)
_UNIT_NAMES = {"db": "分贝", "平方": "平方米", "业主": "户", "名业主": "户"}
_RECEIPT = re.compile(r"(?<![\d.])(?:20\d{12}|(?:工单|受理|编号|信访|回执|单号|件号)[^\d\n，。]{0,6}?([a-z]{0,4}\d{8,18}))(?!\d)")
_DIGIT = re.compile(r"\d")
_LETTERED = re.compile(r"(?<![0-9a-z])[a-z]{1,4}-?20\d{6,14}(?!\d)")
_BEFORE = re.compile(
    r"(?:多次|已经|已|曾|再次|反复|之前|以前|此前|上次|几次|无数次|一直|屡次|又)[^，。！？\n]{0,8}(?:投诉|反映|举报|打过?12345|打电话|写信|上访|报警|留言)"
    r"|(?:投诉|反映|举报|上访)(?:过|了(?:很多|好多|多|无数|几|数)次|无果|多次|至今|未果|没有?(?:人管|结果|用))"
    r"|(?:回复|答复|反馈)[^，。\n]{0,12}(?:但|可是|仍|还是)|不满意|未解决|没有?解决|没人管|无人管|仍未|依然没|拖了|第[二三四五]次"
)
_NEW = re.compile(
    r"补充|新情况|又(?:开始|出现|增加|建|排|偷|在)|变本加厉|更加严重|越来越|死灰复燃|反弹|恢复(?:营业|生产|施工)|"
    r"(?:整改|处理|查处|停工|停业)(?:之?后|过后|没几天)[^，。]{0,10}(?:又|仍|还|继续|依旧)|现在还|不仅没|如今又"
)
_FOLLOW_UP = re.compile(r"来电(?:反馈|补充|催|咨询办理)|催单|催办|工单(?:处理情况|结果|内容|编?号)|回电|再次来电")
_QUOTE_OPEN = re.compile(r"(?:原?工单内容|来信内容|原(?:帖|文|件|信)(?:内容)?|投诉内容)(?:如下)?\s*：\s*")
_REPLY = re.compile(
    r"(?:20\d\d[-年]\d{1,2}[-月]\d{1,2}日?\s*(?:\d{1,2}：\d{2}(?:：\d{2})?)?[^，。：\n]{2,24}(?:回复|反馈|答复)|网友[^，。：\n]{0,10}您好)\s*：?"
)
_DEMAND = re.compile(
    r"(?:请|恳请|希望|望|敬请|要求|建议|故来电|特此)[^。！？\n]{0,60}"
    r"(?:核实|处理|查处|解决|整改|回复|答复|监管|重视|取缔|管理|关停|调查|谢谢|投诉)[^。！？\n]{0,30}[。！？]?"
)


def happens(plain: str) -> tuple[str, ...]:
    """Times of day and weekdays it happens, as written, at most four."""
    return tuple(dict.fromkeys(match[0] for match in _HAPPENS.finditer(plain)))[:4]


def since(plain: str) -> str | None:
    """Since when, as written."""
    match = _SINCE.search(plain)
    return match[0] if match else None


def numbers(plain: str) -> tuple[tuple[str, float], ...]:
    """(unit, amount) of households, decibels, metres and the like, at most six, in order."""
    found: dict[tuple[str, float], None] = {}
    for match in _AMOUNT.finditer(plain):
        value = float(match[1]) if match[1][0].isdigit() else number(match[1])
        if value is not None:
            found[_UNIT_NAMES.get(match[2], match[2]), float(value)] = None
    return tuple(found)[:6]


def cited(plain: str) -> tuple[str, ...]:
    """Receipt numbers the text cites, upper case, in order."""
    if not _DIGIT.search(plain):
        return ()
    found = [match[1] or match[0] for match in _RECEIPT.finditer(plain)]
    found += [match[0] for match in _LETTERED.finditer(plain)]
    return tuple(dict.fromkeys(number.upper() for number in found))


def complained_before(plain: str) -> bool:
    """Whether the text says that it, or somebody, complained of this before."""
    return _BEFORE.search(plain) is not None


def new_facts(plain: str) -> bool:
    """Whether the text says that something has changed or is added."""
    return _NEW.search(plain) is not None


def follow_up(plain: str) -> bool:
    """Whether it is a note on an earlier item (an operator's or a unit's)."""
    return _FOLLOW_UP.search(plain, 0, 120) is not None


def quoted(plain: str) -> list[tuple[int, int]]:
    """Stretches copied from an earlier item or a reply to it, from the marker to the reply's or the text's end."""
    spans: list[tuple[int, int]] = []
    opened = _QUOTE_OPEN.search(plain)
    if opened and opened.start() > 8:
        spans.append((opened.end(), len(plain)))
    else:
        reply = _REPLY.search(plain, 20)
        if reply:
            spans.append((reply.start(), len(plain)))
    return spans


def demands(plain: str) -> list[tuple[int, int]]:
    """What is asked of the officials: it names units and says nothing of the matter."""
    return [match.span() for match in _DEMAND.finditer(plain)]
