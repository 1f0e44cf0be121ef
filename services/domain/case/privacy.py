"""Texts that petitioners or the public will read: nothing about any petitioner may stand in them."""

from __future__ import annotations

import re

from services.domain.refusals import Refusal, refuse

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("手机号码", re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")),
    ("固定电话", re.compile(r"(?<!\d)0\d{2,3}[-—\s]?\d{7,8}(?!\d)")),
    ("身份证号", re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")),
    ("微信或QQ号", re.compile(r"(?:微信|QQ|qq)号?[:：]?\s*[A-Za-z0-9_-]{5,}")),
    (
        "车牌号",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s]?[A-Z0-9]{5,6}"
        ),
    ),
    (
        "信访人情况",
        re.compile(
            r"(?:另一|其他|另外|多名|另有|几名|[0-9一二两三四五六七八九十]+(?:名|位|人次?)?)(?:信访人|举报人|投诉人|反映人|来电人)"
            r"|(?:信访人|举报人|投诉人|反映人|来电人)(?:姓|叫|名叫|系|是|住|家住|的(?:电话|手机|住址|姓名|身份))"
        ),
    ),
)


def told_in(text: str) -> tuple[str, ...]:
    """Kinds of personal matter found in the text, in Chinese; empty when clean.

    A net, not a proof: it finds numbers and the common turns of phrase, and a person still reads what goes out.
    """
    return tuple(what for what, pattern in _PATTERNS if pattern.search(text))


def check_public(field: str, *texts: str) -> Refusal | None:
    """None when all texts may be told."""
    for text in texts:
        found = told_in(text)
        if found:
            return refuse("privacy.text", what="、".join(found), field=field)
    return None
