"""Scenarios that bring about refusals: gates, publicity, signature, reopening, second persons."""

from __future__ import annotations

from contracts.vocabulary import (
    LinkKind,
)
from services.domain.case import commands as c
from services.domain.refusals import Refusal
from tests.unit.domain.case.office import (
    ACCEPTOR,
    CALLER,
    INSPECTOR,
    LEADER,
    LOOKED,
    MACHINE,
    OFFICER,
    SETTLE,
    SUPERVISOR,
    VERIFY,
    Desk,
    link,
    v,
)  # fmt: skip
from tests.unit.domain.case.refusals_at_work import (
    DONE,
    UNTRUE,
    add,
    investigating,
    led,
    refusal,
    to_publicised,
)

# closing


@refusal("gates.unmet", "【责任落实】未明确责任单位和责任人")
def _() -> Refusal:
    desk = Desk().to_rectifying().rectified().give(OFFICER, c.Conclude(result="完成"))
    return desk.refused(OFFICER, c.RequestCloseOut())


PUBLIC = c.StartPublicity(media="政府网站", days=10)


def shown() -> Desk:
    return Desk().to_concluded().requested().accepted().give(ACCEPTOR, PUBLIC)


OBJECT = c.RecordObjection(objection_id="o1", text="夜间仍有异味")
add(
    "publicity.short",
    "不少于10日，填报的只有3日",
    lambda: (
        Desk().to_concluded().requested().accepted().refused(ACCEPTOR, c.StartPublicity(media="网站", days=3))
    ),
)
add("publicity.running", "尚未届满", lambda: shown().wait(days=9).refused(ACCEPTOR, c.FinishPublicity()))
add(
    "objection.open",
    "有1条异议尚未处理",
    lambda: shown().give(CALLER, OBJECT).wait(days=30).refused(ACCEPTOR, c.FinishPublicity()),
)
add(
    "objection.unknown",
    "没有异议o1",
    lambda: shown().refused(ACCEPTOR, c.AnswerObjection(objection_id="o1", answer="已核实")),
)
add(
    "signature.due",
    "由秦副区长包案，须先经其签字",
    lambda: led(to_publicised()).refused(ACCEPTOR, c.SubmitReview()),
)
add(
    "signature.done",
    "秦副区长已签字",
    lambda: led(to_publicised()).give(LEADER, c.Sign()).refused(LEADER, c.Sign()),
)
add("signature.none", "没有包案领导", lambda: to_publicised().refused(LEADER, c.Sign()))


def reopened() -> Desk:
    desk = Desk().to_closed().wait(days=40)
    return desk.give(MACHINE, c.AddLink(link=link(9, kind=LinkKind.RECURRENCE, received_at=desk.now)))


def again(desk: Desk) -> Desk:
    desk.assigned().give(OFFICER, c.SignIn(), c.Investigate()).wait(hours=1).verified().planned()
    return desk.give(OFFICER, DONE, SETTLE)


add("leader.due", "须先落实包案领导", lambda: again(reopened()).refused(OFFICER, c.Conclude(result="完成")))
add(
    "fake.open",
    "尚未认定上次整改",
    lambda: (
        again(led(reopened())).give(OFFICER, c.Conclude(result="完成")).refused(OFFICER, c.RequestCloseOut())
    ),
)
add(
    "fake.not_asked",
    "没有待认定",
    lambda: Desk().opened().refused(SUPERVISOR, c.JudgeRectification(fake=False, finding="无")),
)
add(
    "callback.petitioner",
    "p7不是本案的信访人",
    lambda: (
        Desk()
        .to_concluded()
        .refused(CALLER, c.RecordCallback(reporter="p7", outcome=v.Satisfaction.SATISFIED))
    ),
)
add(
    "look_back.answers",
    "目标是否达到",
    lambda: Desk().to_closed().refused(INSPECTOR, LOOKED.model_copy(update={"target_met": None})),
)

# second person
add(
    "proposal.unknown",
    "没有待复核事项p9",
    lambda: Desk().opened().refused(SUPERVISOR, c.Confirm(proposal_id="p9")),
)
add(
    "proposal.pending",
    "“认定不属实”已在等待复核",
    lambda: investigating().give(OFFICER, UNTRUE).refused(OFFICER, VERIFY),
)
