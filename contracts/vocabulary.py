"""Words of the trade shared by every part: closed lists with the terms officials use as values.

Sources: design glossary; domain enumerations (信访工作条例 2022, 12345 and 12369 practice, inspection ledgers).
A value is what stands in events, tables and on screen; a name is what stands in code.
"""

from enum import StrEnum


class SourceChannel(StrEnum):
    """How a complaint reached the state (来源渠道)."""

    HOTLINE_12345 = "HOTLINE_12345"
    ENV_12369_PHONE = "ENV_12369_PHONE"
    ENV_12369_WECHAT = "ENV_12369_WECHAT"
    ENV_12369_WEB = "ENV_12369_WEB"
    XF_LETTER = "XF_LETTER"
    XF_VISIT = "XF_VISIT"
    XF_WEB = "XF_WEB"
    XF_CALL = "XF_CALL"
    DC_CENTRAL_CALL = "DC_CENTRAL_CALL"
    DC_CENTRAL_LETTER = "DC_CENTRAL_LETTER"
    DC_PROVINCIAL = "DC_PROVINCIAL"
    MAYOR_BOX = "MAYOR_BOX"
    TRANSFER_110 = "TRANSFER_110"
    SUPERIOR = "SUPERIOR"
    OTHER = "OTHER"

    @property
    def supervised(self) -> bool:
        """True where the complaint comes from an environmental inspection (督察交办)."""
        return self in _INSPECTION


_INSPECTION = frozenset(
    {SourceChannel.DC_CENTRAL_CALL, SourceChannel.DC_CENTRAL_LETTER, SourceChannel.DC_PROVINCIAL}
)


class PollutionType(StrEnum):
    """Pollution types (污染类型); a complaint may have several, the most important first."""

    NOISE = "噪声"
    AIR = "大气"
    WATER = "水"
    WASTE = "固废"
    SOIL = "土壤"
    ECOLOGY = "生态"
    RADIATION = "辐射"
    LIGHT = "光"
    MARINE = "海洋"
    OTHER = "其他"


class RiskArea(StrEnum):
    """The seven risk areas the speech names (环境风险排查七个方面)."""

    HAZARDOUS_WASTE = "危废"
    DRINKING_WATER = "饮用水水源地"
    INDUSTRIAL_PARK = "园区固废危废"
    HEAVY_METAL = "涉重金属"
    TREATMENT_PLANT = "污水厂填埋场"
    TAILINGS = "尾矿库"
    NATURE = "自然生态"


class DemandType(StrEnum):
    """What the petitioner wants (诉求类型)."""

    INQUIRY = "咨询"
    HELP = "求助"
    COMPLAINT = "投诉"
    REPORT = "举报"
    SUGGESTION = "建议"
    PRAISE = "表扬"


class Urgency(StrEnum):
    """How soon it must be looked at (紧急程度)."""

    NORMAL = "一般"
    URGENT = "紧急"
    EMERGENCY = "特急"


class LinkKind(StrEnum):
    """How a complaint belongs to a case (关联).

    FIRST_REPORT opens the case; the others are the relations that must never be one boolean.
    """

    FIRST_REPORT = "FIRST_REPORT"
    DUPLICATE_DELIVERY = "DUPLICATE_DELIVERY"
    REPEAT_PETITION = "REPEAT_PETITION"
    MERGED_REPORT = "MERGED_REPORT"
    FOLLOW_ON = "FOLLOW_ON"
    RECURRENCE = "RECURRENCE"
    SPLIT = "SPLIT"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return _LINK_LABELS[self]


_LINK_LABELS = {
    LinkKind.FIRST_REPORT: "首件",
    LinkKind.DUPLICATE_DELIVERY: "重复投递",
    LinkKind.REPEAT_PETITION: "重复信访",
    LinkKind.MERGED_REPORT: "合并件",
    LinkKind.FOLLOW_ON: "补充新情况",
    LinkKind.RECURRENCE: "反弹",
    LinkKind.SPLIT: "分办",
}


class LinkBand(StrEnum):
    """Who decides a link: the machine, a person, or nobody because nothing like it is known."""

    AUTO = "auto"
    SUGGEST = "suggest"
    NEW = "new"


class UnitRole(StrEnum):
    """A unit's part in a case."""

    LEAD = "主办"
    CO_HANDLING = "协办"


class ReturnGround(StrEnum):
    """Coded grounds of a return (退单理由)."""

    NOT_OUR_DUTY = "非本单位职责"
    NOT_OUR_REGION = "不属本辖区"
    UNCLEAR_SITE = "地点或对象不明"
    LEGAL_ROUTE = "应走法定途径"
    ALREADY_HANDLED = "同一事项已在办理"
    CONFLICT_OF_INTEREST = "应当回避"


class Verdict(StrEnum):
    """Outcome of the verification (是否属实)."""

    TRUE = "属实"
    MOSTLY_TRUE = "基本属实"
    PARTLY_TRUE = "部分属实"
    UNTRUE = "不属实"


class Gate(StrEnum):
    """The four 不放过 of the speech, each an independent gate before close-out."""

    FACTS_CLEAR = "问题查清"
    RECTIFIED = "整改到位"
    RESPONSIBILITY_SETTLED = "责任落实"
    PUBLIC_SATISFIED = "群众满意"


class SupervisionStep(StrEnum):
    """The ladder of supervision, mildest first (督办阶梯)."""

    REMIND = "提醒"
    WARN = "预警"
    URGE = "催办"
    SUPERVISE = "督办"
    LISTED = "挂牌督办"
    INTERVIEW = "约谈"
