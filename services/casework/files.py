"""Evidence files by the hash of their content, in a folder or any S3-compatible store.

Order of an upload: row (`uploading`) → objects → row (`stored`) → the command that refers to it. A crash leaves a row
that the sweep finds; an object without a row cannot be. What no case and no register refers to after a day is swept.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from services.casework.kinds import HEAD_BYTES, HEIC, kind_of, largest, media_type
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
SELECT n.sha256, n.kind, n.media_type, n.size, 'uploading', $5, $6
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS n (sha256, kind, media_type, size) ORDER BY n.sha256
ON CONFLICT (sha256) DO UPDATE SET at = excluded.at RETURNING sha256, state
"""
STORED = """
UPDATE casework.files AS f SET state = 'stored', taken_at = n.taken_at, latitude = n.latitude, longitude = n.longitude,
    shown = n.shown, thumbnail = n.thumbnail
FROM unnest($1::text[], $2::timestamptz[], $3::float8[], $4::float8[], $5::text[], $6::text[])
    AS n (sha256, taken_at, latitude, longitude, shown, thumbnail) WHERE f.sha256 = n.sha256
"""
FIND = "SELECT sha256, media_type, size, shown, thumbnail FROM casework.files WHERE sha256 = $1 AND state = 'stored'"
ORPHANS = """
SELECT f.sha256 FROM casework.files f
WHERE f.at < $1 AND NOT EXISTS (SELECT 1 FROM casework.file_uses u WHERE u.sha256 = f.sha256)
    AND NOT EXISTS (SELECT 1 FROM registers.evidence e WHERE e.sha256 = f.sha256) LIMIT $2 FOR UPDATE SKIP LOCKED
"""
FORGET = "DELETE FROM casework.files WHERE sha256 = ANY($1::text[])"


class StoreAway(OSError):
    """The evidence store did not take or give a file; what was uploaded is not registered as stored and may be sent again."""

    def __init__(self, failure: BaseException) -> None:
        super().__init__(f"the evidence store (PETITIONS_EVIDENCE) refuses: {type(failure).__name__}")


@dataclass(frozen=True, slots=True)
class File:
    """A file that is stored."""

    sha256: str
    kind: EvidenceKind
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class _Looked:
    """An accepted file that is not stored yet."""

    file: File
    source: IO[bytes]
    photo: Photo | None

    def row(self) -> tuple[Any, ...]:
        """What the register learns once the objects are there."""
        photo = self.photo
        place = photo.position if photo else None
        return (
            self.file.sha256, photo.taken_at if photo else None, place.latitude if place else None,
            place.longitude if place else None, SHOWN if photo else None, THUMBNAIL if photo else None,
        )  # fmt: skip


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
        return (await self.keep_many(pool, [source], kind=kind, by=by, now=now))[0]

    async def keep_many(
        self, pool: Pool, sources: Sequence[IO[bytes]], *, kind: EvidenceKind | None = None, by: str, now: datetime
    ) -> list[File | Refusal]:
        """Store files, each by itself accepted or refused."""
        looked = await asyncio.to_thread(lambda: [self._look(source, kind) for source in sources])
        good = {found.file.sha256: found for found in looked if isinstance(found, _Looked)}
        if good:
            files = [found.file for found in good.values()]
            columns = [[f.sha256 for f in files], [f.kind.value for f in files], [f.media_type for f in files], [f.size for f in files]]
            states = {row["sha256"]: row["state"] for row in await pool.fetch(ANNOUNCE, *columns, by, now)}
            fresh = [found for sha256, found in good.items() if states[sha256] != "stored"]
            for found in fresh:
                await self._put(found)
            if fresh:
                await pool.execute(STORED, *map(list, zip(*(found.row() for found in fresh), strict=True)))
        return [found.file if isinstance(found, _Looked) else found for found in looked]

    def _look(self, source: IO[bytes], kind: EvidenceKind | None) -> _Looked | Refusal:
        """What a file is, within bounds; synchronous, for a thread."""
        head, size, sha256 = _read(source)
        found = media_type(head, whole=size <= len(head))
        if found is None and size <= largest(self.rules):
            source.seek(0)
            found = media_type(source.read())
        if found == HEIC:
            return refuse("evidence.heic", field="file")
        accepted = kind_of(self.rules, found, kind) if found else None
        if found is None or accepted is None:
            kinds = [kind] if kind else list(self.rules.media_types)
            allowed = "、".join(name for item in kinds for name in self.rules.media_types.get(item, ()))
            return refuse("evidence.type", media_type=found or "无法识别", allowed=allowed, field="file")
        limit = self.rules.max_bytes[accepted]
        if size > limit:
            return refuse("evidence.size", size=size, limit=limit, field="file")
        photo: Photo | None = None
        if found in FORMATS:
            source.seek(0)
            opened = examine(source.read(), found, self.rules.max_pixels)
            if isinstance(opened, Refusal):
                return opened
            photo = opened
        return _Looked(File(sha256, accepted, found, size), source, photo)

    async def _put(self, found: _Looked) -> None:
        found.source.seek(0)
        sha256, photo = found.file.sha256, found.photo
        try:
            await self.store.put_async(path_of(sha256), found.source)
            if photo:
                await self.store.put_async(path_of(sha256, SHOWN), photo.shown)
                await self.store.put_async(path_of(sha256, THUMBNAIL), photo.thumbnail)
        except (BaseError, FileNotFoundError, PermissionError) as failure:
            raise StoreAway(failure) from None

    async def get(self, sha256: str, form: str = ORIGINAL) -> bytes:
        """The bytes of a stored file in one of its forms; raises FileNotFoundError, or `StoreAway`."""
        try:
            found = await self.store.get_async(path_of(sha256, form))
            return bytes(await found.bytes_async())
        except BaseError as failure:
            raise StoreAway(failure) from None

    async def sweep(self, pool: Pool, now: datetime, *, limit: int = 500) -> int:
        """Remove files that nothing refers to, a day after they came; returns how many."""
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
