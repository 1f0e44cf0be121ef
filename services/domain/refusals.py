"""Refusals of the domain: which rule said no, where the rule comes from, and what to do instead.

Every refusal has its line in `CATALOGUE`; a decision names the code and fills the sentence. Nothing here is raised:
a refusal is an answer like any other, and the services turn it into problem+json, a reply record or a line of text.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.register_refusals import REGISTER_LINES

REGULATION = "《信访工作条例》"
SPEECH = "环保督察整改推进会讲话"
DESIGN = "系统设计约定"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command was refused. `message` and `instead` are Chinese sentences for the person who gave it."""

    code: str
    message: str
    instead: str
    provenance: str
    field: str | None = None

    def __str__(self) -> str:
        return f"{self.message}依据：{self.provenance}。{self.instead}"


@dataclass(frozen=True, slots=True)
class _Line:
    message: str
    instead: str
    provenance: str


CATALOGUE: dict[str, _Line] = {
    # who
    "actor.role": _Line(
        "“{command}”须由{roles}作出，{actor}没有这一职责。",
        "请交由上述人员办理，或请管理员核对账号职责。",
        DESIGN,
    ),
    "actor.person": _Line(
        "“{command}”须由具体的人作出，不能由系统{actor}代办。",
        "请由有权人员登录后办理。",
        "《个人信息保护法》第二十四条（不得仅由自动化作出决定）",
    ),
    "actor.unit": _Line(
        "{actor}所在单位不承办本案，不能“{command}”。",
        "请由主办或协办单位的人员办理。",
        "《信访工作条例》第二十三条",
    ),
    "actor.region": _Line(
        "本案属地为{region}，不在{actor}的管辖范围内。",
        "请转由属地人员办理。",
        "《信访工作条例》第二十二条（属地管理）",
    ),
    "actor.lead": _Line(
        "“{command}”须由主办单位作出，{actor}属协办单位。",
        "请商主办单位办理；协办单位完成后请用“报告本单位完成”。",
        "首接负责制（北京接诉即办条例第十四条）",
    ),
    "actor.recused": _Line(
        "{actor}与本案有利害关系，应当回避。", "请由本单位其他人员办理。", "《信访工作条例》第二十八条第三款"
    ),
    "actor.handler": _Line(
        "{actor}经办过本案，不能再作“{command}”：经办人不得自己验收、复核或回访。",
        "请由未经办本案的人员办理。",
        "销号须经办人与验收人分离（分级验收、备案销号）",
    ),
    "actor.same_person": _Line(
        "这一决定由{actor}提出，须由第二人复核。",
        "请由未参与提出的人员确认或退回。",
        "《个人信息保护法》第二十四条；四不放过",
    ),
    "actor.leader": _Line(
        "本案包案领导是{leader}，签字不能由{actor}代替。",
        "请包案领导本人签字，或由交办员记录改派包案领导。",
        "《信访工作条例》第十八条；讲话“领导包案”",
    ),
    # when
    "case.exists": _Line("案件{case}已经立案。", "请在原案件上办理。", DESIGN),
    "case.missing": _Line("没有案件{case}。", "请核对案件编号。", DESIGN),
    "case.changed": _Line(
        "案件已被他人更新：您看到的是第{seen}版，现为第{now}版。",
        "请查看其间的变化后再提交。",
        "防止相互覆盖（乐观并发）",
    ),
    "case.state": _Line(
        "案件当前为“{state}”，不能“{command}”；须在{allowed}时办理。", "{hint}", "案件状态表"
    ),
    "case.merged": _Line(
        "本案已并入{into}。", "请在并入后的案件上办理，或先撤销并案。", "国办函〔2025〕66号（并单处理）"
    ),
    # dispatch
    "assign.units": _Line(
        "交办须有且只有一个主办单位、每个单位只列一次，填报的主办单位有{leads}个。",
        "请核对主办、协办单位。",
        "《信访工作条例》第二十四条",
    ),
    "assign.returned": _Line(
        "{unit}已就本案退过单。", "如仍由其承办，请作为指定承办提交。", "《信访工作条例》第二十四条（指定）"
    ),
    "recuse.other": _Line(
        "{actor}只能申请本人回避。",
        "他人回避请由单位负责人或督办人员提出。",
        "《信访工作条例》第二十八条第三款",
    ),
    # returns
    "return.too_late": _Line(
        "退单期限为交办后{limit}个工作日，已于{last}届满。",
        "请继续办理；确有争议的，请提请协调指定承办单位。",
        "{source}",
    ),
    "return.again": _Line(
        "{unit}已就本案退过单，不得再次退单。",
        "请继续办理；确有争议的，请提请协调指定承办单位。",
        "12345热线退单规则（同一单位限一次）",
    ),
    "return.too_often": _Line(
        "本案已退单{count}次，达到上限，应当由交办方指定承办单位。",
        "请继续办理并提请指定。",
        "《信访工作条例》第二十四条",
    ),
    "return.designated": _Line(
        "本案已由{by}指定{unit}承办，指定后不得退单。",
        "请继续办理；可请求协办单位支持。",
        "潍坊市12345条例第二十二条；《信访工作条例》第二十四条",
    ),
    "return.accepted": _Line(
        "{unit}已接受任务，接受后不得退单。", "请继续办理；职责确有变化的，请交办员改派。", "首办责任制"
    ),
    # parts
    "part.none": _Line(
        "{unit}在本案没有承办任务。", "请先由交办员将其列为主办或协办单位。", "专班一案一方案"
    ),
    "part.state": _Line(
        "{unit}的任务当前为“{state}”，不能“{command}”。",
        "请按签收、接受、办理、完成的次序办理。",
        "专班一案一方案",
    ),
    "part.open": _Line(
        "尚有单位未完成其任务：{units}，主办单位不能报告办结。",
        "请催促上述单位完成，或由交办员记录其退出。",
        "首接负责制：主办单位牵头，协办单位按时反馈",
    ),
    "part.measures_open": _Line(
        "{unit}尚有措施未完成：{measures}。", "请先完成措施并附证据。", "专班一案一方案"
    ),
    "member.unknown": _Line("{person}不是{unit}的专班成员。", "请核对人员后再提交。", "专班一案一方案"),
    "member.present": _Line("{person}已是{unit}的专班成员。", "无需重复加入。", "专班一案一方案"),
    # investigation and rectification
    "verify.facts": _Line("核实结论缺少：{missing}。", "请补充后再提交核实结论。", "讲话“问题不查清不放过”"),
    "verify.evidence": _Line("所引证据{ids}不在本案证据中。", "请先上传证据，再引用其编号。", "一案一档"),
    "plan.incomplete": _Line(
        "整改措施第{row}项缺少{missing}，不得列入台账。",
        "请补齐责任单位、责任人、整改时限和措施内容。",
        "讲话“明确整改责任单位、责任人、整改时限”",
    ),
    "plan.twice": _Line("措施编号重复。", "每项措施请用不同编号。", "讲话“拉条挂账式跟踪管理”"),
    "plan.past": _Line(
        "措施“{measure}”的时限{deadline}早于今天。", "请填写今天或以后的时限。", "讲话“整改时限”"
    ),
    "plan.later": _Line(
        "措施“{measure}”的时限已定为{deadline}，不能在方案中推迟。", "到期前请申请延期（extend，clock=rectify），经批准后告知信访人。",
        "讲话“整改时限”；延期须批准",
    ),
    "plan.unit": _Line(
        "措施的责任单位{unit}不是本案承办单位。",
        "请先将该单位列为协办，或改由承办单位负责。",
        "讲话“整改责任单位”",
    ),
    "plan.immediate": _Line(
        "立行立改的措施须在{days}日内完成，“{measure}”的时限是{deadline}。",
        "不能立即整改到位的请按台账整改。",
        "讲话“能立即整改的要立行立改”",
    ),
    "measure.unknown": _Line("本案没有措施{measure}。", "请核对措施编号。", DESIGN),
    "measure.unit": _Line(
        "措施“{measure}”由{unit}负责，{actor}不能代为填报。", "请由责任单位填报。", "讲话“整改责任单位”"
    ),
    "measure.evidence": _Line(
        "措施“{measure}”报完成须附证据。", "请上传整改后的照片、监测数据或文书。", "讲话“坚决杜绝假整改”"
    ),
    "measure.done": _Line("措施“{measure}”已经完成。", "需要更正时请说明理由退回该措施。", DESIGN),
    "measures.open": _Line(
        "尚有{count}项措施未完成：{measures}。",
        "请完成全部措施；一时不能到位的，请申请阶段性办结。",
        "讲话“整改不到位不放过”",
    ),
    "stage.plan": _Line(
        "阶段性办结须说明已消除的危害、剩余工作的责任人和完成日期。",
        "请补充：{missing}。",
        "阶段性办结工作口径（措施已启动、余项有计划）",
    ),
    "stage.nothing_left": _Line(
        "全部措施都已完成，不需要阶段性办结。", "请直接报告办结。", "阶段性办结不等于销号"
    ),
    "accountability.reason": _Line(
        "不予处罚、不予问责须写明理由。", "请填写理由，或填写处罚、问责决定。", "讲话“责任不落实不放过”"
    ),
    # evidence
    "evidence.type": _Line("文件类型{media_type}不被接受。", "可上传：{allowed}。", "证据管理参数"),
    "evidence.size": _Line("文件{size}字节，超过{limit}字节的上限。", "请压缩或分段后上传。", "证据管理参数"),
    "evidence.count": _Line("本案证据已达{limit}份上限。", "请整理后上传必要的证据。", "证据管理参数"),
    "evidence.future": _Line(
        "证据的拍摄或监测时间{taken}晚于现在。", "请核对设备时间。", "讲话“坚决杜绝假整改”"
    ),
    "evidence.known": _Line("证据{id}已在本案中。", "无需重复上传。", "内容寻址存储"),
    "evidence.pair": _Line(
        "前后对比须引用本案一份“整改前”照片，{id}不是。", "请先上传整改前照片。", "讲话“整改措施是否到位”"
    ),
    # closing
    "gates.unmet": _Line("尚不能“{command}”：{missing}", "请逐项补齐后再提交。", "讲话“四不放过”"),
    "objection.open": _Line(
        "公示期内有{count}条异议尚未处理。", "请先核实并答复异议。", "销号六步法（公示）"
    ),
    "objection.unknown": _Line("没有异议{id}，或已处理。", "请核对异议编号。", DESIGN),
    "publicity.short": _Line(
        "公示不少于{days}日，填报的只有{given}日。", "请延长公示期。", "销号公示期（桐城2022）"
    ),
    "publicity.running": _Line(
        "公示期至{last}届满，尚未届满。", "请在届满后再报告公示结束。", "销号公示期（桐城2022）"
    ),
    "signature.due": _Line(
        "本案由{leader}包案，须先经其签字。", "请提请包案领导签字。", "《信访工作条例》第十八条；销号六步法"
    ),
    "signature.none": _Line("本案没有包案领导，不需要签字。", "请直接提请市级复核。", "销号六步法"),
    "signature.done": _Line("包案领导{leader}已签字。", "无需重复签字，请提请或等待市级复核。", "销号六步法"),
    "leader.due": _Line(
        "本案属反弹或重复信访，须先落实包案领导。", "请交办员确定包案领导。", "讲话“实行领导包案，专班解决”"
    ),
    "fake.open": _Line(
        "本案重新立案后，尚未认定上次整改是否属假整改。",
        "请督办或回头看人员先作出认定。",
        "讲话“坚决杜绝假整改”",
    ),
    "fake.not_asked": _Line("本案没有待认定的假整改问题。", "无需认定。", "讲话“坚决杜绝假整改”"),
    "callback.petitioner": _Line(
        "{petitioner}不是本案的信访人。", "请核对后再登记回访。", "群众满意按全部信访人计"
    ),
    "look_back.answers": _Line(
        "回头看须逐项回答：{missing}。",
        "请补齐三个问题的结论。",
        "讲话“查看整改措施是否到位、目标是否达到、台账资料是否完整”",
    ),
    # second person
    "proposal.unknown": _Line("没有待复核事项{id}，或已处理。", "请刷新后核对。", DESIGN),
    "proposal.pending": _Line("“{what}”已在等待复核。", "请等待复核结果，或请复核人退回。", "重要决定须两人"),
    # links
    "link.known": _Line("信访件{complaint}已在本案中。", "无需重复关联。", "一件一号，关联不改变原件"),
    "link.unknown": _Line("信访件{complaint}不在本案中，或其关联已撤销。", "请核对信访件编号。", DESIGN),
    "link.confirmed": _Line(
        "信访件{complaint}的关联已经确认。", "无需重复确认；认为有误的请撤销关联。", DESIGN
    ),
    "link.first": _Line(
        "信访件{complaint}是本案唯一的信访件，不能移出。",
        "如与他案属同一事项，请用并案。",
        "每件受理的信访件须有且只有一个案件",
    ),
    "link.new_facts": _Line(
        "信访件{complaint}反映了新情况，不得按重复件不予受理。",
        "请核实新情况，或另行立案。",
        "《信访工作条例》第三十六条“同一事实和理由”之反面",
    ),
    "link.not_repeat": _Line(
        "信访件{complaint}不是同一人的重复信访，不得按重复件不予受理。",
        "他人反映同一问题的，应并案并逐一答复。",
        "同人同事方为重复信访",
    ),
    "link.refused": _Line("信访件{complaint}已作不予受理处理。", "无需重复处理。", DESIGN),
    "split.weights": _Line(
        "分办权重之和为{total}，应当等于1。", "请调整各案权重。", "督察件跨区分计（0.5+0.5）"
    ),
    "split.weight": _Line(
        "案件{case}的权重{weight}不合要求：须大于0、不超过1、至多两位小数。", "请修改权重。", "督察件跨区分计"
    ),
    "split.cases": _Line("分办须包括原案件和至少一个其他在办案件。", "请列明各承办案件。", "督察件跨区分计"),
    "split.already": _Line("信访件{complaint}已经分办。", "请先撤销原分办，再重新分办。", "督察件跨区分计"),
    "split.none": _Line(
        "没有分办{operation}，或其中案件已并入他案。", "请核对；已并案的请先撤销并案。", DESIGN
    ),
    "split.empties": _Line(
        "撤销分办后案件{case}将没有信访件。", "请先将该案并入他案。", "每个案件至少有一件信访件"
    ),
    "merge.empties": _Line(
        "撤销并案后案件{case}将没有信访件。", "请保留并案，或另立新案。", "每个案件至少有一件信访件"
    ),
    "merge.self": _Line("案件不能并入自身。", "请选择另一案件。", DESIGN),
    "merge.state": _Line(
        "案件{case}当前为“{state}”，不能并案。",
        "已销号的案件再次反映，请按反弹重新立案。",
        "国办函〔2025〕66号（并单处理）",
    ),
    "merge.none": _Line("没有并案{operation}，或已撤销。", "请核对并案编号。", DESIGN),
    "undo.split": _Line("信访件{complaint}已分办，不能直接撤销关联。", "请先撤销分办。", "督察件跨区分计"),
    "undo.merge": _Line(
        "信访件{complaint}是随并案{operation}而来，不能单独移回。", "请撤销并案，或将其另立新案。", DESIGN
    ),
    # clocks
    "extend.expired": _Line(
        "期限已于{due}届满，不得再申请延期。",
        "请尽快办结并说明逾期原因。",
        "延期须在届满前提出（北京接诉即办条例第十五条）",
    ),
    "extend.again": _Line("该期限已延期{times}次，达到上限。", "请按期办结，或申请阶段性办结。", "{source}"),
    "extend.too_long": _Line("申请延长{days}，超过上限{limit}。", "请缩短延期。", "{source}"),
    "extend.rule": _Line("期限“{clock}”不得延期。", "请按期办结。", "{source}"),
    "clock.unknown": _Line("本案没有正在计时的期限“{clock}”。", "请核对期限名称。", DESIGN),
    "pause.rule": _Line("“{ground}”不是可以暂停该期限的事由。", "可暂停的事由：{allowed}。", "{source}"),
    "pause.running": _Line("期限“{clock}”已在暂停中。", "请先恢复计时。", DESIGN),
    "pause.none": _Line("期限“{clock}”没有暂停。", "无需恢复。", DESIGN),
    "pause.too_long": _Line(
        "暂停{days}日，超过上限{limit}日。", "请缩短暂停，到期后可再次申请。", "{source}"
    ),
    # supervision, privacy
    "supervise.backwards": _Line(
        "本案已到“{now}”，不能退回“{step}”。",
        "请采取同级或更高一级的措施。",
        "《信访工作条例》第三十九条第三款",
    ),
    "privacy.text": _Line(
        "答复文字含有{what}，不得告知信访人。",
        "请删去涉及他人或身份的内容后再提交。",
        "《信访工作条例》第三十条第三款、第四十六条",
    ),
    # tokens
    "token.unknown": _Line("令牌无效。", "请核对令牌，或请管理员重新签发。", DESIGN),
    "token.revoked": _Line("令牌已被撤销。", "请管理员重新签发。", DESIGN),
    "token.expired": _Line("令牌已过期。", "请管理员重新签发。", DESIGN),
    "access.denied": _Line(
        "{reader}不得查看{what}。",
        "请联系督办人员依程序查阅。",
        "《信访工作条例》第三十条第三款；《个人信息保护法》第六条",
    ),
    "access.purpose": _Line("查看{what}须填写用途。", "请填写用途，查阅将被记录。", "身份信息查阅留痕"),
    "access.confidential": _Line(
        "信访人要求保密，{reader}不得查看{what}。",
        "确需联系的，请由回访中心联系。",
        "《信访工作条例》第三十条第三款；GB/T 33358 保密工单",
    ),
    "amend.machine": _Line(
        "系统只能提高案件的紧急程度，不能更正案情。",
        "请由交办员或承办人员更正。",
        "《个人信息保护法》第二十四条（不得仅由自动化作出决定）",
    ),
    **{code: _Line(*line) for code, line in REGISTER_LINES.items()},
}


REQUESTS: dict[str, _Line] = {
    "link.elsewhere": _Line(
        "信访件{complaint}已在案件{case}中。", "请用撤销关联、分办或并案，使其不被重复计数。", "每件受理的信访件须有且只有一个案件"
    ),
    "link.id": _Line("信访件编号{complaint}不合格式。", "请填写登记时给出的信访件标识（UUID）。", DESIGN),
    "evidence.file": _Line(
        "没有已上传的文件{sha256}。", "请先上传文件，再将其列为证据。", "一案一档；内容寻址存储"
    ),
    "evidence.heic": _Line(
        "不接受HEIC照片：其中的拍摄位置无法从供他人查看的副本中去除。",
        "请转为JPEG后上传；苹果手机可在“设置—相机—格式”中选“兼容性最佳”。",
        "《个人信息保护法》第二十八条（行踪轨迹）；证据管理参数",
    ),
    "evidence.broken": _Line("文件不能按{media_type}打开。", "请重新导出或拍摄后上传。", "证据管理参数"),
    "evidence.pixels": _Line(
        "图片像素{pixels}，超过{limit}的上限。", "请降低分辨率后上传。", "证据管理参数"
    ),
    "request.fields": _Line("“{command}”的内容不合要求：{what}。", "请按接口说明更正后重新提交。", DESIGN),
    "request.kind": _Line("没有“{command}”这一办理动作。", "可用的动作见接口说明（/api/v1/commands）。", DESIGN),
    "request.large": _Line("请求{size}字节，超过{limit}字节的上限。", "请分次提交；文件请用上传接口。", DESIGN),
    "request.many": _Line("一次提交了{count}项，超过{limit}项的上限。", "请分批提交。", DESIGN),
    "request.often": _Line("请求过于频繁，每{seconds}秒不超过{limit}次。", "请在{wait}秒后重试。", DESIGN),
    "request.key": _Line(
        "这一Idempotency-Key已用于另一请求。", "重发时内容须与原请求一致；新的请求请用新的键。", "防止重复提交"
    ),
    "request.batch": _Line("同批第{row}项未获通过，整批未办理。", "请更正该项，或不要求整批一致。", DESIGN),
    "link.missing": _Line("没有关联{link}。", "请查看案件的关联记录（petitions case show 案号）。", DESIGN),
    "link.act": _Line("{link}不是{wanted}，不能这样处理。", "建议可以确认或否定，关联可以撤销。", "关联须由人确认或撤销"),
    "link.decided": _Line("这一关联已有人处理。", "请查看案件的关联记录后再办理。", "关联须由人确认或撤销"),
    "link.stale": _Line("这一关联已不再有效，他人已先作变更。", "请查看案件的关联记录后再办理。", "关联须由人确认或撤销"),
    "link.first_report": _Line("首件没有可撤销的关联。", "请撤销后来并入的信访件的关联。", DESIGN),
    "link.split": _Line("该信访件已分办到多个案件。", "请先撤销分办。", "督察件跨区分计"),
    "request.token": _Line("请求没有令牌。", "请在 Authorization: Bearer 后附令牌；令牌由管理员签发。", DESIGN),
    "request.path": _Line("没有{what}。", "请核对地址和编号。", DESIGN),
    "request.failed": _Line("系统暂时不能办理（{what}）。", "请稍后重试；同一Idempotency-Key重试不会重复办理。", DESIGN),
}
"""Refusals of services at the edge, before or beside the rules of a case: what was sent, how often, which file, which link."""


def refuse(code: str, *, field: str | None = None, **values: object) -> Refusal:
    """The refusal of that code with its sentence filled in; raises KeyError for an unknown code or a missing value."""
    line = CATALOGUE.get(code) or REQUESTS[code]
    return Refusal(
        code=code,
        message=line.message.format_map(values),
        instead=line.instead.format_map(values),
        provenance=line.provenance.format_map(values),
        field=field,
    )
