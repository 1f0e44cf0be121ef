"""Refusals of the registers and of emergencies: (message, what to do instead, where the rule comes from) by code."""

from __future__ import annotations

REGISTER_LINES: dict[str, tuple[str, str, str]] = {
    # registers
    "register.missing": ("没有{what}{id}。", "请核对编号。", "系统设计约定"),
    "register.changed": ("{what}{id}已被他人修改（现为第{version}版）。", "请刷新后再提交。", "系统设计约定"),
    "register.region": (
        "{region}不在{actor}的管辖范围内。", "请转由属地人员办理。", "《信访工作条例》第二十二条（属地管理）"
    ),
    "register.file": ("{reason}", "{remedy}", "登记表导入约定"),
    "station.future": ("核查日期{on}还没有到。", "请填写实际核查的日期。", "系统设计约定"),
    "station.evidence": (
        "“{station}”报已{decided}，但没有证据。", "请附现场照片或文件的编号。", "讲话“该拆除的拆除了没有”"
    ),
    "station.flow": ("下泄流量不能为负数。", "请核对监测数据。", "系统设计约定"),
    "risk.match": ("没有这一匹配，或已有人判断过。", "请刷新后核对。", "系统设计约定"),
    # emergency
    "emergency.grade": (
        "事件等级只能由值班人员或领导认定。", "请由值班人员定级。", "《突发环境事件信息报告办法》"
    ),
    "emergency.fields": (
        "{report}缺少：{missing}。", "已知多少先报多少，未知项请写“待查”。", "《突发环境事件信息报告办法》"
    ),
    "emergency.order": ("须先有初报，才能{report}。", "请先提交初报。", "《突发环境事件信息报告办法》"),
    "emergency.unknown": (
        "{report}没有这些栏目：{names}。", "请用“petitions emergency form”查看栏目。", "《突发环境事件信息报告办法》"
    ),
    "emergency.sensitive": (
        "没有敏感情形“{names}”。", "可选：{known}。", "《突发环境事件信息报告办法》；deploy/rules/emergency.yaml"
    ),
    "emergency.reason": ("{act}须说明理由。", "请写明核实情况。", "《突发环境事件信息报告办法》；重要决定留痕"),
    "emergency.ended": ("本事件已由{by}认定不是突发事件。", "如有新情况，请另报突发事件。", "系统设计约定"),
    "emergency.same": ("不能并入{id}。", "请核对事件编号；不能并入自身或已排除的事件。", "系统设计约定"),
    "emergency.finished": (
        "本事件已报处理结果。", "如有新情况，请另报突发事件。", "《突发环境事件信息报告办法》"
    ),
}
