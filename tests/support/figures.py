"""Invented facts in bulk, straight into the read models: a heavy tail of sites, seasons, repeats, rounds, call-backs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np

from services.analytics import repository as store
from services.analytics.refresh import Refresher
from services.domain.rulebook import RuleBook
from services.infra.postgres import Pool

REGIONS = ("470302", "470303", "470304", "470321", "470322", "470323")
TYPES = ("大气", "噪声", "水", "固废")
SUBTYPES = {"大气": "餐饮油烟", "噪声": "施工噪声", "水": "工业废水", "固废": "生活垃圾"}
CHANNELS = ("HOTLINE_12345", "ENV_12369_PHONE", "ENV_12369_WECHAT", "XF_WEB", "DC_PROVINCIAL")
SHOPS = ("鑫味烧烤", "老街火锅", "康华五金厂", "聚源塑料厂", "恒泰搅拌站", "金穗养殖场", "顺达汽修", "宏图印刷厂", "绿野木业", "明月歌厅")
ROADS = ("云溪路", "望江街", "青石巷", "柳堤路", "磨坊街", "书院路", "渡口街", "枫林路", "石桥街", "南塘路")


async def fill(pool: Pool, rules: RuleBook, complaints: int, *, days: int = 730, until: date = date(2026, 11, 24), seed: int = 5) -> None:
    """About so many complaints in 0.3 times as many cases over so many days up to `until`, counted and summed."""
    rng = np.random.default_rng(seed)
    cases = max(10, int(complaints * 0.3))
    sizes = np.minimum(1 + rng.zipf(1.9, cases), 400)
    sizes = np.maximum(1, (sizes * complaints / sizes.sum())).astype(int)
    start = until - timedelta(days=days - 1)
    opened = np.sort(rng.integers(0, days, cases))
    sites = rng.zipf(1.6, cases) % max(20, cases // 3)
    tables: dict[str, list[tuple[object, ...]]] = {"complaint_facts": [], "case_facts": [], "round_facts": [], "callback_facts": [], "link_facts": []}
    columns: dict[str, list[str]] = {}

    def add(table: str, **row: object) -> None:
        columns.setdefault(table, list(row))
        tables[table].append(tuple(row.values()))

    for n in range(cases):
        site = int(sites[n])
        region, kind = REGIONS[site % 6], TYPES[(site + (n % 7 == 0)) % 4]
        name, place = f"{SHOPS[site % 10]}{site}", f"{ROADS[site % 10]}{site}号"
        case_id, first = UUID(int=rng.integers(1, 2**62).item() << 64 | n), start + timedelta(days=int(opened[n]))
        shared: dict[str, object] = {
            "region": region, "channel": CHANNELS[n % 5], "types": [kind], "environmental": True, "key_item": n % 50 == 0,
            "respondent_key": name, "site_key": f"p:{place}", "unit": f"{'da-hb' if kind == '大气' else 'da-cg'}-{region}",
            "leader": f"leader-{n % 12}" if sizes[n] >= 4 else None,
        }  # fmt: skip
        callers: dict[str, int] = {}
        last = first
        for index in range(int(sizes[n])):
            day = min(until, first + timedelta(days=int(rng.exponential(30)) if index else 0))
            last = max(last, day)
            crowd = max(1, int(sizes[n] * (0.25 if site % 9 == 0 else 0.8)))
            reporter = None if rng.random() < 0.1 else f"{n}-{rng.integers(0, crowd)}"
            times = callers[reporter] = callers.get(reporter, 0) + 1 if reporter else 0
            kind_of = "FIRST_REPORT" if index == 0 else "REPEAT_PETITION" if times > 1 else "MERGED_REPORT"
            complaint = UUID(int=n << 80 | index << 16 | 1)
            add(
                "complaint_facts", complaint_id=complaint, case_id=case_id, receipt_no=f"YZ{day:%Y%m%d}{n:07d}{index}",
                received_at=datetime(day.year, day.month, day.day, 2, index % 60, tzinfo=UTC), received_on=day, subtype=SUBTYPES[kind],
                anonymous=reporter is None, reporter=reporter, signatories=1, respondent=name, place=place, place_key=place, kind=kind_of,
                band="auto" if index else "new", machine=True, weight=Decimal(1), persons=Decimal(1), valid=True, case_ordinal=index + 1,
                reporter_ordinal=times or None, after_supervision=False, **shared,
            )  # fmt: skip
            if index and rng.random() < 0.5:
                suggest = rng.random() < 0.3
                score = float(rng.beta(5, 3) if suggest else rng.beta(20, 1))
                answer = ("confirmed" if rng.random() < score else "refused") if suggest else "undone" if rng.random() < 0.01 else None
                machine = {**shared, "site_key": None, "unit": None, "leader": None}
                add("link_facts", link_id=UUID(int=n << 80 | index << 16 | 2), complaint_id=complaint, case_id=case_id, decided_on=day,
                    act="suggest" if suggest else "auto", kind=kind_of, score=score, model="m1", answer=answer, answered_on=None, **machine)  # fmt: skip
        insistent = max([*callers.values(), 1])
        length = float(rng.gamma(2.0, 25.0))
        closed = first + timedelta(days=int(length)) if first + timedelta(days=int(length)) <= until else None
        rebound = closed + timedelta(days=int(rng.exponential(60)) + 1) if closed and rng.random() < 0.12 else None
        rebound = rebound if rebound and rebound <= until else None
        looked = closed + timedelta(days=35) if closed and n % 8 == 0 and closed + timedelta(days=35) <= until else None
        concluded = first + timedelta(days=int(length * 0.5))
        concluded_on = concluded if concluded <= until else None
        add(
            "case_facts", case_id=case_id, case_no=f"AJ{first.year}-{n:07d}", version=10, status="closed_out" if closed and not rebound else "rectifying",
            live=True, resolved=bool(closed and not rebound), subtype=SUBTYPES[kind], urgency="一般", respondent=name, place=place,
            unit_name="东岸区生态环境分局", leader_name="", verdict=None, complaints=Decimal(int(sizes[n])), deliveries=Decimal(int(sizes[n])),
            reporters=max(1, len(callers) - (None in callers)), repeat_ordinal=insistent, repeats_after_supervision=0,
            ordinal=2 if rebound else 1, rebounds=int(bool(rebound)), fakes=0, supervisions=0, step=None, merged_into=None, opened_on=first,
            first_received_on=first, last_received_on=last, leader_on=first if sizes[n] >= 4 else None, supervised_on=None,
            first_closed_on=closed, days_to_close=Decimal(f"{length:.2f}") if closed else None, **shared,
        )  # fmt: skip
        verdict = ("属实", "基本属实", "部分属实", "不属实")[int(rng.choice(4, p=[0.31, 0.075, 0.545, 0.07]))]
        add(
            "round_facts", case_id=case_id, ordinal=1, repeat_ordinal=insistent, outcome="closed_out" if closed else "open", verdict=verdict,
            returns=int(rng.random() < 0.06), sent_back=int(rng.random() < 0.05), fake=False, rebound=rebound is not None,
            look_back_passed=bool(rng.random() < 0.91) if looked else None, in_time=bool(length * 0.5 < 40) if concluded_on else None,
            notice_in_time=True, answer_in_time=bool(length * 0.5 < 40), sign_in_in_time=bool(rng.random() < 0.97), started_on=first, assigned_on=first, accepted_on=first,
            verified_on=min(until, first + timedelta(days=3)), stage_concluded_on=None, concluded_on=concluded_on, closed_out_on=closed,
            looked_back_on=looked, rebound_on=rebound, due_on=first + timedelta(days=7), notice_due_on=first + timedelta(days=15),
            answer_due_on=first + timedelta(days=7),
            sign_in_due_on=first + timedelta(days=1), leader_on=None, days_to_accept=Decimal("0.20"),
            days_to_conclude=Decimal(f"{length / 2:.2f}") if concluded_on else None,
            days_to_close=Decimal(f"{length:.2f}") if closed else None,
            rebound_days=Decimal((rebound - closed).days) if rebound and closed else None, **shared,
        )  # fmt: skip
        if concluded_on and n % 2 == 0:
            said = str(rng.choice(["satisfied", "mostly_satisfied", "unsatisfied", "no_answer", "unreachable"], p=[0.45, 0.2, 0.15, 0.12, 0.08]))
            spoke = said not in ("no_answer", "unreachable")
            add("callback_facts", case_id=case_id, version=9, ordinal=1, called_on=concluded_on, reporter=f"{n}-0", outcome=said,
                contacted=bool(rng.random() < 0.95) if spoke else None, solved=bool(rng.random() < 0.8) if spoke else None, last=True, **shared)  # fmt: skip
    async with pool.acquire() as connection:
        for table, rows in tables.items():
            if rows:
                await connection.copy_records_to_table(table, schema_name="analytics", columns=columns[table], records=rows)
        await connection.execute("ANALYZE")
        await store.mark_days(connection, [row["day"] for row in await connection.fetch(store.ALL_DAYS)], sets=True)
    await Refresher(pool, rules).drain()
    await pool.execute("VACUUM ANALYZE analytics.daily")
