"""What people and systems may ask beside the aggregate's own commands: acts about links, which touch several cases.

Ids a person need not invent (the operation, the case a complaint gets back) are made here, not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from services.domain.case.commands import COMMANDS, Command, parse_command
from services.domain.case.states import TABLE
from services.domain.case.values import Id, Text, Value
from services.domain.refusals import Refusal, refuse


class Act(Value):
    """Base of acts about links. `case_id` is the case it is asked of."""

    type: str
    expected_version: int | None = Field(default=None, ge=0)


class UndoLink(Act):
    """A complaint does not belong to this case; it gets a case of its own back (撤销关联)."""

    type: Literal["undo_link"] = "undo_link"
    complaint_id: UUID
    reason: Text


class Split(Act):
    """A complaint belongs to this case and to others; the shares, by case id, sum to 1 (分办)."""

    type: Literal["split"] = "split"
    complaint_id: UUID
    shares: Mapping[UUID, Decimal]
    reason: Text


class UndoSplit(Act):
    """The complaint belongs to this case alone again."""

    type: Literal["undo_split"] = "undo_split"
    complaint_id: UUID
    operation: Id
    reason: Text


class Merge(Act):
    """This case is the same matter as `into` and goes into it (并案)."""

    type: Literal["merge"] = "merge"
    into: UUID
    reason: Text


class UndoMerge(Act):
    """This case was wrongly merged into another and stands on its own again."""

    type: Literal["undo_merge"] = "undo_merge"
    reason: Text


class ConfirmSuggestion(Act):
    """A link the machine suggested is right: the complaint joins the suggested case, with new facts or without."""

    type: Literal["confirm_suggestion"] = "confirm_suggestion"
    link_id: UUID
    new_facts: bool = False


class RefuseSuggestion(Act):
    """A link the machine suggested is wrong; it is not suggested again."""

    type: Literal["refuse_suggestion"] = "refuse_suggestion"
    link_id: UUID


AnyAct = Annotated[
    UndoLink | Split | UndoSplit | Merge | UndoMerge | ConfirmSuggestion | RefuseSuggestion, Field(discriminator="type")
]
ACTS: Mapping[str, tuple[type[Act], str]] = {
    "undo_link": (UndoLink, "撤销关联"),
    "split": (Split, "分办"),
    "undo_split": (UndoSplit, "撤销分办"),
    "merge": (Merge, "并案"),
    "undo_merge": (UndoMerge, "撤销并案"),
    "confirm_suggestion": (ConfirmSuggestion, "确认建议关联"),
    "refuse_suggestion": (RefuseSuggestion, "否定建议关联"),
}
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyAct, config=ConfigDict(hide_input_in_errors=True))


def label_of(kind: str) -> str:
    """The Chinese name of a command or act; the word itself where there is none."""
    if kind in ACTS:
        return ACTS[kind][1]
    return TABLE[kind].label if kind in TABLE else kind


def parse(raw: bytes, kind: object) -> Command | Act | Refusal:
    """A command or an act from JSON, told apart by `kind`, its `type`; a refusal names the fields, never their values."""
    if not isinstance(kind, str) or (kind not in COMMANDS and kind not in ACTS):
        return refuse("request.kind", command=kind if isinstance(kind, str) else "", field="type")
    try:
        if kind in ACTS:
            act: Act = _ADAPTER.validate_json(raw)
            return act
        return parse_command(raw)
    except ValidationError as failure:
        return fields_refused(kind, failure)


def read(value: object) -> Command | Act | Refusal:
    """As `parse`, from a value that was read from JSON already."""
    kind = value.get("type") if isinstance(value, dict) else None
    return parse(orjson.dumps(value), kind)


def fields_refused(kind: str, failure: ValidationError) -> Refusal:
    """A validation error as a refusal."""
    errors = failure.errors(include_input=False, include_url=False, include_context=False)
    paths = [".".join(str(part) for part in error["loc"] if part != kind) or "（整体）" for error in errors]
    what = "；".join(f"{path}：{error['msg']}" for path, error in zip(paths, errors, strict=True))
    return refuse("request.fields", command=label_of(kind), what=what[:600], field=paths[0])
