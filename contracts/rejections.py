"""Why a record could not be registered: a code, the field, and what to do about it, in Chinese and English.

A rejection travels back to the source and into logs, so it never holds the offending value, nor any part of
it: only the field's path among the names of the contract, and limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class RejectionCode(StrEnum):
    """Stable machine words for the reasons; never renamed, only added to."""

    TOO_LARGE = "TOO_LARGE"
    NOT_UTF8 = "NOT_UTF8"
    NOT_JSON = "NOT_JSON"
    TOO_DEEP = "TOO_DEEP"
    NOT_OBJECT = "NOT_OBJECT"
    MISSING = "MISSING"
    BLANK = "BLANK"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    WRONG_TYPE = "WRONG_TYPE"
    BAD_CHARACTER = "BAD_CHARACTER"
    BAD_SURROGATE = "BAD_SURROGATE"
    BAD_ALPHABET = "BAD_ALPHABET"
    IDENTITY_IN_ID = "IDENTITY_IN_ID"
    BAD_TIME = "BAD_TIME"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    INLINE_CONTENT = "INLINE_CONTENT"
    BAD_VALUE = "BAD_VALUE"


class Rejection(BaseModel):
    """One reason: `field` is a path such as `attachments[3].uri` (`$` for the whole record)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    field: str
    code: RejectionCode
    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str


# code: (reason zh, reason en, remedy zh, remedy en); braces are limits, never values
_TEXTS: Mapping[RejectionCode, tuple[str, str, str, str]] = {
    RejectionCode.TOO_LARGE: (
        "整条记录超过 {limit} 字节",
        "the record is larger than {limit} bytes",
        "附件只传引用（uri），不要把文件内容放进消息",
        "send attachments by reference (uri), not their contents",
    ),
    RejectionCode.NOT_UTF8: (
        "消息不是 UTF-8 编码",
        "the message is not encoded in UTF-8",
        "请以 UTF-8 编码发送；GBK、GB18030 须先转换",
        "encode as UTF-8; convert from GBK or GB18030 first",
    ),
    RejectionCode.NOT_JSON: (
        "消息不是合法的 JSON",
        "the message is not valid JSON",
        "请用 JSON 库生成消息，不要拼接字符串",
        "produce the message with a JSON library, not by joining strings",
    ),
    RejectionCode.TOO_DEEP: (
        "JSON 嵌套过深",
        "the JSON is nested too deeply",
        "请按合同的结构发送，最多三层",
        "follow the structure of the contract, at most three levels",
    ),
    RejectionCode.NOT_OBJECT: (
        "消息应为一个 JSON 对象",
        "the message must be one JSON object",
        "一条消息只放一件诉求，不要放数组",
        "put one complaint, not an array, in a message",
    ),
    RejectionCode.MISSING: (
        "缺少必填项",
        "a required field is missing",
        "请补上该字段后以同一编号重发",
        "add the field and send again under the same external id",
    ),
    RejectionCode.BLANK: (
        "必填项为空",
        "a required field is empty",
        "请填写内容后以同一编号重发",
        "fill the field and send again under the same external id",
    ),
    RejectionCode.TOO_LONG: (
        "内容超过 {limit} 个字符",
        "longer than {limit} characters",
        "请缩短该字段，长材料作为附件引用",
        "shorten the field; send long material as an attachment by reference",
    ),
    RejectionCode.TOO_MANY: (
        "条目超过 {limit} 个",
        "more than {limit} entries",
        "请减少条目，或合并为一个附件",
        "send fewer entries, or combine them into one attachment",
    ),
    RejectionCode.WRONG_TYPE: (
        "数据类型不对，应为{expected_zh}",
        "wrong JSON type, expected {expected}",
        "请对照合同更正该字段的类型",
        "correct the field's type as in the contract",
    ),
    RejectionCode.BAD_CHARACTER: (
        "含有空字符（U+0000）",
        "contains a NUL character (U+0000)",
        "请去掉空字符后重发",
        "remove NUL characters and send again",
    ),
    RejectionCode.BAD_SURROGATE: (
        "含有不成对的代理字符，不能存为文字",
        "contains an unpaired surrogate, which is not text",
        "多为表情或生僻字被截断，请按整字符截取后重发",
        "an emoji or rare character was cut in half; cut at whole characters and send again",
    ),
    RejectionCode.BAD_ALPHABET: (
        "只能含字母、数字和 . _ : -，以字母或数字开头",
        "only letters, digits and . _ : - are allowed, beginning with a letter or digit",
        "请使用原系统的编号，不要用文字",
        "use the number of the original system, not words",
    ),
    RejectionCode.IDENTITY_IN_ID: (
        "编号中含有电话或证件号码",
        "the number contains a phone or identity-card number",
        "编号会随案件公开流转，请改用与个人无关的工单编号",
        "the number travels with the case; use an order number unrelated to a person",
    ),
    RejectionCode.BAD_TIME: (
        "时间无法识别",
        "the time cannot be read",
        "请用 RFC 3339（如 2026-11-24T09:30:00+08:00）、YYYY-MM-DD HH:MM:SS 或毫秒时间戳",
        "use RFC 3339 (2026-11-24T09:30:00+08:00), YYYY-MM-DD HH:MM:SS or epoch milliseconds",
    ),
    RejectionCode.OUT_OF_RANGE: (
        "数值超出允许范围",
        "the number is out of range",
        "请更正数值，或不传该字段",
        "correct the number, or leave the field out",
    ),
    RejectionCode.INLINE_CONTENT: (
        "附件应为引用，不能内嵌内容",
        "an attachment must be a reference, not its content",
        "请先上传文件，只传其地址和校验值",
        "upload the file first and send its address and checksum",
    ),
    RejectionCode.BAD_VALUE: (
        "取值不符合要求",
        "the value is not acceptable",
        "请对照合同更正该字段",
        "correct the field as in the contract",
    ),
}


def reject(field: str, code: RejectionCode, **limits: Any) -> Rejection:
    """Make a rejection of `field`. `limits` fill the sentences (`limit`, `expected`, `expected_zh`); never
    pass a value that came from the record."""
    reason_zh, reason_en, remedy_zh, remedy_en = _TEXTS[code]
    return Rejection(
        field=field,
        code=code,
        reason_zh=reason_zh.format(**limits),
        reason_en=reason_en.format(**limits),
        remedy_zh=remedy_zh,
        remedy_en=remedy_en,
    )


_ERRORS: Mapping[str, RejectionCode] = {
    "missing": RejectionCode.MISSING,
    "string_too_long": RejectionCode.TOO_LONG,
    "string_too_short": RejectionCode.BLANK,
    "too_long": RejectionCode.TOO_MANY,
    "identity_in_id": RejectionCode.IDENTITY_IN_ID,
    "inline_content": RejectionCode.INLINE_CONTENT,
    "greater_than_equal": RejectionCode.OUT_OF_RANGE,
    "less_than_equal": RejectionCode.OUT_OF_RANGE,
}


def from_validation_error(error: ValidationError) -> list[Rejection]:
    """One rejection for each error of a model of this package; the input stays out."""
    rejections = []
    for detail in error.errors(include_input=False, include_url=False):
        path = (
            "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"]).lstrip(
                "."
            )
            or "$"
        )
        kind, context = detail["type"], detail.get("ctx", {})
        code = _ERRORS.get(kind, RejectionCode.BAD_VALUE)
        if kind == "string_pattern_mismatch":
            code = RejectionCode.BLANK if path == "text" else RejectionCode.BAD_ALPHABET
        elif kind == "string_unicode":
            code = RejectionCode.BAD_SURROGATE
        rejections.append(reject(path, code, limit=context.get("max_length")))
    return rejections


def refuse_characters(value: Any, path: str, rejections: list[Rejection]) -> None:
    """Add a rejection for every string with a character that neither Kafka's consumers nor PostgreSQL can
    store."""
    if isinstance(value, str):
        if "\0" in value:
            rejections.append(reject(path, RejectionCode.BAD_CHARACTER))
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                rejections.append(reject(path, RejectionCode.BAD_SURROGATE))
    elif isinstance(value, dict):
        for name, entry in value.items():
            refuse_characters(entry, f"{path}.{name}" if path else name, rejections)
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            refuse_characters(entry, f"{path}[{position}]", rejections)
