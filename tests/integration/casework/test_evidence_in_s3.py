"""Evidence in an S3-compatible store: moto's server behind a socket, reached as a real one is, by URL and AWS_… variables."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from moto.server import ThreadedMotoServer

from services.casework.files import ORIGINAL, SHOWN, Files, StoreAway
from services.domain.case.rules import EvidenceRules
from services.domain.refusals import Refusal
from services.infra.postgres import Pool
from services.infra.rules import load_rules
from services.infra.settings import Settings
from services.stack.ports import free_port
from tests.integration.casework.test_evidence import photo
from tests.support.office import START

BUCKET = "petitions-evidence"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{port}"
    httpx.put(f"{address}/{BUCKET}", trust_env=False).raise_for_status()
    yield address
    server.stop()


@pytest.fixture(scope="module")
def rules() -> EvidenceRules:
    return load_rules(Settings().rules).case.casework.evidence


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    for name, value in {"ENDPOINT_URL": endpoint, "ACCESS_KEY_ID": "t", "SECRET_ACCESS_KEY": "t", "REGION": "us-east-1", "ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


async def test_a_store_that_refuses_keeps_nothing_as_stored_and_says_so(pool: Pool, credentials: None, rules: EvidenceRules) -> None:
    away = Files.from_settings(Settings(evidence="s3://no-such-bucket/x"), rules)
    with pytest.raises(StoreAway, match="evidence store"):
        await away.keep(pool, io.BytesIO(photo()), kind=None, by="officer", now=START)
    assert await pool.fetchval("SELECT state FROM casework.files") == "uploading"


async def test_a_photo_and_a_long_table_come_back_as_they_went_and_what_nobody_uses_is_swept(pool: Pool, credentials: None, rules: EvidenceRules) -> None:
    files = Files.from_settings(Settings(evidence=f"s3://{BUCKET}/a/prefix"), rules)
    table = b"a,b\n" + b"1,2\n" * 1_700_000  # longer than one part of an upload in parts
    kept = await files.keep_many(pool, [io.BytesIO(photo()), io.BytesIO(table)], by="officer", now=START)
    first, second = (file for file in kept if not isinstance(file, Refusal))
    assert await files.get(first.sha256, ORIGINAL) == photo() != await files.get(first.sha256, SHOWN)
    assert await files.get(second.sha256) == table
    assert await files.sweep(pool, START + timedelta(days=2)) == 2
    with pytest.raises(FileNotFoundError):
        await files.get(first.sha256)
