"""An invented office for the console's tests and pictures: people to log in as, and cases at every step, by the real domain.

Everything is made up from the demonstration's matters; the history is spread over months by giving commands at earlier
moments. Nothing here reads the wall clock but `now`.
"""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from contracts.cases import EmergencySuspected
from contracts.complaints import Region
from contracts.vocabulary import LinkKind, PollutionType, ReturnGround, SourceChannel, UnitRole, Urgency, Verdict
from services.analytics.rebuild import rebuild as rebuild_sums
from services.casework.cases import Cases, StateCache
from services.casework.files import Files
from services.commands.access import synchronise
from services.console.accounts import set_password
from services.demo.people import PEOPLE, introduce_people
from services.demo.story import Matter as Story
from services.demo.story import matters, people, tell
from services.domain.case import commands as c
from services.domain.case import values as v
from services.domain.city import City
from services.domain.principals import SYSTEM, Principal, Role
from services.domain.refusals import Refusal
from services.domain.rulebook import RuleBook
from services.infra.postgres import Pool
from services.infra.unit_of_work import begin
from services.infra.vault import Vault
from services.registers.emergencies.acts import Duty, suspect
from services.supervision import recompute
from tests.support import invented_photos, invented_registers

EVERYWHERE = frozenset({"470300"})
EVERYBODY: dict[str, tuple[str, frozenset[Role], str | None]] = {
    **{id: (name, frozenset(roles), unit) for id, (name, roles, unit) in PEOPLE.items()},
    "grid-1": ("林小满", frozenset({Role.GRID_WORKER}), "da-t1"),
    "accused-1": ("某单位", frozenset({Role.ACCUSED}), None),
}
STAGES = ("opened", "assigned", "signed", "investigating", "verified", "rectifying", "measured", "concluded", "requested", "publicised", "closed", "returned")
KINDS = {"噪声": PollutionType.NOISE, "大气": PollutionType.AIR, "水": PollutionType.WATER, "固废": PollutionType.WASTE}


@dataclass
class Invented:
    """What was made: case numbers by the stage they stand at."""

    cases: dict[str, list[str]] = field(default_factory=dict)
    suggestions: list[UUID] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)


async def people_of(pool: Pool, city: City) -> None:
    """The demonstration's people, and two whom it leaves out."""
    now = datetime.now().astimezone()
    async with pool.acquire() as connection:
        await synchronise(connection, city)
        await introduce_people(connection, city, now)
        hashed = await connection.fetchval("SELECT password_hash FROM console.accounts LIMIT 1")
        for id in EVERYBODY.keys() - PEOPLE.keys():
            name, roles, unit = EVERYBODY[id]
            await connection.execute(
                "INSERT INTO access.principals (id, name, roles, unit_id, regions) VALUES ($1, $2, $3, $4, $5)",
                id, name, [role.value for role in roles], unit, list(EVERYWHERE),
            )  # fmt: skip
            await set_password(connection, id, id, hashed, now, must_change=False)


def principal(id: str) -> Principal:
    """One of everybody."""
    name, roles, unit = EVERYBODY[id]
    return Principal(id, name, roles, unit, EVERYWHERE)


@dataclass
class Scribe:
    """Writes cases through the store, each command at its own moment."""

    pool: Pool
    vault: Vault
    rules: RuleBook
    city: City
    now: datetime
    files: Files | None = None
    seed: int = 7
    made: Invented = field(default_factory=Invented)
    cache: StateCache = field(default_factory=StateCache)
    number: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.folk = people(400, self.rng)

    async def office(self, count: int, unit: str = "da-cg", leader: str = "city-mayor-urban") -> Invented:
        """So many cases, cycling over matters and stages; the unit leads every second one."""
        stories = [story for story in matters() if story.environmental]
        for n in range(count):
            story = stories[n % len(stories)]
            stage = STAGES[n % len(STAGES)]
            await self.case(story, stage, unit if n % 2 == 0 or n < len(STAGES) else "da-hb", leader if n % 3 == 0 else None)
        return self.made

    async def fresh(self, stage: str) -> str:
        """One more case of the officer's unit at a stage, under the leader; its number."""
        story = next(story for story in matters() if story.environmental and story.respondent and not story.emergency)
        await self.case(story, stage, "da-cg", "city-mayor-urban")
        return self.made.cases[stage][-1]

    async def case(
        self, story: Story, stage: str, unit: str, leader: str | None, *, age: timedelta | None = None, text: str | None = None,
        voices: list[tuple[int, int]] | None = None, telling: int = 0,
    ) -> UUID:
        """One case at a stage."""
        rng = self.rng
        self.number += 1
        number = f"AJ2026-{self.number:07d}"
        id = uuid5(NAMESPACE_URL, f"{self.seed}/{number}")
        closing = stage in ("requested", "publicised", "closed")
        began = self.now - (age or timedelta(days=95) if closing else age or timedelta(days=rng.uniform(1.2, 9) if stage in ("assigned", "signed", "opened") else rng.uniform(6, 70)))
        said = voices or [(who, times) for who, times in enumerate(story.voices) for _ in range(min(times, 3))][:9]
        links = [
            await self._complaint(story, id, k, who, began + timedelta(hours=7 * k), text if k == 0 else None, telling) for k, (who, _) in enumerate(said)
        ]
        await self._commands(id, number, story, stage, unit, leader, began, links)
        self.made.cases.setdefault(stage, []).append(number)
        return id

    async def _complaint(self, story: Story, case_id: UUID, k: int, who: int, at: datetime, text: str | None, telling: int = 0) -> v.Link:
        rng, person = self.rng, self.folk[(hash_of(story.id) + who) % len(self.folk)]
        channel = rng.choice([SourceChannel.HOTLINE_12345] * 6 + [SourceChannel.ENV_12369_WECHAT, SourceChannel.XF_LETTER, SourceChannel.MAYOR_BOX])
        complaint = uuid5(case_id, f"complaint/{k}")
        at = min(at, self.now - timedelta(hours=2))
        receipt = f"YZ{at:%Y%m%d}{self.number:05d}{k}"
        reporter = None if k % 7 == 5 else f"r-{story.id}-{who}"
        confidential, first = k % 5 == 2, f"{at:%m月%d日}" if k else None
        said = text or tell(story, k + telling, channel, first, rng)
        event = {
            "complaint_id": str(complaint), "version": 1, "receipt_no": receipt, "source": "hotline-12345", "external_id": f"X-{receipt}",
            "channel": channel.value, "received_at": at.isoformat(), "registered_at": at.isoformat(), "occurred_at": at.isoformat(),
            "event_id": str(uuid5(complaint, "e")), "region": {"code": story.place.code, "city": "470300", "confidence": 1.0, "how": "code", "districts": []},
            "title": story.title, "text": said, "address": story.address, "respondent": story.respondent, "reporter": reporter,
            "anonymous": reporter is None, "confidential": confidential, "reply_wanted": True, "signatories": 12 if k == 3 else 1,
        }  # fmt: skip
        await self.pool.execute(
            """INSERT INTO intake.complaints (id, source, external_id, receipt_no, content_mac, channel, region_code, region_confidence, reporter,
               received_at, registered_at, event) VALUES ($1, 'hotline-12345', $2, $3, '', $4, $5, 1, $6, $7, $7, $8) ON CONFLICT DO NOTHING""",
            complaint, event["external_id"], receipt, channel.value, story.place.code, reporter, at, orjson.dumps(event),
        )  # fmt: skip
        original = orjson.dumps({"petitioner": {"name": person.name, "phone": person.phone, "address": person.home}, "text": said})
        sealed = self.vault.seal_bytes(original, context=complaint.bytes + (1).to_bytes(4, "big"))
        await self.pool.execute(
            "INSERT INTO vault.originals (complaint_id, version, key_id, sealed, at) VALUES ($1, 1, $2, $3, $4) ON CONFLICT DO NOTHING",
            complaint, sealed.key_id, sealed.blob, at,
        )  # fmt: skip
        await self.pool.execute(
            """INSERT INTO triage.complaints (id, receipt_no, version, shard, reporter, received_at, event, reading, profile, worker)
               VALUES ($1, $2, 1, $3, $4, $5, $6, $7, '', $1) ON CONFLICT DO NOTHING""",
            complaint, receipt, story.place.code, reporter, at, orjson.dumps(event), reading_of(story),
        )  # fmt: skip
        self.made.receipts.append(receipt)
        kind = LinkKind.FIRST_REPORT if k == 0 else LinkKind.REPEAT_PETITION if who == 0 else LinkKind.MERGED_REPORT
        return v.Link(
            id=str(uuid5(complaint, "link")), complaint_id=str(complaint), receipt_no=receipt, kind=kind, channel=channel, received_at=at,
            reporter=reporter, confidential=confidential, signatories=event["signatories"], score=None if k == 0 else round(0.62 + 0.05 * (k % 8), 2),
        )  # fmt: skip

    async def _triage(self, case_id: UUID, number: str, story: Story, links: Sequence[v.Link], at: datetime) -> None:
        await self.pool.execute(
            """INSERT INTO triage.cases (id, case_no, first_complaint, region_code, matter, complaints, reporters, repeat_ordinal, opened_at)
               VALUES ($1, $2, $3, $4, '{}', $5, 1, 1, $6) ON CONFLICT DO NOTHING""",
            case_id, number, UUID(links[0].complaint_id), story.place.code, len(links), at,
        )  # fmt: skip
        for link in links:
            why = [{"fact": "place", "text": f"同一地点：{story.address}"}, {"fact": "problem", "text": "同一问题"}] if link is not links[0] else []
            if story.respondent and link is not links[0]:
                why.insert(1, {"fact": "respondent", "text": f"同一单位：{story.respondent}"})
            await self.pool.execute(
                """INSERT INTO triage.links (id, complaint_id, case_id, act, kind, band, score, to_complaint, why, versions, decided_by, at)
                   VALUES ($1, $2, $3, 'link', $4, 'auto', $5, $6, $7, '{"model": "m", "lexicon": "l", "taxonomy": "t"}', 'triage', $8) ON CONFLICT DO NOTHING""",
                UUID(link.id), UUID(link.complaint_id), case_id, link.kind.value, link.score or 0.0, UUID(links[0].complaint_id), why, link.received_at,
            )  # fmt: skip
            await self.pool.execute(
                "INSERT INTO triage.live_links (complaint_id, case_id, link_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                UUID(link.complaint_id), case_id, UUID(link.id),
            )  # fmt: skip

    async def suggest(self, complaint: str, of_case: UUID, to_case: UUID, to_complaint: str, score: float, story: Story) -> UUID:
        """The machine asks whether a complaint belongs to another case."""
        id = uuid5(of_case, f"suggest/{to_case}")
        why = [{"fact": "place", "text": f"同一地点：{story.address}"}, {"fact": "problem", "text": "同一问题"}]
        await self.pool.execute(
            """INSERT INTO triage.links (id, complaint_id, case_id, act, kind, band, score, to_complaint, why, against, versions, decided_by, at)
               VALUES ($1, $2, $3, 'suggest', 'MERGED_REPORT', 'suggest', $4, $5, $6, $7, '{"model": "m", "lexicon": "l", "taxonomy": "t"}', 'triage', $8)""",
            id, UUID(complaint), to_case, score, UUID(to_complaint), why,
            [{"fact": "text", "text": "说法出入较大"}], self.now - timedelta(hours=3),
        )  # fmt: skip
        self.made.suggestions.append(id)
        return id

    async def questions(self, count: int = 5) -> None:
        """The machine asks about new cases of one complaint: do they belong to an older one of the same matter?"""
        rows = await self.pool.fetch("SELECT id, first_complaint FROM triage.cases ORDER BY case_no")
        stories = [story for story in matters() if story.environmental]
        for n in range(min(count, len(rows))):
            story = stories[n % len(stories)]
            new = await self.case(story, "opened", "da-cg", None, age=timedelta(hours=9 + n), voices=[(40 + n, 1)], telling=3 + n)
            first = await self.pool.fetchval("SELECT first_complaint FROM triage.cases WHERE id = $1", new)
            await self.suggest(str(first), new, rows[n]["id"], str(rows[n]["first_complaint"]), 0.44 + 0.07 * n, story)

    async def everything_else(self) -> None:
        """What other services make of it: clocks and the ladder, sums, an emergency."""
        await recompute.rebuild(self.pool, self.vault, self.rules, clock=lambda: self.now, progress=lambda done: None)
        await rebuild_sums(self.pool, self.rules)
        await invented_registers.fill(self.pool, self.vault, self.rules, self.city, self.now, principal("supervisor-1"))
        receipt = await self.pool.fetchrow("SELECT id, receipt_no, region_code FROM intake.complaints ORDER BY received_at DESC LIMIT 1")
        told = EmergencySuspected(
            occurred_at=self.now - timedelta(minutes=35), complaint_id=receipt["id"], receipt_no=receipt["receipt_no"],
            region=Region(code=receipt["region_code"], city="470300"), triggers=("氯气味", "泄漏"), received_at=self.now - timedelta(minutes=40),
            report_due_at=self.now + timedelta(minutes=85),
        )  # fmt: skip
        async with begin(self.pool, service="registers", vault=self.vault, clock=lambda: self.now) as unit:
            await suspect(unit, Duty(self.rules.emergency, self.city), told, None)
        await self.pool.execute("DELETE FROM bus.outbox")
        async with begin(self.pool, service="supervision", vault=self.vault, clock=lambda: self.now) as unit:
            rows = await unit.connection.fetch(
                "SELECT case_id, case_no, region, lead_unit, leader_id FROM casework.cases WHERE status IN ('investigating', 'rectifying') ORDER BY case_no LIMIT 6"
            )
            for row in rows:
                await unit.connection.execute(
                    """INSERT INTO supervision.proposals (id, case_id, case_no, step, reason, provenance, unowned, region, unit_id, leader_id, proposed_at)
                       VALUES ($1, $2, $3, '督办', '期限“热线答复”已届满，逾期17个工作日。', '《信访工作条例》第四十条（拖延）', false, $4, $5, $6, $7)""",
                    uuid5(row["case_id"], "propose"), row["case_id"], row["case_no"], row["region"], row["lead_unit"], row["leader_id"], self.now,
                )  # fmt: skip

    async def give(self, id: UUID, actor: Principal, at: datetime, *commands: c.Command) -> None:
        """Commands by somebody at a moment; a refusal is a mistake in this file."""
        async with begin(self.pool, service="test", vault=self.vault, clock=lambda: at) as unit:
            cases = Cases(unit, self.rules.case, self.cache, now=at)
            await cases.load([id], opening=[id])
            for command in commands:
                result = cases.give(id, command, actor)
                assert not isinstance(result, Refusal), f"{command.type}: {result}"
            await cases.save()
        await self.pool.execute("DELETE FROM bus.outbox")

    async def _commands(
        self, id: UUID, number: str, story: Story, stage: str, unit: str, leader: str | None, began: datetime, links: Sequence[v.Link]
    ) -> None:
        await self._triage(id, number, story, links, began)
        kinds = tuple(KINDS.get(part, PollutionType.OTHER) for part in story.kind.split("/")[:1])
        what = story.kind.split("/")[-1]
        matter = v.Matter(summary=f"{story.respondent or story.address}：{what}", place=story.address, respondent=story.respondent or "", types=kinds,
                          urgency=Urgency.EMERGENCY if story.emergency else Urgency.NORMAL, key_item=story.key)  # fmt: skip
        await self.give(id, SYSTEM, began, c.Open(case_no=number, region=story.place.code, city="470300", matter=matter, first=links[0]))
        for link in links[1:]:
            await self.give(id, SYSTEM, link.received_at, c.AddLink(link=link))
        if stage == "opened":
            return
        clock = Clock(max(began, links[-1].received_at), self.now)
        lead = v.UnitRef(unit_id=unit, name=self.city.unit(unit).name, role=UnitRole.LEAD)
        co = "da-hb" if unit != "da-hb" else "da-cg"
        helper = v.UnitRef(unit_id=co, name=self.city.unit(co).name, role=UnitRole.CO_HANDLING)
        await self.give(id, SYSTEM, clock.tick(), c.Assign(units=(lead, helper), basis=("噪声污染防治法第五十九条",)))
        if leader:
            known = self.city.index.leaders[leader]
            await self.give(id, SYSTEM, clock.tick(), c.AssignLeader(leader=v.Leader(person_id=leader, name=known.name, title=known.title), triggers=("重复反映三次以上",)))
        handler = self.handler(unit)
        if stage == "assigned":
            return
        if stage == "returned":
            await self.give(id, handler, clock.tick(), c.ReturnPart(ground=ReturnGround.NOT_OUR_DUTY, reason="该工地由住建部门监管", proposed_unit="da-zj"))
            return
        member = v.Member(person_id=handler.id, name=handler.name, duty="承办")
        await self.give(id, handler, clock.tick(), c.SignIn(), c.AcceptPart(members=(member,)))
        if stage == "signed":
            return
        await self.give(id, handler, clock.tick(), c.Investigate())
        if stage == "investigating":
            return
        report, before = await self.item(f"{number}-e0", "report", clock.now, None), await self.item(f"{number}-e1", "before", clock.now, None)
        await self.give(id, handler, clock.tick(), c.AddEvidence(evidence=report), c.AddEvidence(evidence=before))
        found = c.Verify(verdict=Verdict.MOSTLY_TRUE, found=f"经现场核查，{what}情况基本属实。", root_cause="项目赶工，夜间连续作业，未办理夜间施工许可。", report=report.id, evidence=(before.id,))
        await self.give(id, handler, clock.tick(), found)
        if stage == "verified":
            return
        day = (clock.now + timedelta(days=9)).date()
        measures = tuple(
            v.PlannedMeasure(id=f"m{n}", text=text, unit_id=unit, person_id=handler.id, person=handler.name, deadline=day)
            for n, text in enumerate(("停止夜间施工，补办许可手续", "安装噪声在线监测并公示数据", "每周回访周边住户"), 1)
        )
        await self.give(id, handler, clock.tick(), c.Plan(mode=v.RectifyMode.LEDGER, target="夜间场界噪声达标，群众不再反映", measures=measures))
        if stage == "rectifying":
            await self.give(id, handler, clock.tick(), c.ReportMeasure(measure_id="m1", progress=60, note="已停止夜间施工，许可手续正在补办。"))
            return
        clock.tick()
        after = await self.item(f"{number}-e2", "after", clock.now, before.id)
        await self.give(id, handler, clock.tick(), c.AddEvidence(evidence=after))
        await self.give(id, handler, clock.tick(), *(c.ReportMeasure(measure_id=m.id, progress=100, note="已完成。", evidence=(after.id,)) for m in measures))
        await self.give(id, self.handler(co), clock.tick(), c.SignIn(), c.AcceptPart(), c.FinishPart(report="已完成监测。"))
        if stage == "measured":
            return
        await self.give(id, handler, clock.tick(), c.SettleResponsibility(unit=story.respondent or "项目部", person="项目负责人", punishments=("罚款三万元",)), c.Conclude(result="已停止夜间施工并安装在线监测，近一周场界噪声达标。", similar_sites="同街道三个工地一并检查", lasting_mechanism="夜间施工联审"))
        if stage == "concluded":
            return
        await self._close(id, clock, stage, handler, leader, links)

    async def _close(self, id: UUID, clock: Clock, stage: str, handler: Principal, leader: str | None, links: Sequence[v.Link]) -> None:
        """From the request to the close-out, with the days publicity and quiet take."""
        await self.give(id, handler, clock.tick(), c.RequestCloseOut())
        if stage == "requested":
            return
        acceptor = principal("acceptor-1")
        days = self.rules.case.casework.publicity.min_days
        await self.give(id, acceptor, clock.tick(), c.AcceptWork(unit="东岸区整改办", finding="现场核查，措施落实到位。"), c.StartPublicity(media="市政府网站", days=days))
        caller = principal("callback-1")
        for reporter in dict.fromkeys(link.reporter for link in links if link.reporter):
            await self.give(id, caller, clock.tick(), c.RecordCallback(reporter=reporter, outcome=v.Satisfaction.SATISFIED, note="夜里安静了。"))
        clock.now += timedelta(days=days + 24)  # quiet for long enough, holidays included
        await self.give(id, acceptor, clock.tick(), c.FinishPublicity())
        if stage == "publicised":
            return
        if leader:
            await self.give(id, Principal(leader, "", frozenset({Role.LEADER}), None, EVERYWHERE), clock.tick(), c.Sign())
        await self.give(id, acceptor, clock.tick(), c.SubmitReview())
        await self.give(id, principal("reviewer-1"), clock.tick(), c.CloseOut(document_no=f"云环销〔2026〕{self.number}号", finding="四项均已达到，同意销号。"))

    def handler(self, unit: str) -> Principal:
        """Who works a unit's cases."""
        if unit == "da-cg":
            return principal("da-cg-2")
        officer = next(o for o in self.city.document.officers if o.unit == unit)
        return Principal(officer.id, officer.name, frozenset({Role.OFFICER, Role.UNIT_HEAD}), unit, EVERYWHERE)

    async def item(self, id: str, purpose: str, at: datetime, pair_of: str | None) -> v.Evidence:
        """An item of evidence; with a store its file too, without one only the row that says it is there."""
        report = purpose == "report"
        content = invented_photos.paper(id) if report else invented_photos.photo(purpose, at, hash_of(id) % 97 if self.files else 1)
        if self.files is not None:
            kept = await self.files.keep(self.pool, io.BytesIO(content), kind=None, by="test", now=at)
            assert not isinstance(kept, Refusal), kept
        sha256 = hashlib.sha256(content).hexdigest()
        if self.files is None:
            await self.pool.execute(
                """INSERT INTO casework.files (sha256, kind, media_type, size, state, uploaded_by, at) VALUES ($1, $2, $3, $4, 'stored', 'test', $5)
                   ON CONFLICT DO NOTHING""",
                sha256, "document" if report else "photo", "application/pdf" if report else "image/jpeg", len(content), at,
            )  # fmt: skip
        return v.Evidence(
            id=id, sha256=sha256, kind=v.EvidenceKind.DOCUMENT if report else v.EvidenceKind.PHOTO, purpose=v.EvidencePurpose(purpose),
            media_type="application/pdf" if report else "image/jpeg", size=len(content), on_site=not report, pair_of=pair_of, taken_at=None if report else at,
            caption={"report": "现场核查报告", "before": "夜间施工现场", "after": "停工后的现场"}[purpose],
        )  # fmt: skip


@dataclass
class Clock:
    """Moments of one case, each later than the one before and none in the future."""

    now: datetime
    last: datetime

    def tick(self) -> datetime:
        """A while later."""
        self.now = min(self.now + timedelta(hours=7), self.last - (self.last - self.now) / 3)
        return self.now


def reading_of(story: Story) -> dict[str, Any]:
    """What the machine would have read, as far as anybody here looks at it."""
    kind = KINDS.get(story.kind.split("/")[0], PollutionType.OTHER).value
    return {
        "environmental": 0.97, "types": [[kind, 0.94]], "subtype": [story.kind.split("/")[-1], 0.9], "urgent": story.emergency,
        "respondent": story.respondent, "place": {"text": story.address}, "versions": {"model": "m", "lexicon": "l", "taxonomy": "t"},
    }  # fmt: skip


def hash_of(text: str) -> int:
    """A number that stays the same between runs."""
    return int.from_bytes(uuid5(NAMESPACE_URL, text).bytes[:4], "big")


async def everything(
    pool: Pool, vault: Vault, rules: RuleBook, city: City, now: datetime, *, count: int = 24, files: Files | None = None
) -> tuple[Scribe, Invented]:
    """People, cases, and questions about links."""
    await people_of(pool, city)
    scribe = Scribe(pool, vault, rules, city, now, files)
    made = await scribe.office(count)
    await scribe.questions()
    return scribe, made
