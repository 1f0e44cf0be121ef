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
    "register.evidence": (
        "没有这些证据文件：{ids}。", "请先上传文件（POST /api/v1/evidence），再填其哈希值。", "一案一档；证据按内容哈希存放"
    ),
    "line.origin": (
        "只有检查发现的台账可以直接{act}。", "案件的台账在案件中办理；导入的台账请更新原表后重新导入。", "系统设计约定"
    ),
    "line.closed": ("这一条已经销号。", "再次发现问题的，请登记新的检查。", "讲话“严格销号”"),
    "line.unit": ("{actor}不是责任单位或配合单位的人员。", "请由责任单位填报。", "讲话“明确整改责任单位、责任人”"),
    "line.second": ("{actor}填报过本条进展，不能{act}。", "请由未经手的人员办理。", "重要决定须两人；讲话“坚决杜绝假整改”"),
    "line.unreported": ("责任单位尚未填报整改情况，不能{act}。", "请先由责任单位填报。", "讲话“整改不到位不放过”"),
    "line.evidence": ("整改没有证据，不能销号。", "请责任单位补报照片、监测数据或文件。", "讲话“坚决杜绝假整改”"),
    "line.expired": ("整改时限{due}已过，不得再延期。", "请尽快完成，逾期如实记录。", "延期须在到期前提出"),
    "line.postponed": ("已经延期一次，不得再延。", "请按期完成，逾期如实记录。", "延期限一次（本地缺省）"),
    "line.until": ("新的时限须晚于原定的{due}。", "请填写晚于原时限的日期。", "系统设计约定"),
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
