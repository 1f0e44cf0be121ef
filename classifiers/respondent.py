"""Who or what is complained of, as one phrase of the text: a business, a body, a thing that runs; never a deed or a victim.

The actor phrase of the head decides (classifiers.extract): a name in it, else the thing it names, else the phrase itself
where it stands like a name before what is suffered. What only says where ("中学外的", "饭店对面") comes last.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest

from classifiers.extract import SITES, VERB, Parts
from classifiers.extract_names import Name, ends_name
from classifiers.profile import general_idf
from classifiers.reading import Complaint
from classifiers.shown_names import shown, without_leading
from classifiers.sources import DOINGS, SOURCE_GROUPS, Mention

Span = tuple[int, int]

_THING = 10  # characters of a thing and of what names it
_PHRASE = (2, 14)  # characters of an actor phrase that may stand for a name itself
_NAMED = frozenset(("business", "quoted"))
# What suffers, or belongs to everybody: nobody complains of a lake.
_SUFFERS = frozenset(
    [*(word for group in ("河湖", "饮用水", "绿化生态") for word in SOURCE_GROUPS[group].split()),
     "家里", "小孩", "住户", "楼上", "隔音屏", "声屏障", "隔音墙", "井盖", "手机", "市场"]
) - {"树木"}
# Material is no respondent until a word for a heap, a vehicle or a works follows ("垃圾" but "垃圾堆放点").
_MATERIAL = frozenset(
    ["垃圾", "生活垃圾", "厨余", "餐厨垃圾", "建筑垃圾", "装修垃圾", "砖头", "弃土", "建渣", "余泥", "废酸", "废机油", "废油", "废电池", "渣土",
     "河沙", "河砂", "海砂", "粪便", "秸秆", "废水", "工业废水"]
)
_INSTITUTION = re.compile(r"(?:园|学|学院|学校|医院|银行|市场|超市|宾馆|馆|商场|所|站|中心|厂)$")
_DEED = re.compile(r"[偷盗采挖倒堆砍拆卸毁推]")
_LACKING = re.compile(r"(?:没有?|未|无|不|缺少?|从不|应该?|要求|建议)(?:有|安?装|设置?|做|建|用|经过?|办|使用|配备?)*[^，。！？\n]{0,2}$")
_ONLY_WHERE = re.compile(r"(?:的?(?:旁|附近|对面|斜对面|楼[上下顶]|隔壁|门口|门前|后面|前面|外面?|内|里|周边|周围|[东南西北][侧面边门])|的)")
_REST_OF_WORD = re.compile(r"(?:(?![有没不的和与在人被把了很太又都])[\u4e00-\u9fff]){0,3}?(?:站|厂|店|场|车|机|摊|馆|点|房|屏|灯|船|堆|塔|箱|管|井|队|池|坊|库|泵|户|商|厅|园)")
_TAKEN = re.compile(r"^(?:楼?内|里|新|私自|违规|违法|非法|无证)*(?:建立|建造|建设|开设|开办|设立|设置|增设|新建|新开|建|开|办|挖|扎|搞|做|带|装)(?=..)")
_OF_A_PLACE = re.compile(r"^.{2,}(?:小区|花园|家园|社区|[路街巷](?![口边桥])|大道|村|镇|[区县市])(?=...)")
_LIKE_A_NAME = re.compile(r"(?:店|馆|厂|场|公司|小炒|肉|菜|面|粉|铺|吧|城|记|坊|屋|阁|府|轩|居|庄|园|业|社|部|队|物业|商铺|门面|餐饮|摊|车|机|站|房|屏|灯|船|矿业|铝业|电镀|陶瓷|工程|诊所|码头|货轮|大巴|三轮|摩托|跑车|老板|点|船|轮|组|机组|炉|桶|板|电站|基站|塔|景区|度假村|服务部|村民|环卫工|工人|夫妻|租客|车子|人家|厨房|食堂|单位|学校|机构)$")
_NOT_SAID = re.compile(r"[不没该了得很太那这]|违规|违章|违法|修建|填土|排着|只能|堆成|坐在")
_LEAD = re.compile(r"^(?:[，、：\s]|存在|那个|这个|那帮|这帮|有?[一二三四五六七八九十多几数两]*[家个辆排艘些间条台]|一[家个辆排艘些间]|[几多两三][家个辆排艘间]|我们|你好|喂)+")
# Where a subject ends and what it does begins.
_GOES_ON = re.compile(r"[把将往从向对又也都就还被用给让，。！？；：\s嘛啊哦呀啦呢]|[在于](?!建)|每[天晚日到]|一[到下开天直路]|不(?!锈)|未|没|夜里|半夜|凌晨|晚上|天[天黑亮]|上[个]?月|怠速|直接|随意|露天|违规|违法|擅自|非法")
_TRADE = re.compile(r"(?:^|[个家帮边头口下])((?:做|卖|养|拉|跑|修|炸|烧|洗|磨|收|跳|打)[\u4e00-\u9fff]{1,7}的)(?=[，。他那嘛啊把一]|$|在|半夜|每天)")
_THERE_IS = re.compile(r"[有是](?!人|关|限|毒|害|异|很|的|时)")
_NO_NAME = re.compile(r"[^0-9a-z\u4e00-\u9fff“”（）·-]|[的了吗呢是我他她它这那哪]|没|未|问题|有人|情况|连续|多次|几|每|^[和与在向往到被把将]")


def respondent_of(complaint: Complaint, named: Span | None) -> str | None:
    """As the hotline wrote it, else what stands at the place that `find` gave."""
    return complaint.respondent or (complaint.full_text[slice(*named)] if named else None)


def find(parts: Parts) -> Span | None:
    """Where the text names the one complained of; None where it names nobody."""
    low, high = parts.actor
    plain = parts.plain
    names = [n for n in parts.names if (n.kind in _NAMED or n.kind == "body") and _names_somebody(n.kind, n.text)]
    names = [n for n, after in zip_longest(names, names[1:]) if not (after and after.start < n.end < after.end)]
    here = [n for n in names if low <= n.start < high and not _where(plain, n.end, high)]
    named = [n for n in here if n.kind in _NAMED]
    if named:
        return _trim(parts, named[-1])
    phrase = _phrase(parts, strict=True)
    if phrase:
        return phrase
    if here:
        return _trim(parts, here[-1])
    things = _things(parts)
    for thing in (t for t in things if low <= t[0] < high):
        if not _where(plain, thing[1], high):
            return thing
    phrase = _phrase(parts, strict=False)
    if phrase:
        return phrase
    head = [n for n in names if n.kind in _NAMED and parts.within(n.start, parts.head)]
    beside = [n for n in head if not parts.within(n.start, parts.landmark)]
    if beside:
        return _trim(parts, beside[0])
    nearby = [t for t in things if parts.within(t[0], parts.head) and not parts.within(t[0], parts.landmark)]
    if nearby:
        return nearby[0]
    bodies = [n for n in names if n.kind == "body" and parts.within(n.start, parts.head)]
    for name in (*head, *(n for n in names if n.kind in _NAMED), *(() if things else bodies)):
        return _trim(parts, name)
    return things[0] if things else None


@lru_cache(maxsize=50_000)
def _names_somebody(kind: str, text: str) -> bool:
    """Whether a name is that of a business, of something in quotes or of an institution, and no phrase that ends like one."""
    return _INSTITUTION.search(text) is not None if kind == "body" else bool(shown(text)) and not _NOT_SAID.search(text)


@lru_cache(maxsize=50_000)
def _unknown(word: str) -> bool:
    return general_idf(word, -1.0) < 0


def _where(plain: str, end: int, limit: int) -> bool:
    """Whether what ends there only says where something else is."""
    found = _ONLY_WHERE.match(plain, end, limit)
    return found is not None and found.end() < limit


def _trim(parts: Parts, name: Name) -> Span:
    """A name without words it took along ("内开餐厅")."""
    text = parts.plain[name.start : name.end]
    kept = _TAKEN.sub("", without_leading(_OF_A_PLACE.sub("", text)))
    return name.end - len(kept or text), name.end


def _things(parts: Parts) -> list[Span]:
    """Things named, side by side ones as one ("铁路火车"), with the words before and behind that belong to the name."""
    found: list[Span] = []
    plain = parts.plain
    for mention in parts.sources:
        word = plain[mention.start : mention.end]
        if word in DOINGS or word in _SUFFERS or _LACKING.search(plain, max(0, mention.start - 8), mention.start):
            continue
        rest = _REST_OF_WORD.match(plain, mention.end, mention.end + 4)
        if word in _MATERIAL and not rest:
            continue
        end = rest.end() if rest else mention.end
        if found and mention.start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((_begin(parts, mention), end))
    return found


def _begin(parts: Parts, mention: Mention) -> int:
    """Where the name of a thing begins: words before it that a name can hold, of the actor phrase and not too many."""
    at = bisect_right(parts.starts, mention.start) - 1
    begin = parts.starts[at]
    if begin < mention.start:  # the word it is in begins earlier: a name the segmenter knows
        return begin if mention.end - begin <= _THING else mention.start
    for before in reversed(range(at)):
        word, start = parts.tokens[before], parts.starts[before]
        if start < parts.actor[0] or mention.end - start > _THING or ends_name(word) or word == "着" or VERB.search(word) or _DEED.search(word):
            break
        begin = start
    return begin


def _phrase(parts: Parts, strict: bool) -> Span | None:
    """A subject of the head that could be a name: of the actor phrase, of the head's beginning, or behind "有".

    `strict`: only with an ending of a business, a vehicle or the like; else, at the actor phrase, also where a word of it
    is none of the dictionary.
    """
    begin, end = parts.head
    low, high = parts.actor
    said = _TRADE.search(parts.plain, begin, end)
    if said:
        return said.span(1)
    found = _subject(parts, low, high, strict)
    if found or not strict or low == begin:
        return found
    behind = _THERE_IS.search(parts.plain, begin, low)
    for at in (begin, *((behind.end(),) if behind else ())):
        found = _subject(parts, at, low, strict)
        if found and not any(n.kind in SITES and n.end == found[1] for n in parts.names):
            return found
    return None


def _subject(parts: Parts, low: int, high: int, strict: bool) -> Span | None:
    """The words from `low` up to a deed or what is suffered, if they could be a name."""
    plain = parts.plain
    stop = _GOES_ON.search(plain, low + 1, high)
    if stop is None and high >= parts.head[1]:
        return None  # no deed and no harm follows: not said of anybody
    for harm in parts.harms:
        if low < harm.start < high:
            high = harm.start
            break
    high = min(stop.start(), high) if stop else high
    text = plain[low:high]
    text = _LEAD.sub("", text[text.rfind("的", 0, -_PHRASE[0]) + 1 :])
    kept = _TAKEN.sub("", without_leading(_OF_A_PLACE.sub("", text))) or text
    low = high - len(kept)
    if not _PHRASE[0] <= len(kept) <= _PHRASE[1] or _NO_NAME.search(kept) or kept in _SUFFERS or kept in _MATERIAL:
        return None
    if _LIKE_A_NAME.search(kept):
        return low, high
    if strict or not any(map(_unknown, _tokens_within(parts, (low, high)))):
        return None  # all words of the dictionary: more likely a phrase than a name
    return low, high


def _tokens_within(parts: Parts, span: Span) -> Sequence[str]:
    first, last = bisect_right(parts.starts, span[0]) - 1, bisect_right(parts.starts, span[1] - 1)
    return parts.tokens[max(first, 0) : last]

