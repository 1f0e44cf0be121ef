"""One submitted record, made ready: parsed, scrubbed, placed in a district, its original packed for the vault."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import orjson

from contracts.complaints import AttachmentRef, Region
from contracts.rejections import Rejection
from contracts.submitted import ComplaintSubmitted, parse_submitted
from contracts.vocabulary import SourceChannel, Urgency
from services.domain.city import City
from services.domain.identity import reporter_key
from services.domain.receipts import find_receipts
from services.domain.regions import find_region
from services.domain.scrub import scrub_complaint
from services.infra.vault import Vault

UNKNOWN_SOURCE = "unknown"
URGENCIES = {"紧急": Urgency.URGENT, "特急": Urgency.EMERGENCY, "一般": Urgency.NORMAL}
KEY_FLAGS = frozenset({"重点关注件", "重点件", "*"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """What registration needs: fields of the registered event, the keyed hash of the content, the block to seal."""

    source: str
    external_id: str
    content_mac: bytes
    original: bytes
    fields: dict[str, Any]


class Preparing:
    """Prepares records with one city and one vault; pure but for the keys it holds."""

    def __init__(self, city: City, vault: Vault) -> None:
        self.city = city
        self.token_key = vault.keyring.token_key
        self.reporter_key = vault.keyring.reporter_key

    def prepare(self, raw: bytes) -> Prepared | list[Rejection]:
        """The record made ready, or why it cannot be registered."""
        submitted = parse_submitted(raw)
        if isinstance(submitted, list):
            return submitted
        clean, original = scrub_complaint(submitted, self.token_key)
        block = submitted.petitioner
        reporter = reporter_key(block, submitted.source, self.reporter_key)
        found = find_region(
            submitted.region_code, clean.address, f"{clean.title or ''} {clean.text}", self.city, name=clean.region_name
        )
        # An opaque mark of the person; half the hash tells everybody apart and keeps events short.
        fields = {
            "source": submitted.source,
            "external_id": submitted.external_id,
            "channel": submitted.channel or SourceChannel.OTHER,
            "received_at": submitted.received_at.astimezone(UTC),
            "region": Region(
                code=found.code, city=self.city.code, confidence=found.confidence, how=found.how, districts=found.districts,
                town=found.town,
            ),
            "title": clean.title,
            "text": clean.text,
            "address": clean.address,
            "respondent": clean.respondent,
            "demand": submitted.demand,
            "urgency": URGENCIES.get(clean.urgency or ""),
            "pollution_types": clean.pollution_types,
            "reporter": reporter.hex()[:32] if reporter else None,
            "anonymous": block.anonymous,
            "confidential": block.confidential,
            "reply_wanted": block.reply_wanted is not False,
            "signatories": block.signatories or 1,
            "key_item": bool(KEY_FLAGS & set(clean.flags)) or submitted.external_id.endswith("*"),
            "cited_receipts": tuple(dict.fromkeys((*clean.earlier_receipts, *find_receipts(clean.text)))),
            "attachments": tuple(
                AttachmentRef(number=n, media_type=a.media_type, size=a.size, sha256=a.sha256)
                for n, a in enumerate(submitted.attachments, 1)
            ),
            "scrubbed": dict(clean.counts),
        }
        return Prepared(submitted.source, submitted.external_id, self._mac(submitted), original, fields)

    def _mac(self, submitted: ComplaintSubmitted) -> bytes:
        """Tells a resend from a change; keyed, since the content of a complaint could otherwise be guessed and tested.

        When a system received or sent it is no part of what was said: a resend often carries a new time.
        """
        said = submitted.model_dump_json(exclude={"received_at", "set_aside"}, exclude_none=True)
        return hmac.digest(self.reporter_key, b"content\n" + said.encode(), "sha256")

    @staticmethod
    def origin(raw: bytes) -> tuple[str, str | None]:
        """Source and external id of a record that was refused, as far as they can be read and are no identities."""
        try:
            record = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return UNKNOWN_SOURCE, None
        if not isinstance(record, dict):
            return UNKNOWN_SOURCE, None
        probe = parse_submitted(
            orjson.dumps(
                {"source": record.get("source"), "external_id": record.get("external_id"), "received_at": "2026-01-01T00:00:00Z", "text": "探"}
            )
        )
        if isinstance(probe, ComplaintSubmitted):
            return probe.source, probe.external_id
        bad = {rejection.field for rejection in probe}
        source = record.get("source") if "source" not in bad else None
        return (source if isinstance(source, str) and source else UNKNOWN_SOURCE), None
