"""Names of the ways complaints come in, as officials say them."""

from __future__ import annotations

from contracts.vocabulary import SourceChannel

NAMES = {
    SourceChannel.HOTLINE_12345: "12345 热线", SourceChannel.ENV_12369_PHONE: "12369 电话", SourceChannel.ENV_12369_WECHAT: "12369 微信",
    SourceChannel.ENV_12369_WEB: "12369 网络", SourceChannel.XF_LETTER: "来信", SourceChannel.XF_VISIT: "来访", SourceChannel.XF_WEB: "网上信访",
    SourceChannel.XF_CALL: "信访电话", SourceChannel.DC_CENTRAL_CALL: "中央督察来电", SourceChannel.DC_CENTRAL_LETTER: "中央督察来信",
    SourceChannel.DC_PROVINCIAL: "省督察交办", SourceChannel.MAYOR_BOX: "市长信箱", SourceChannel.TRANSFER_110: "110 转办",
    SourceChannel.SUPERIOR: "上级转办", SourceChannel.OTHER: "其他",
}  # fmt: skip


def channel_name(value: str) -> str:
    """The name of a channel; the value itself where nobody named it."""
    return NAMES[SourceChannel(value)] if value in SourceChannel._value2member_map_ else value
