"""Readers of what hotlines really send: times in many formats, numbers as strings, Chinese words for codes.

Each reader takes a decoded JSON value and returns the canonical value, `None` for an empty one, or raises
`Unreadable`. None of them looks at the clock. Times without an offset are Beijing time (China has had no
summer time since 1991).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from contracts.vocabulary import DemandType, SourceChannel

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")

# Words that spreadsheets and old systems write where there is nothing.
_EMPTY = frozenset(
    {"", "null", "none", "nan", "nil", "n/a", "undefined", "无", "-", "--", "/", "空", "未填", "未填写"}
)

_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[Tt\s]\s*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:[.,](\d{1,9}))?)?[分秒]?)?"
    r"\s*([Zz]|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})?")
# Outside these years a time is a slip of the keyboard or seconds taken for milliseconds.
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


class Unreadable(ValueError):
    """A value that no reader understands; carries nothing of the value."""


def is_empty(value: Any) -> bool:
    """True for null, NaN, an empty list or object, and strings that mean nothing is there."""
    if value is None:
        return True
    if isinstance(value, str):
        return len(value) < 12 and value.strip().lower() in _EMPTY
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, (list, dict, tuple)) and not value


def narrow(value: str) -> str:
    """Full-width digits, letters and signs as ASCII; surrounding space removed."""
    return (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()


def read_string(value: Any) -> str:
    """A string; numbers become their plain decimal form (a phone number read from a spreadsheet is a
    float)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unreadable
    if isinstance(value, float):
        if not value.is_integer() or abs(value) > 1e20:
            return repr(value)
        value = int(value)
    return str(value)


def read_code(value: Any) -> str:
    """An identifier: a string or number in ASCII form without surrounding space."""
    return narrow(read_string(value))


def read_time(value: Any) -> datetime:
    """An aware time in UTC.

    Accepts RFC 3339, `YYYY-MM-DD[ HH:MM[:SS[.f]]]`, the same with `/`, `.` or 年月日, `YYYYMMDDHHMMSS`, and
    epoch milliseconds or seconds as number or string. Raises `Unreadable` for anything else and outside 1990
    to 2100.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        moment = _time_from_text(narrow(value))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        moment = _time_from_epoch(value)
    else:
        raise Unreadable
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=CHINA)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise Unreadable
    return moment.astimezone(UTC)


def _time_from_text(text: str) -> datetime:
    if text.isdigit():
        if len(text) in (10, 13):
            return _time_from_epoch(int(text))
        match = _COMPACT.fullmatch(text)
        if not match:
            raise Unreadable
        numbers = [int(part) for part in match.groups("0")]
        return _moment(numbers[:6], microsecond=numbers[6] * 1000)
    match = _TIME.fullmatch(text)
    if not match:
        raise Unreadable
    *parts, fraction, offset = match.groups()
    moment = _moment([int(part or 0) for part in parts], microsecond=int((fraction or "0")[:6].ljust(6, "0")))
    if offset is None:
        return moment
    if offset in "Zz":
        return moment.replace(tzinfo=UTC)
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    if shift >= timedelta(hours=24):
        raise Unreadable
    return moment.replace(tzinfo=timezone(-shift if offset[0] == "-" else shift))


def _moment(parts: list[int], microsecond: int) -> datetime:
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, second, microsecond)
    except ValueError:
        raise Unreadable from None


def _time_from_epoch(number: float) -> datetime:
    seconds = number / 1000 if abs(number) >= 1e11 else number
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreadable from None


_TRUE = frozenset({"true", "t", "yes", "y", "1", "是", "有", "需要", "要", "要求", "保密", "匿名", "on"})
_FALSE = frozenset(
    {"false", "f", "no", "n", "0", "否", "不", "不需要", "不要", "不要求", "不保密", "实名", "公开", "off"}
)


def read_flag(value: Any) -> bool:
    """A yes or no, also as 1/0, Y/N, 是/否."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = narrow(value).lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    raise Unreadable


def read_number(value: Any) -> int:
    """A whole number, also as `12`, `12.0`, `１２` or `12人`."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,9})(?:\.0+)?\s*[人名户件个]?", narrow(value))
        if match:
            return int(match[1])
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    elif isinstance(value, float) and value.is_integer():
        return int(value)
    raise Unreadable


_LIST_MARKS = re.compile(r"[,，;；、|\n]+")


def read_words(value: Any) -> list[str]:
    """A list of short strings: a JSON list, one string with separators, or an object of yes-and-no flags."""
    if isinstance(value, str):
        words = _LIST_MARKS.split(value)
    elif isinstance(value, (list, tuple)):
        words = [read_string(word) for word in value if not is_empty(word)]
    elif isinstance(value, dict):
        words = [word for word, chosen in value.items() if not is_empty(chosen) and read_flag(chosen)]
    else:
        words = [read_string(value)]
    return list(dict.fromkeys(word.strip() for word in words if not is_empty(word)))


def read_region_code(value: Any) -> str:
    """A division code of 6, 9 or 12 digits (GB/T 2260 and the codes for statistics built on it)."""
    code = read_code(value)
    if not re.fullmatch(r"[1-9]\d{5}(\d{3}){0,2}", code):
        raise Unreadable
    return code


_PAIR = re.compile(r"(-?\d{1,3}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)")


def read_coordinates(value: Any) -> dict[str, Any]:
    """Longitude and latitude in degrees, from an object, a pair or `lon,lat`; a pair the wrong way round is
    turned, which is safe in China because the ranges (73..136 and 3..54) do not meet. (0, 0) is no place."""
    datum = None
    if isinstance(value, str):
        match = _PAIR.fullmatch(narrow(value))
        if not match:
            raise Unreadable
        pair: tuple[Any, Any] = (match[1], match[2])
    elif isinstance(value, dict):
        pair = (_first(value, "longitude", "lon", "lng", "x"), _first(value, "latitude", "lat", "y"))
        given = value.get("datum")
        datum = read_code(given) if not is_empty(given) else None
    elif isinstance(value, (list, tuple)) and len(value) == 2:
        pair = (value[0], value[1])
    else:
        raise Unreadable
    try:
        longitude, latitude = float(pair[0]), float(pair[1])
    except (TypeError, ValueError):
        raise Unreadable from None
    if 3 <= longitude <= 54 and 73 <= latitude <= 136:
        longitude, latitude = latitude, longitude
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90) or longitude == latitude == 0:
        raise Unreadable
    return {"longitude": longitude, "latitude": latitude, "datum": datum}


def _first(value: Mapping[str, Any], *names: str) -> Any:
    return next((value[name] for name in names if name in value), None)


_CHANNEL_WORDS: Mapping[str, SourceChannel] = {
    "12345": SourceChannel.HOTLINE_12345,
    "12345热线": SourceChannel.HOTLINE_12345,
    "12345电话": SourceChannel.HOTLINE_12345,
    "政务热线": SourceChannel.HOTLINE_12345,
    "政务服务热线": SourceChannel.HOTLINE_12345,
    "市民热线": SourceChannel.HOTLINE_12345,
    "12369": SourceChannel.ENV_12369_PHONE,
    "12369电话": SourceChannel.ENV_12369_PHONE,
    "12369热线": SourceChannel.ENV_12369_PHONE,
    "环保热线": SourceChannel.ENV_12369_PHONE,
    "电话举报": SourceChannel.ENV_12369_PHONE,
    "12369微信": SourceChannel.ENV_12369_WECHAT,
    "微信举报": SourceChannel.ENV_12369_WECHAT,
    "12369网站": SourceChannel.ENV_12369_WEB,
    "12369网络": SourceChannel.ENV_12369_WEB,
    "网上举报": SourceChannel.ENV_12369_WEB,
    "网络举报": SourceChannel.ENV_12369_WEB,
    "来信": SourceChannel.XF_LETTER,
    "信件": SourceChannel.XF_LETTER,
    "群众来信": SourceChannel.XF_LETTER,
    "来访": SourceChannel.XF_VISIT,
    "走访": SourceChannel.XF_VISIT,
    "群众来访": SourceChannel.XF_VISIT,
    "网上信访": SourceChannel.XF_WEB,
    "网信": SourceChannel.XF_WEB,
    "来电": SourceChannel.XF_CALL,
    "群众来电": SourceChannel.XF_CALL,
    "中央督察来电": SourceChannel.DC_CENTRAL_CALL,
    "中央督察来信": SourceChannel.DC_CENTRAL_LETTER,
    "省级督察": SourceChannel.DC_PROVINCIAL,
    "省督察": SourceChannel.DC_PROVINCIAL,
    "市长信箱": SourceChannel.MAYOR_BOX,
    "书记信箱": SourceChannel.MAYOR_BOX,
    "领导信箱": SourceChannel.MAYOR_BOX,
    "领导留言板": SourceChannel.MAYOR_BOX,
    "110": SourceChannel.TRANSFER_110,
    "110转": SourceChannel.TRANSFER_110,
    "110转办": SourceChannel.TRANSFER_110,
    "110转来": SourceChannel.TRANSFER_110,
    "上级转": SourceChannel.SUPERIOR,
    "上级转办": SourceChannel.SUPERIOR,
    "上级交办": SourceChannel.SUPERIOR,
    "其他": SourceChannel.OTHER,
    "其它": SourceChannel.OTHER,
}
# Ways of reaching a line, which name a channel only together with the line (first word: 12345, second:
# 12369).
_WAYS: Mapping[str, tuple[SourceChannel, SourceChannel]] = {
    "电话": (SourceChannel.HOTLINE_12345, SourceChannel.ENV_12369_PHONE),
    "微信": (SourceChannel.HOTLINE_12345, SourceChannel.ENV_12369_WECHAT),
    "网站": (SourceChannel.HOTLINE_12345, SourceChannel.ENV_12369_WEB),
    "网络": (SourceChannel.HOTLINE_12345, SourceChannel.ENV_12369_WEB),
    "app": (SourceChannel.HOTLINE_12345, SourceChannel.ENV_12369_WEB),
    "小程序": (SourceChannel.HOTLINE_12345, SourceChannel.ENV_12369_WECHAT),
}


def read_channel(value: Any, source: str) -> SourceChannel:
    """A channel's code or Chinese name. A bare way such as 电话 takes its line from the name of the
    source."""
    word = read_code(value)
    if (code := word.upper().replace("-", "_")) in SourceChannel.__members__:
        return SourceChannel[code]
    word = word.lower()
    if word in _CHANNEL_WORDS:
        return _CHANNEL_WORDS[word]
    if word in _WAYS:
        if "12369" in source:
            return _WAYS[word][1]
        if "12345" in source or "hotline" in source.lower():
            return _WAYS[word][0]
    raise Unreadable


_DEMAND_WORDS: Mapping[str, DemandType] = {
    "诉求": DemandType.COMPLAINT,
    "投诉举报": DemandType.COMPLAINT,
    "意见": DemandType.SUGGESTION,
    "意见建议": DemandType.SUGGESTION,
    "感谢": DemandType.PRAISE,
    "查询": DemandType.INQUIRY,
    "咨询查询": DemandType.INQUIRY,
    "求决": DemandType.HELP,
}


def read_demand(value: Any) -> DemandType:
    """A demand type's code or Chinese word, also with 类 or 件 behind it."""
    word = read_code(value)
    if word.upper() in DemandType.__members__:
        return DemandType[word.upper()]
    word = word.rstrip("类件")
    if word in _DEMAND_WORDS:
        return _DEMAND_WORDS[word]
    try:
        return DemandType(word)
    except ValueError:
        raise Unreadable from None
