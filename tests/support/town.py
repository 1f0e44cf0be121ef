"""An invented town's petitions for tests of numbers: rows as the services write them, and the events they would publish.

Only what numbers depend on is there: no text, no identities. Cases are worked with the real rules of casework.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from contracts.cases import CaseOpened, ComplaintLinked, LinkReviewRequested, LinkUndone, Matter, ModelVersions, TypeShare
from contracts.casework import CaseChanged
from contracts.complaints import ComplaintRegistered, Region
from contracts.envelope import Event
from contracts.vocabulary import LinkBand, LinkKind, PollutionType, SourceChannel
from services.domain.case import commands as c
from services.domain.case import values as v
from services.domain.case.case import handle
from services.domain.case.events import CaseEvent, dump_event
from services.domain.case.evolve import evolve
from services.domain.case.links import counts
from services.domain.case.operations import Operation, operate
from services.domain.case.rules import Context
from services.domain.case.state import CaseState, dump_state
from services.domain.history import GENESIS, chain
from services.domain.principals import SYSTEM, Principal
from services.domain.refusals import Refusal
from services.domain.rulebook import RuleBook, read_rule_book
from services.infra.postgres import Connection

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 9:00 in China
DISTRICT = "470302"
VERSIONS = ModelVersions(model="m1", lexicon="l1", taxonomy="t1")
RULES: RuleBook = read_rule_book(Path(__file__).parents[2] / "deploy" / "rules")


def uid(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"town/{name}")


class Town:
    """A clock, a database and the events published so far (`events`); names stand for ids."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = START
        self.events: list[Event] = []
        self.states: dict[str, CaseState] = {}
        self.heads: dict[str, str] = {}
        self.links: dict[str, UUID] = {}
        self.received: dict[str, ComplaintRegistered] = {}

    def wait(self, **delta: float) -> Town:
        self.now += timedelta(**delta)
        return self

    async def complaint(self, name: str, *, reporter: str | None = "p1", **changes: Any) -> ComplaintRegistered:
        """Registered and read, not yet placed."""
        facts: dict[str, Any] = {
            "types": [("大气", 0.9)], "environmental": 0.9, "respondent": "鑫味餐饮有限公司",
            "place": {"text": "云溪路12号", "road": "云溪路", "number": "12号"}, "region": DISTRICT, "signatories": 1,
            "channel": SourceChannel.HOTLINE_12345, "key_item": False,
        }  # fmt: skip
        facts |= changes
        event = ComplaintRegistered(
            occurred_at=self.now, complaint_id=uid(name), receipt_no=f"YZ-{name}", source="hotline", external_id=name,
            channel=facts["channel"], received_at=self.now, registered_at=self.now,
            region=Region(code=facts["region"], city="470300"), text="〔略〕", reporter=reporter, anonymous=reporter is None,
            signatories=facts["signatories"], key_item=facts["key_item"],
        )  # fmt: skip
        self.received[name] = event
        reading = {
            "id": str(event.complaint_id), "environmental": facts["environmental"], "types": facts["types"], "subtype": ["餐饮油烟", 0.8],
            "respondent": facts["respondent"], "place": facts["place"],
        }  # fmt: skip
        await self.connection.execute(
            "INSERT INTO intake.complaints (id, source, external_id, receipt_no, content_mac, channel, region_code, reporter,"
            " received_at, registered_at, event) VALUES ($1, 'hotline', $2, $3, '', $4, $5, $6, $7, $7, $8)",
            event.complaint_id, name, event.receipt_no, event.channel.value, facts["region"], reporter, self.now, event.to_bytes(),
        )  # fmt: skip
        await self.connection.execute(
            "INSERT INTO triage.complaints (id, receipt_no, version, shard, reporter, received_at, event, reading, profile, worker)"
            " VALUES ($1, $2, 1, $3, $4, $5, $6, $7, '', $8)",
            event.complaint_id, event.receipt_no, DISTRICT, reporter, self.now, event.to_bytes(), reading, uuid4(),
        )  # fmt: skip
        self.events.append(event)
        return event

    async def opens(self, case: str, name: str, **changes: Any) -> None:
        """A complaint nobody had reported before opens a case."""
        event = await self.complaint(name, **changes)
        matter = Matter(
            environmental=0.9, types=(TypeShare(type=PollutionType.AIR, probability=0.9),), subtype="餐饮油烟",
            respondent=changes.get("respondent", "鑫味餐饮有限公司"), place="云溪路12号", versions=VERSIONS,
        )  # fmt: skip
        await self.connection.execute(
            "INSERT INTO triage.cases (id, case_no, first_complaint, region_code, matter, complaints, reporters, repeat_ordinal, opened_at)"
            " VALUES ($1, $2, $3, $4, $5, 1, 1, 1, $6)",
            uid(case), f"AJ-{case}", event.complaint_id, event.region.code, matter.model_dump(mode="json"), self.now,
        )  # fmt: skip
        link = await self._link(case, name, LinkKind.FIRST_REPORT, "link", LinkBand.NEW, 1.0)
        self.events.append(CaseOpened(
            occurred_at=self.now, case_id=uid(case), case_no=f"AJ-{case}", complaint_id=event.complaint_id, receipt_no=event.receipt_no,
            link_id=link, region=event.region, matter=matter, channel=event.channel, received_at=self.now, registered_at=self.now,
        ))  # fmt: skip
        self.states[case] = CaseState(str(uid(case)))
        opening = c.Open(
            case_no=f"AJ-{case}", region=event.region.code, city="470300",
            matter=v.Matter(summary="油烟", place="云溪路12号", respondent=matter.respondent or "", types=(PollutionType.AIR,)),
            first=self.row(case, name, LinkKind.FIRST_REPORT),
        )  # fmt: skip
        await self.act(case, SYSTEM, opening)

    async def joins(self, case: str, name: str, kind: LinkKind = LinkKind.MERGED_REPORT, *, score: float = 0.97, **changes: Any) -> None:
        """A later complaint is linked by the machine."""
        event = await self.complaint(name, **changes)
        link = await self._link(case, name, kind, "link", LinkBand.AUTO, score)
        self.events.append(ComplaintLinked(
            occurred_at=self.now, case_id=uid(case), complaint_id=event.complaint_id, receipt_no=event.receipt_no, link_id=link,
            kind=kind, band=LinkBand.AUTO, score=score, decided_by="machine", region=event.region, channel=event.channel,
            complaints=1, reporters=1, repeat_ordinal=1, versions=VERSIONS, received_at=self.now, registered_at=self.now,
        ))  # fmt: skip
        await self.act(case, SYSTEM, c.AddLink(link=self.row(case, name, kind)))

    async def suggests(self, case: str, name: str, answer: str | None = None, score: float = 0.6) -> None:
        """The machine asked whether a complaint belongs to the case; a person may have answered."""
        asked = uuid4()
        await self._insert(asked, name, case, "suggest", None, LinkKind.MERGED_REPORT, LinkBand.SUGGEST, score, "machine")
        if answer:
            await self._insert(uuid4(), name, case, answer, asked, LinkKind.MERGED_REPORT, LinkBand.SUGGEST, score, "clerk")
        self.events.append(LinkReviewRequested(
            occurred_at=self.now, link_id=asked, complaint_id=uid(name), case_id=uid(case), suggested_case=uid(case),
            to_complaint=uid(name), kind=LinkKind.MERGED_REPORT, score=score, versions=VERSIONS,
        ))  # fmt: skip

    async def undoes(self, name: str, case: str, restored: str) -> None:
        """A person found a link wrong: the complaint stands in a case of its own."""
        from services.domain.case.operations import UndoLink

        event, link = self.received[name], self.links[f"{case}/{name}"]
        await self.connection.execute(
            "INSERT INTO triage.cases (id, case_no, first_complaint, region_code, matter, complaints, reporters, repeat_ordinal, opened_at)"
            " SELECT $1, $2, $3, region_code, matter, 1, 1, 1, $4 FROM triage.cases WHERE id = $5",
            uid(restored), f"AJ-{restored}", event.complaint_id, self.now, uid(case),
        )  # fmt: skip
        answer = uuid4()
        await self._insert(answer, name, restored, "undo", link, LinkKind.FIRST_REPORT, LinkBand.AUTO, 0.9, "clerk")
        await self.connection.execute(
            "UPDATE triage.live_links SET case_id = $2, link_id = $3 WHERE complaint_id = $1", uid(name), uid(restored), answer
        )
        self.events.append(LinkUndone(
            occurred_at=self.now, link_id=link, complaint_id=uid(name), case_id=uid(case), restored_case=uid(restored),
            decided_by="clerk", reason="不是同一家", complaints=1, reporters=1, repeat_ordinal=1,
        ))  # fmt: skip
        self.states[restored] = CaseState(str(uid(restored)))
        await self.operate(
            UndoLink(case_id=str(uid(case)), complaint_id=str(uid(name)), restored_case=str(uid(restored)),
                     restored_case_no=f"AJ-{restored}", link_id=str(answer), reason="不是同一家"),
            case, restored,
        )  # fmt: skip

    async def act(self, case: str, actor: Principal, *commands: c.Command) -> None:
        """Commands on a case, by the rules."""
        for command in commands:
            result = handle(command, self.states[case], Context(actor, self.now, RULES.case))
            assert not isinstance(result, Refusal), f"{command.type}: {result}"
            events, self.states[case] = result
            await self._store(case, events)

    async def operate(self, operation: Operation, *cases: str, actor: Principal = SYSTEM) -> None:
        """An operation on several cases, by the rules; triage's rows follow where a complaint moves whole."""
        states = {str(uid(case)): self.states[case] for case in cases}
        plan = operate(operation, states, Context(actor, self.now, RULES.case))
        assert not isinstance(plan, Refusal), str(plan)
        names = {str(uid(case)): case for case in cases}
        for case_id, events in plan.items():
            case = names[case_id]
            for event in events:
                self.states[case] = evolve(self.states[case], event)
            await self._store(case, events)

    def row(self, case: str, name: str, kind: LinkKind) -> v.Link:
        event = self.received[name]
        return v.Link(
            id=str(self.links[f"{case}/{name}"]), complaint_id=str(event.complaint_id), receipt_no=event.receipt_no, kind=kind,
            channel=event.channel, received_at=event.received_at, reporter=event.reporter, signatories=event.signatories,
        )  # fmt: skip

    async def _store(self, case: str, events: Sequence[CaseEvent]) -> None:
        state = self.states[case]
        first = events[0].version
        links = chain(state.case_id, [dump_event(event) for event in events], self.heads.get(case, GENESIS), first - 1)
        self.heads[case] = links[-1].digest
        for event, link in zip(events, links, strict=True):
            await self.connection.execute(
                "INSERT INTO casework.events (case_id, version, kind, at, by, role, unit, body, digest)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                uid(case), event.version, event.type, event.at, event.by, event.role.value, event.unit, link.body, link.digest,
            )  # fmt: skip
            self.events.append(CaseChanged(
                occurred_at=event.at, case_id=uid(case), case_no=state.case_no, version=event.version, kind=event.type,
                label=event.label, by=event.by, role=event.role.value, status=str(state.status),
                detail=event.model_dump(mode="json", exclude_none=True),
            ))  # fmt: skip
        total = counts([state.links])
        await self.connection.execute(
            "INSERT INTO casework.cases (case_id, case_no, version, head, status, region, city, urgency, types, respondent, place,"
            " complaints, reporters, opened_at, first_received_at, last_event_at, state)"
            " VALUES ($1, $2, $3, $4, $5, $6, '470300', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
            " ON CONFLICT (case_id) DO UPDATE SET version = excluded.version, head = excluded.head, status = excluded.status,"
            " complaints = excluded.complaints, state = excluded.state",
            uid(case), state.case_no, state.version, self.heads[case], str(state.status), state.region, state.matter.urgency.value,
            [t.value for t in state.matter.types], state.matter.respondent or None, state.matter.place or None, total.submissions,
            total.petitioners, state.opened_at, state.first_received_at, state.last_event_at, dump_state(state),
        )  # fmt: skip
        await self.connection.execute("DELETE FROM casework.complaint_cases WHERE case_id = $1", uid(case))
        for link in state.links:
            await self.connection.execute(
                "INSERT INTO casework.complaint_cases VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                UUID(link.complaint_id), uid(case), link.id, link.receipt_no, link.kind.value, link.weight, link.reporter,
                link.signatories, link.received_at,
            )  # fmt: skip

    async def _link(self, case: str, name: str, kind: LinkKind, act: str, band: LinkBand, score: float) -> UUID:
        link = self.links[f"{case}/{name}"] = uuid4()
        await self._insert(link, name, case, act, None, kind, band, score, "machine")
        await self.connection.execute(
            "INSERT INTO triage.live_links (complaint_id, case_id, link_id, weight) VALUES ($1, $2, $3, $4)",
            uid(name), uid(case), link, Decimal(1),
        )  # fmt: skip
        return link

    async def _insert(
        self, id: UUID, name: str, case: str, act: str, answers: UUID | None, kind: LinkKind, band: LinkBand, score: float, by: str
    ) -> None:
        await self.connection.execute(
            "INSERT INTO triage.links (id, complaint_id, case_id, act, answers, kind, band, score, versions, decided_by, at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            id, uid(name), uid(case), act, answers, kind.value, band.value, score, VERSIONS.model_dump(), by, self.now,
        )  # fmt: skip


def kinds(events: Iterable[Event]) -> list[str]:
    return [type(event).__name__ for event in events]
