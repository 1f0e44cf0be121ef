"""What a hotline publishes: one complaint, as it came. The only contract with identities in it.

Only `source`, `external_id`, `received_at` and `text` are required (the fields are those of a 12345 or 12369
order). Reading is lenient where nothing is lost by it. Unknown fields are kept out. An optional value that
cannot be read (a time such as 昨晚, an unknown channel) is left out and named in `set_aside`, because a
citizen's complaint is not refused for a clerk's slip. What would break a bound, a store or a secret is a
`Rejection`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import pydantic_core
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic_core import PydanticCustomError

from contracts import lenient
from contracts.rejections import Rejection, RejectionCode, from_validation_error, refuse_characters, reject
from contracts.vocabulary import DemandType, SourceChannel

MAX_RECORD_BYTES: Final = 512 * 1024  # 20,000 characters written as \uXXXX and 50 full references fit twice
MAX_TEXT: Final = 20_000
MAX_ATTACHMENTS: Final = 50

_CONFIG = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
# A mobile number or an 18-digit identity number standing alone inside an identifier. Next to letters a digit
# run is let pass unless the whole identifier is letters and the number: one UUID in a thousand holds eleven
# digits in a row.
_MOBILE_INSIDE = re.compile(r"(?:(?<![0-9A-Za-z])|^[A-Za-z]+)(?:86)?1[3-9]\d{9}(?![0-9A-Za-z])")
_CARD_INSIDE = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"
)
_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_identity_card(number: str) -> bool:
    """True for 18 characters whose check character fits (GB 11643)."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    return (
        "10X98765432"[sum(w * int(d) for w, d in zip(_CARD_WEIGHTS, number, strict=False)) % 11]
        == number[17].upper()
    )


def _opaque(value: str) -> str:
    cards = (match[0] for match in _CARD_INSIDE.finditer(value))
    if _MOBILE_INSIDE.search(value) or any(is_identity_card(card) for card in cards):
        raise PydanticCustomError("identity_in_id", "holds a phone or identity number")
    return value


Code = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*\*?$")
]
Short = Annotated[str, StringConstraints(max_length=64)]
Line = Annotated[str, StringConstraints(max_length=300)]
Words = Annotated[tuple[Short, ...], Field(max_length=20)]


class Representative(BaseModel):
    """One of the people who speak for a group (at most five visit together; more may be named)."""

    model_config = _CONFIG

    name: Short | None = None
    phone: Short | None = None


class Petitioner(BaseModel):
    """Who complains. Every value is an identity: after intake it exists in the vault alone. `None` is "not
    said"."""

    model_config = _CONFIG

    name: Short | None = None
    phone: Short | None = None
    id_number: Short | None = None
    address: Line | None = None
    anonymous: bool = False
    confidential: bool = False
    reply_wanted: bool | None = None
    signatories: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    representatives: Annotated[tuple[Representative, ...], Field(max_length=20)] = ()


class Attachment(BaseModel):
    """A file by reference; `size` in bytes, `sha256` in lower-case hex."""

    model_config = _CONFIG

    uri: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    name: Annotated[str, StringConstraints(max_length=255)] | None = None
    media_type: Annotated[str, StringConstraints(max_length=127)] | None = None
    size: Annotated[int, Field(ge=0, le=2**50)] | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None

    @field_validator("uri")
    @classmethod
    def _by_reference(cls, value: str) -> str:
        if value[:5].lower() == "data:":
            raise PydanticCustomError("inline_content", "an attachment is a reference")
        return value


class Coordinates(BaseModel):
    """Where it happens, in degrees; `datum` such as WGS84, GCJ02 or CGCS2000 if the source said so."""

    model_config = _CONFIG

    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    datum: Short | None = None


class ComplaintSubmitted(BaseModel):
    """One complaint as a hotline received it. Times are aware; naive ones are refused here, `parse_submitted`
    reads them as Beijing time. A later record with the same (source, external_id) is a new version of the
    same complaint."""

    model_config = _CONFIG

    source: Code
    external_id: Code
    received_at: AwareDatetime
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=r"\S")]

    channel: SourceChannel | None = None
    demand: DemandType | None = None
    title: Line | None = None
    occurred_at: AwareDatetime | None = None
    region_code: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{5}(\d{3}){0,2}$")] | None = None
    region_name: Short | None = None
    address: Line | None = None
    coordinates: Coordinates | None = None
    respondent: Line | None = None
    respondent_address: Line | None = None
    industry: Short | None = None
    pollution_types: Words = ()
    urgency: Short | None = None
    flags: Words = ()
    petitioner: Petitioner = Petitioner()
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=MAX_ATTACHMENTS)] = ()
    earlier_receipts: Annotated[tuple[Short, ...], Field(max_length=50)] = ()
    set_aside: tuple[str, ...] = ()

    @field_validator("source", "external_id")
    @classmethod
    def _no_identity(cls, value: str) -> str:
        return _opaque(value)

    @property
    def key(self) -> str:
        """What the complaint is registered under, once; also the record key on the submitted topic."""
        return f"{self.source}:{self.external_id}"


# ---- lenient reading

_Reader = Callable[[Any], Any]
_OPTIONAL = "optional"  # an unreadable value is set aside
_STRICT = "strict"  # an unreadable value is a rejection


class _Reading:
    """What one record gave so far."""

    __slots__ = ("rejections", "set_aside")

    def __init__(self) -> None:
        self.rejections: list[Rejection] = []
        self.set_aside: list[str] = []

    def fields(
        self, record: Mapping[str, Any], table: Mapping[str, tuple[_Reader, str]], prefix: str
    ) -> dict[str, Any]:
        """Canonical values of the known fields of `record` that hold anything."""
        found: dict[str, Any] = {}
        for name, value in record.items():
            entry = table.get(name)
            if entry is None or value is None:
                continue
            reader, rule = entry
            if name != "text" and lenient.is_empty(value):
                if rule is _STRICT:
                    self.rejections.append(reject(prefix + name, RejectionCode.BLANK))
                continue
            try:
                found[name] = reader(value)
            except lenient.Unreadable:
                if rule is _OPTIONAL:
                    self.set_aside.append(prefix + name)
                else:
                    self.rejections.append(_unreadable(prefix + name, name))
        return found

    def entries(
        self, value: Any, table: Mapping[str, tuple[_Reader, str]], field: str, bare: str
    ) -> list[dict[str, Any]]:
        """A list of objects; a bare string is an object with `bare` only."""
        entries = value if isinstance(value, list) else [value]
        found = []
        for position, entry in enumerate(entries[: MAX_ATTACHMENTS + 1]):
            if lenient.is_empty(entry):
                continue
            path = f"{field}[{position}]"
            if isinstance(entry, str):
                entry = {bare: entry}
            if isinstance(entry, dict):
                found.append(self.fields(entry, table, path + "."))
            else:
                self.rejections.append(
                    reject(path, RejectionCode.WRONG_TYPE, expected="object", expected_zh="对象")
                )
        return found


def _unreadable(path: str, name: str) -> Rejection:
    if name == "received_at":
        return reject(path, RejectionCode.BAD_TIME)
    return reject(path, RejectionCode.WRONG_TYPE, expected="string", expected_zh="字符串")


def _line(value: Any) -> str:
    return lenient.read_string(value).strip()


def _sha256(value: Any) -> str:
    digest = lenient.read_code(value).lower().removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise lenient.Unreadable
    return digest


def _count(value: Any) -> int | None:
    number = lenient.read_number(value)
    if not 0 <= number <= 1_000_000:
        raise lenient.Unreadable
    return number or None


def _size(value: Any) -> int:
    number = lenient.read_number(value)
    if not 0 <= number <= 2**50:
        raise lenient.Unreadable
    return number


_REPRESENTATIVE: Mapping[str, tuple[_Reader, str]] = {
    "name": (_line, _OPTIONAL),
    "phone": (lenient.read_code, _OPTIONAL),
}
_ATTACHMENT: Mapping[str, tuple[_Reader, str]] = {
    "uri": (_line, _STRICT),
    "name": (_line, _OPTIONAL),
    "media_type": (lenient.read_code, _OPTIONAL),
    "size": (_size, _OPTIONAL),
    "sha256": (_sha256, _OPTIONAL),
}
_PETITIONER: Mapping[str, tuple[_Reader, str]] = {
    "name": (_line, _OPTIONAL),
    "phone": (lenient.read_code, _OPTIONAL),
    "id_number": (lenient.read_code, _OPTIONAL),
    "address": (_line, _OPTIONAL),
    "anonymous": (lenient.read_flag, _OPTIONAL),
    "confidential": (lenient.read_flag, _OPTIONAL),
    "reply_wanted": (lenient.read_flag, _OPTIONAL),
    "signatories": (_count, _OPTIONAL),
    "representatives": (lambda value: value, _OPTIONAL),
}
_RECORD: Mapping[str, tuple[_Reader, str]] = {
    "source": (lenient.read_code, _STRICT),
    "external_id": (lenient.read_code, _STRICT),
    "received_at": (lenient.read_time, _STRICT),
    "text": (lenient.read_string, _STRICT),
    "channel": (lenient.read_code, _OPTIONAL),
    "demand": (lenient.read_demand, _OPTIONAL),
    "title": (_line, _OPTIONAL),
    "occurred_at": (lenient.read_time, _OPTIONAL),
    "region_code": (lenient.read_region_code, _OPTIONAL),
    "region_name": (_line, _OPTIONAL),
    "address": (_line, _OPTIONAL),
    "coordinates": (lenient.read_coordinates, _OPTIONAL),
    "respondent": (_line, _OPTIONAL),
    "respondent_address": (_line, _OPTIONAL),
    "industry": (_line, _OPTIONAL),
    "pollution_types": (lenient.read_words, _OPTIONAL),
    "urgency": (_line, _OPTIONAL),
    "flags": (lenient.read_words, _OPTIONAL),
    "petitioner": (lambda value: value, _OPTIONAL),
    "attachments": (lambda value: value, _OPTIONAL),
    "earlier_receipts": (lenient.read_words, _OPTIONAL),
}


def parse_submitted(raw: bytes) -> ComplaintSubmitted | list[Rejection]:
    """Read one record of the submitted topic. Never raises for what the record holds; a list is never
    empty."""
    if len(raw) > MAX_RECORD_BYTES:
        return [reject("$", RejectionCode.TOO_LARGE, limit=MAX_RECORD_BYTES)]
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        record = pydantic_core.from_json(raw, cache_strings="keys")
    except ValueError:
        record = _second_try(raw)
        if isinstance(record, Rejection):
            return [record]
    return read_submitted(record)


def _second_try(raw: bytes) -> Any:
    """Find out what is wrong with the bytes; raw line breaks inside strings, which old systems write, are let
    pass."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return reject("$", RejectionCode.NOT_UTF8)
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        return reject("$", RejectionCode.TOO_DEEP)
    except ValueError:
        return reject("$", RejectionCode.NOT_JSON)


def read_submitted(record: Any) -> ComplaintSubmitted | list[Rejection]:
    """Read one decoded record: what `parse_submitted` does after JSON, for files and forms."""
    if not isinstance(record, dict):
        return [reject("$", RejectionCode.NOT_OBJECT)]
    reading = _Reading()
    found = reading.fields(record, _RECORD, "")
    if (petitioner := found.get("petitioner")) is not None:
        if isinstance(petitioner, dict):
            block = reading.fields(petitioner, _PETITIONER, "petitioner.")
            if "representatives" in block:
                block["representatives"] = reading.entries(
                    block["representatives"], _REPRESENTATIVE, "petitioner.representatives", "name"
                )
            found["petitioner"] = block
        else:
            del found["petitioner"]
            reading.rejections.append(
                reject("petitioner", RejectionCode.WRONG_TYPE, expected="object", expected_zh="对象")
            )
    if "attachments" in found:
        found["attachments"] = reading.entries(found["attachments"], _ATTACHMENT, "attachments", "uri")
    if (channel := found.get("channel")) is not None:
        try:
            found["channel"] = lenient.read_channel(channel, found.get("source", ""))
        except lenient.Unreadable:
            found["channel"] = SourceChannel.OTHER
            reading.set_aside.append("channel")
    if reading.set_aside:
        found["set_aside"] = tuple(reading.set_aside)
    refuse_characters(found, "", reading.rejections)
    if reading.rejections:
        known = {rejection.field for rejection in reading.rejections}
        return reading.rejections + [r for r in _validate_errors(found) if r.field not in known]
    try:
        complaint = ComplaintSubmitted.model_validate(found)
    except ValidationError as error:
        return from_validation_error(error)
    phone = complaint.petitioner.phone
    if phone is not None and len(phone) >= 7 and phone in complaint.external_id:
        return [reject("external_id", RejectionCode.IDENTITY_IN_ID)]
    return complaint


def _validate_errors(found: Mapping[str, Any]) -> list[Rejection]:
    try:
        ComplaintSubmitted.model_validate(found)
    except ValidationError as error:
        return from_validation_error(error)
    return []
