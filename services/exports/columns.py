"""Which column of an export is which field of the submitted contract.

The Chinese headers are those of 12345 order forms, 12369 ledgers and petition registers (the order's standard fields
with the spellings offices give them). A header nobody knows is left unused, never forced into a field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from services.exports.problems import ExportUnreadable

IGNORE = "-"
"""As a field in a column map: leave this column out although its header is known."""

# Field: headers, the likeliest first; where two columns of a file fit one field, the earlier header here wins.
_HEADERS: Mapping[str, str] = {
    "external_id": (
        "工单编号 工单号 诉求编号 信件编号 信访编号 受理编号 登记编号 投诉编号 举报编号 案件编号 事项编号 流水号 "
        "任务编号 业务编号 受理单号 原系统编号 工单流水号 编号 id order_id case_id ticket_id"
    ),
    "text": (
        "诉求内容 投诉内容 举报内容 反映内容 信访内容 问题描述 诉求描述 事项内容 工单内容 来电内容 留言内容 "
        "来信内容 问题内容 交办问题基本情况 反映问题 主要内容 详细内容 具体内容 内容 描述 正文 content "
        "description body message"
    ),
    "received_at": (
        "来电时间 受理时间 举报时间 投诉时间 诉求时间 信访时间 登记时间 接收时间 接报时间 来信时间 留言时间 "
        "建单时间 创建时间 提交时间 上报时间 受理日期 登记日期 来电日期 信访日期 时间 日期 time date created_at "
        "received"
    ),
    "source": "来源系统 数据来源 来源单位 系统来源",
    "channel": "来源渠道 诉求渠道 受理渠道 信访渠道 渠道 信访形式 来源 受理方式 举报方式 诉求来源 工单来源",
    "demand": "诉求类型 诉求性质 工单类型 事项类型 信访类型 诉求类别",
    "title": "标题 诉求标题 工单标题 主题 诉求主题 信件标题 事项标题 留言主题 概况 subject",
    "occurred_at": "事发时间 发生时间 事件时间",
    "region_code": "行政区划代码 区划代码 行政区划编码 区域代码 区县代码 行政区代码",
    "region_name": "行政区划 所属区域 所属区县 事发区域 区县 行政区域 区域 属地 所属街道 所属辖区 辖区",
    "address": (
        "事发地址 事发地点 问题地址 事发地 问题地点 发生地点 诉求地址 事件地址 反映地址 污染地点 具体地址 "
        "详细地址 地点 问题发生地 案发地址 location"
    ),
    "longitude": "经度 lon lng x坐标",
    "latitude": "纬度 lat y坐标",
    "respondent": (
        "被举报单位 被投诉单位 被反映单位 被举报单位名称 被投诉对象 被举报对象 投诉对象 污染源名称 被投诉企业 "
        "涉事单位 被投诉主体 被举报人 被投诉方"
    ),
    "respondent_address": "被举报单位地址 被投诉单位地址 被反映单位地址 污染源地址 被举报地址",
    "industry": "行业类别 行业 所属行业",
    "pollution_types": "污染类型 污染类别 问题类型 污染种类",
    "urgency": "紧急程度 缓急程度 紧急级别",
    "flags": "标记 标签 特殊标记 是否重点件",
    "earlier_receipts": "关联工单 关联编号 原工单编号 历史工单 关联件编号 重复关联件编号",
    "attachments": "附件 附件地址 附件链接",
    "petitioner.name": (
        "联系人 姓名 来电人 诉求人 投诉人 举报人 反映人 信访人 来电人姓名 诉求人姓名 联系人姓名 举报人姓名 "
        "投诉人姓名 信访人姓名 市民姓名 客户姓名"
    ),
    "petitioner.phone": (
        "联系电话 来电号码 电话 手机 手机号 手机号码 联系方式 来电电话 主叫号码 联系人电话 诉求人电话 举报人电话 "
        "投诉人电话 电话号码 回复电话 mobile tel"
    ),
    "petitioner.id_number": "身份证号 证件号码 身份证 身份证号码 证件号",
    "petitioner.address": "联系地址 家庭住址 住址 通讯地址 诉求人地址 来电人地址 举报人地址 信访人地址 联系人地址",
    "petitioner.anonymous": "是否匿名 匿名",
    "petitioner.confidential": "是否保密 保密 是否要求保密",
    "petitioner.reply_wanted": "是否要求回复 是否回复 是否需要回复 是否要求答复",
    "petitioner.signatories": "联名人数 信访人数 涉及人数 上访人数 人数",
}
FIELDS = frozenset(_HEADERS)
REQUIRED = ("external_id", "received_at", "text")
"""Fields without which no row can be registered; the source may be given for the whole file."""

_BRACKETS = re.compile(r"[(（\[【<《].*?[)）\]】>》]")
_NOISE = re.compile(r"[\s*＊:：_\-·.、/]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """The mapping in force: position of a column → field, and what is told to the person who gave the file."""

    headers: tuple[str, ...]
    fields: Mapping[int, str]

    @property
    def missing(self) -> tuple[str, ...]:
        """Required fields no column gives."""
        return tuple(field for field in REQUIRED if field not in self.fields.values())

    @property
    def unused(self) -> tuple[str, ...]:
        """Headers that are left out."""
        return tuple(h for i, h in enumerate(self.headers) if h and i not in self.fields)

    @property
    def mapping(self) -> dict[str, str]:
        """Header → field, as `--column` takes it."""
        return {self.headers[i]: field for i, field in self.fields.items()}

    def column_of(self, field: str) -> str | None:
        """The header a field of a rejection came from; a part such as `attachments[0].uri` finds its whole."""
        whole = field.split("[")[0]
        return next((self.headers[i] for i, name in self.fields.items() if name in (field, whole)), None)


def guess_columns(headers: Iterable[str | None]) -> dict[str, str]:
    """Header → field for the headers that are known; one header per field, the likeliest where several fit."""
    return resolve([header or "" for header in headers], None).mapping


def resolve(headers: list[str], column_map: Mapping[str, str] | None) -> Columns:
    """The mapping of these headers: what was given first, the rest guessed.

    Raises `ExportUnreadable` where the map names a column the file does not have, a field nobody knows, or one field twice.
    """
    given = _given(headers, column_map or {})
    taken = set(given.values())
    chosen: dict[str, tuple[int, int]] = {}
    for position, header in enumerate(headers):
        if position in given or (found := _known(header)) is None:
            continue
        field, rank = found
        if field not in taken and (field not in chosen or rank < chosen[field][0]):
            chosen[field] = (rank, position)
    fields = {position: field for position, field in given.items() if field != IGNORE}
    fields |= {position: field for field, (_, position) in chosen.items()}
    return Columns(tuple(headers), dict(sorted(fields.items())))


def recognised(headers: Iterable[str], column_map: Mapping[str, str] | None) -> int:
    """How many of these cells could be headers: what tells the header row from a title above it."""
    names = {_plain(name) for name in column_map or ()}
    return sum(1 for header in headers if header and (_plain(header) in names or _known(header) is not None))


def _given(headers: list[str], column_map: Mapping[str, str]) -> dict[int, str]:
    positions = {_plain(header): i for i, header in reversed(list(enumerate(headers))) if header}
    given: dict[int, str] = {}
    for header, field in column_map.items():
        if field not in FIELDS and field != IGNORE:
            raise ExportUnreadable(f"没有“{field}”这个字段；可用的字段：{'、'.join(sorted(FIELDS))}，不用的列写 {IGNORE}")
        position = positions.get(_plain(header))
        if position is None:
            there = "、".join(h for h in headers if h) or "无"
            raise ExportUnreadable(f"文件里没有“{header}”列；现有的列：{there}")
        if field != IGNORE and field in given.values():
            raise ExportUnreadable(f"字段 {field} 指定了两列；请只留一列")
        given[position] = field
    return given


def _known(header: str) -> tuple[str, int] | None:
    """(field, rank) of a header; a remark in brackets such as （必填） does not matter unless it is all there is."""
    table = _table()
    plain = _plain(header)
    return table.get(plain) or table.get(_plain(_BRACKETS.sub("", header)))


def _plain(header: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", header)).lower()


@cache
def _table() -> dict[str, tuple[str, int]]:
    table: dict[str, tuple[str, int]] = {}
    for field, names in _HEADERS.items():
        # The contract's own name is never a guess.
        for rank, name in enumerate((field, *names.split())):
            table.setdefault(_plain(name), (field, rank))
    return table
