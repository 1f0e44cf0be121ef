"""Among 500 good records: not UTF-8, not JSON, too large, odd headers, a reply-to. The neighbours arrive."""

import asyncio
from pathlib import Path

import orjson

from contracts.topics import ASSIGNED, REJECTED, SUBMITTED
from services.infra.settings import Settings
from tests.support.complaints import a_complaint
from tests.support.outcome import broken_promises, settled
from tests.support.processes import Processes
from tests.support.topics import everything, publish

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_a_strange_record_is_told_to_its_source_and_costs_its_neighbours_nothing(system: Settings, tmp_path: Path) -> None:
    good = [a_complaint(n, matters=200) for n in range(500)]
    records = [(c["external_id"].encode(), orjson.dumps(c)) for c in good]
    strange = [
        b"\xff\xfe\x00not utf-8",
        b"{not json",
        b"[]",
        b"",
        b"null",
        orjson.dumps({**good[0], "external_id": "S-1", "text": "长" * 20_001}),
        orjson.dumps({"source": "hotline-test", "external_id": "S-2", "received_at": "2026-11-23T09:15:00+08:00"}),
        b'{"text": "' + b"x" * 600_000 + b'"}',
        b"[" * 50_000,
    ]
    headers = [("reply_to", b"petition.complaint.rejected.v1"), ("bad", b"\xff\xfe"), ("ce_id", b"7"), ("content-type", b"text/plain"), ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())]
    processes = Processes(system, ("intake", "triage", "dispatch", "relay"), tmp_path)
    await publish(system, SUBMITTED.name, records[:250])
    for value in strange:
        await publish(system, SUBMITTED.name, [(None, value)])
    await publish(system, SUBMITTED.name, records[250:], headers=headers)
    processes.start()
    try:
        counts = await settled(system, 500, seconds=60, rejected=len(strange))
        assert await broken_promises(system, {c["external_id"] for c in good}) == []
        assert counts["dead_letters"] == len(strange)
        rejected = [orjson.loads(r.value) for r in await everything(system, REJECTED.name)]
        assert len(rejected) == len(strange)
        assert all(r["reasons"] and r["reasons"][0]["remedy_zh"] for r in rejected)
        traces = [dict(r.headers)["traceparent"].decode().split("-")[1] for r in await everything(system, ASSIGNED.name)]
        assert 0 < traces.count(TRACE) < len(traces), "the hotline's trace reaches the assignments of its records and no others"
        assert {r["external_id"] for r in rejected if r.get("external_id")} >= {"S-1", "S-2"}
    finally:
        await asyncio.to_thread(processes.stop)
    assert "长长长" not in processes.logs()
