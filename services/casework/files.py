"""Evidence files by the hash of their content, in a folder or any S3-compatible store.

Order of an upload: row (`uploading`) → objects → row (`stored`) → the command that refers to it. A crash leaves a row
that the sweep finds; an object without a row cannot be. What no case refers to after a day is swept.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from obstore.store import LocalStore, from_url

from services.casework.kinds import HEAD_BYTES, kind_of, media_type
from services.casework.photos import FORMATS, Photo, examine
from services.domain.case.rules import EvidenceRules
from services.domain.case.values import EvidenceKind
from services.domain.refusals import Refusal, refuse
from services.infra.postgres import Pool
from services.infra.settings import Settings

ORPHAN_AFTER = timedelta(days=1)
ORIGINAL, SHOWN, THUMBNAIL = "", ".shown", ".thumbnail"
# An upload of what is being swept waits for the sweep's lock and then begins anew.
ANNOUNCE = """
INSERT INTO casework.files AS f (sha256, kind, media_type, size, state, uploaded_by, at)
VALUES ($1, $2, $3, $4, 'uploading', $5, $6)
ON CONFLICT (sha256) DO UPDATE SET at = excluded.at RETURNING state
"""
STORED = """
UPDATE casework.files SET state = 'stored', taken_at = $2, latitude = $3, longitude = $4, shown = $5, thumbnail = $6 WHERE sha256 = $1
"""
FIND = "SELECT sha256, media_type, size, shown, thumbnail FROM casework.files WHERE sha256 = $1 AND state = 'stored'"
ORPHANS = """
SELECT f.sha256 FROM casework.files f
WHERE f.at < $1 AND NOT EXISTS (SELECT 1 FROM casework.file_uses u WHERE u.sha256 = f.sha256) LIMIT $2 FOR UPDATE SKIP LOCKED
"""
FORGET = "DELETE FROM casework.files WHERE sha256 = ANY($1::text[])"


@dataclass(frozen=True, slots=True)
class File:
    """A file that is stored."""

    sha256: str
    kind: EvidenceKind
    media_type: str
    size: int


class Files:
    """The store and its register."""

    def __init__(self, store: Any, rules: EvidenceRules) -> None:
        self.store = store
        self.rules = rules

    @classmethod
    def from_settings(cls, settings: Settings, rules: EvidenceRules) -> Files:
        """The store the settings name: a URL (`s3://bucket/prefix`), a folder, or `evidence` in the home."""
        place = settings.evidence
        if place and "://" in place:
            return cls(from_url(place), rules)
        folder = Path(place) if place else settings.home / "evidence"
        return cls(LocalStore(prefix=str(folder.absolute()), mkdir=True), rules)

    async def keep(self, pool: Pool, source: IO[bytes], *, kind: EvidenceKind | None, by: str, now: datetime) -> File | Refusal:
        """Store a file of accepted type and size; the same content again is the same file."""
        head, size, sha256 = await asyncio.to_thread(_read, source)
        found = media_type(head, whole=size <= len(head))
        if found is None and size <= max(self.rules.max_bytes.values()):
            source.seek(0)
            found = await asyncio.to_thread(lambda: media_type(source.read()))
        accepted = kind_of(self.rules, found, kind) if found else None
        if found is None or accepted is None:
            kinds = [kind] if kind else list(self.rules.media_types)
            allowed = "、".join(kind for item in kinds for kind in self.rules.media_types.get(item, ()))
            return refuse("evidence.type", media_type=found or "无法识别", allowed=allowed, field="file")
        limit = self.rules.max_bytes[accepted]
        if size > limit:
            return refuse("evidence.size", size=size, limit=limit, field="file")
        photo: Photo | None = None
        if found in FORMATS:
            source.seek(0)
            content = source.read()
            looked = await asyncio.to_thread(examine, content, found, self.rules.max_pixels)
            if isinstance(looked, Refusal):
                return looked
            photo = looked
        file = File(sha256, accepted, found, size)
        state = await pool.fetchval(ANNOUNCE, sha256, accepted.value, found, size, by, now)
        if state != "stored":
            await self._put(file, source, photo)
            place = photo.position if photo else None
            await pool.execute(
                STORED, sha256, photo.taken_at if photo else None, place.latitude if place else None,
                place.longitude if place else None, SHOWN if photo else None, THUMBNAIL if photo else None,
            )  # fmt: skip
        return file

    async def _put(self, file: File, source: IO[bytes], photo: Photo | None) -> None:
        source.seek(0)
        await self.store.put_async(path_of(file.sha256), source)
        if photo:
            await self.store.put_async(path_of(file.sha256, SHOWN), photo.shown)
            await self.store.put_async(path_of(file.sha256, THUMBNAIL), photo.thumbnail)

    async def get(self, sha256: str, form: str = ORIGINAL) -> bytes:
        """The bytes of a stored file in one of its forms; raises FileNotFoundError."""
        found = await self.store.get_async(path_of(sha256, form))
        return bytes(await found.bytes_async())

    async def sweep(self, pool: Pool, now: datetime, *, limit: int = 500) -> int:
        """Remove files that no case refers to, a day after they came; returns how many."""
        async with pool.acquire() as connection, connection.transaction():
            gone = [row["sha256"] for row in await connection.fetch(ORPHANS, now - ORPHAN_AFTER, limit)]
            for sha256 in gone:
                for form in (ORIGINAL, SHOWN, THUMBNAIL):
                    with contextlib.suppress(FileNotFoundError):
                        await self.store.delete_async(path_of(sha256, form))
            if gone:
                await connection.execute(FORGET, gone)
        return len(gone)


def path_of(sha256: str, form: str = ORIGINAL) -> str:
    """Where a file lies in the store: spread over 256 folders."""
    return f"{sha256[:2]}/{sha256}{form}"


def _read(source: IO[bytes]) -> tuple[bytes, int, str]:
    source.seek(0)
    digest, size, head = hashlib.sha256(), 0, b""
    while piece := source.read(1 << 20):
        head = head or piece[:HEAD_BYTES]
        digest.update(piece)
        size += len(piece)
    return head, size, digest.hexdigest()
