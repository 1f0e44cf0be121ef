"""The example city's registers in the invented office's database, and a case nobody fits to lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from services.domain.city import City
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.domain.rulebook import RuleBook
from services.infra.postgres import Pool
from services.infra.unit_of_work import begin
from services.infra.vault import Vault
from services.registers.importing import Register, Upload, take_in
from services.registers.ledger.lines import LedgerRegister
from services.registers.resources.acts import ResourceRegister
from services.registers.risks.acts import RiskRegister
from services.registers.stations.acts import StationRegister

FOLDER = Path("deploy/city/example/registers")
UNLED = """
SELECT case_id, case_no FROM casework.cases WHERE leader_id IS NULL AND status IN ('rectifying', 'signed_in') ORDER BY case_no LIMIT 1
"""


async def fill(pool: Pool, vault: Vault, rules: RuleBook, city: City, now: datetime, keeper: Principal) -> None:
    """Import each file as the keeper."""
    kept: dict[str, Register] = {
        "risk_sources": RiskRegister(city), "stations": StationRegister(city), "resources": ResourceRegister(city),
        "ledger": LedgerRegister(city, rules.ledger, now),
    }  # fmt: skip
    for name, register in kept.items():
        upload = Upload((FOLDER / f"{name}.csv").read_bytes(), f"{name}.csv")
        async with begin(pool, service="registers", vault=vault, clock=lambda: now) as unit:
            taken = await take_in(unit, keeper, register, upload, check=False)
            assert not isinstance(taken, Refusal), taken
    case = await pool.fetchrow(UNLED)
    if case is None:
        return
    wanted = {"case_no": case["case_no"], "triggers": ["repeat-3"], "reasons": ["同一信访人反映三次以上", "分管领导均须回避"], "city_version": "1"}
    await pool.execute("INSERT INTO dispatch.cases (case_id) VALUES ($1) ON CONFLICT DO NOTHING", case["case_id"])
    await pool.execute("INSERT INTO dispatch.leaders_wanted (case_id, event, since) VALUES ($1, $2, $3)", case["case_id"], wanted, now - timedelta(days=2))
