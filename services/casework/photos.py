"""Photographs: when and where they were taken, a copy without either for others, a thumbnail. Pure, off the event loop."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from services.domain.case.values import Position
from services.domain.refusals import Refusal, refuse

THUMBNAIL_PIXELS = 320
QUALITY = 88
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
CHINA = timezone(timedelta(hours=8))
"""Cameras write local time; where the offset is missing it is China's."""


@dataclass(frozen=True, slots=True)
class Photo:
    """What a photograph told: moment and place from its EXIF, the stripped copy, the thumbnail (JPEG)."""

    taken_at: datetime | None
    position: Position | None
    shown: bytes
    thumbnail: bytes


def examine(content: bytes, media_type: str, max_pixels: int) -> Photo | Refusal:
    """Open a photograph within bounds; a refusal where it is broken, too large when unpacked, or another type than it says."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # bounded below, by configuration
            with Image.open(io.BytesIO(content), formats=[FORMATS[media_type]]) as image:
                pixels = image.width * image.height
                if pixels > max_pixels:
                    return refuse("evidence.pixels", pixels=pixels, limit=max_pixels, field="file")
                taken, place = _told(image)
                image.load()
                upright = ImageOps.exif_transpose(image)
                return Photo(taken, place, _save(upright, FORMATS[media_type]), _thumbnail(upright))
    except Image.DecompressionBombError:
        return refuse("evidence.pixels", pixels="过多", limit=max_pixels, field="file")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, KeyError, TypeError, ZeroDivisionError, EOFError):
        return refuse("evidence.broken", media_type=media_type, field="file")


def _save(image: Image.Image, format: str) -> bytes:
    """The pixels alone: no EXIF, no comment, no colour profile of the device."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    if image.mode == "P" and (palette := image.getpalette()):
        bare.putpalette(palette)
    out = io.BytesIO()
    bare.save(out, format, quality=QUALITY) if format != "PNG" else bare.save(out, format)
    return out.getvalue()


def _thumbnail(image: Image.Image) -> bytes:
    small = image.convert("RGB")
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _told(image: Image.Image) -> tuple[datetime | None, Position | None]:
    exif = image.getexif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    stamp = details.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    return _moment(stamp, details.get(ExifTags.Base.OffsetTimeOriginal)), _position(gps)


def _moment(stamp: Any, offset: Any) -> datetime | None:
    try:
        local = datetime.strptime(str(stamp).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    try:
        zone = datetime.strptime(str(offset).strip("\0 "), "%z").tzinfo or CHINA
    except ValueError:
        zone = CHINA
    return local.replace(tzinfo=zone).astimezone(UTC)


def _position(gps: dict[int, Any]) -> Position | None:
    try:
        latitude = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef) == "S")
        longitude = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef) == "W")
        return Position(latitude=latitude, longitude=longitude)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def _degrees(parts: Any, negative: bool) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if negative else value
