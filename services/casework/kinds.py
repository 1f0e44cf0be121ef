"""What a file is, by its own first bytes; what its name or sender says does not count. Pure."""

from __future__ import annotations

import io
import json
import zipfile

from services.domain.case.rules import EvidenceRules
from services.domain.case.values import EvidenceKind

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD_BYTES = 4096
HEIC = "image/heic"
_BRANDS = {
    b"heic": HEIC, b"heix": HEIC, b"heim": HEIC, b"heis": HEIC, b"hevc": HEIC, b"mif1": HEIC, b"msf1": HEIC, b"avif": "image/avif", b"qt  ": "video/quicktime", b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
}  # fmt: skip


def media_type(content: bytes, *, whole: bool = True) -> str | None:
    """The media type, or None where it is none that evidence can be. `whole` is false for the beginning of a long file."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(content[8:12])
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12], "video/mp4")
    if content.startswith(b"ID3") or (len(content) > 1 and content[0] == 0xFF and content[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"PK\x03\x04"):
        return _office(content) if whole else None
    return _text(content) if whole else None


def _office(content: bytes) -> str | None:
    """Word or Excel by the parts inside; nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return None
    if "[Content_Types].xml" not in names:
        return None
    if any(name.endswith("vbaProject.bin") for name in names):
        return None  # macros are programs, not evidence
    return WORD if "word/document.xml" in names else SHEET if "xl/workbook.xml" in names else None


def _text(content: bytes) -> str | None:
    """Tables of measured values: JSON, or text with separators."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\0" in text or not text.strip():
        return None
    if text.lstrip()[:1] in "[{":
        try:
            json.loads(text)
            return "application/json"
        except (ValueError, RecursionError):
            return None
    first = text.lstrip().splitlines()[0]
    return "text/csv" if any(mark in first for mark in ",;\t") and "<" not in first else None


def kind_of(rules: EvidenceRules, found: str, wanted: EvidenceKind | None) -> EvidenceKind | None:
    """Which kind of evidence a media type can be: the one asked for where it may, else the first that takes it."""
    if wanted is not None:
        return wanted if found in rules.media_types.get(wanted, ()) else None
    return next((kind for kind, accepted in rules.media_types.items() if found in accepted), None)


def largest(rules: EvidenceRules) -> int:
    """Bytes of the largest file any kind takes."""
    return max(rules.max_bytes.values())
