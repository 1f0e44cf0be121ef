"""What can be asked of one case: frozen models, told apart by `kind`. Who gives them and when is the context's.

`COMMANDS` maps a kind to its model; `parse_command` reads one from JSON; `fields_of` tells people what to fill in.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import ConfigDict, Field, TypeAdapter

from services.domain.case.commands_close import (
    AcceptWork,
    AnswerObjection,
    CloseOut,
    Confirm,
    Decline,
    Extend,
    FinishPublicity,
    JudgeRectification,
    LookBack,
    PauseClock,
    RecordCallback,
    RecordObjection,
    RecordReview,
    Reject,
    Reopen,
    RequestCloseOut,
    ResumeClock,
    SendBack,
    Sign,
    StartPublicity,
    SubmitReview,
    Supervise,
)
from services.domain.case.commands_work import (
    AcceptPart,
    AddEvidence,
    AddLink,
    Amend,
    Assign,
    AssignLeader,
    ChangeMember,
    Command,
    Conclude,
    ConcludeStage,
    ConfirmLink,
    FinishPart,
    Investigate,
    NoteSourceComplaint,
    Open,
    Plan,
    Recuse,
    RefuseComplaint,
    ReportMeasure,
    Resume,
    ReturnPart,
    SettleResponsibility,
    SignIn,
    Verify,
    WithdrawPart,
)

AnyCommand = Annotated[
    Open | AddLink | ConfirmLink | RefuseComplaint | NoteSourceComplaint | Amend | Assign | AssignLeader | Recuse
    | SignIn | AcceptPart | ReturnPart | FinishPart | WithdrawPart | ChangeMember | Investigate | AddEvidence | Verify
    | Plan | ReportMeasure | SettleResponsibility | ConcludeStage | Resume | Conclude | RecordCallback
    | RequestCloseOut | AcceptWork | SendBack | StartPublicity | RecordObjection | AnswerObjection | FinishPublicity
    | Sign | SubmitReview | CloseOut | LookBack | Reopen | JudgeRectification | Decline | Extend | PauseClock
    | ResumeClock | Confirm | Reject | Supervise | RecordReview,
    Field(discriminator="type"),
]  # fmt: skip

COMMANDS: dict[str, type[Command]] = {
    model.model_fields["type"].default: model for model in get_args(get_args(AnyCommand)[0])
}
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyCommand, config=ConfigDict(hide_input_in_errors=True))


def parse_command(raw: bytes | str) -> Command:
    """A command from JSON; raises `pydantic.ValidationError`, which never repeats the input."""
    command: Command = _ADAPTER.validate_json(raw)
    return command


def fields_of(kind: str) -> tuple[tuple[str, bool, str], ...]:
    """(name, required, type as JSON Schema names it) of a command's own fields; raises KeyError for an unknown kind."""
    schema = COMMANDS[kind].model_json_schema()
    required = set(schema.get("required", ()))
    return tuple(
        (name, name in required, spec.get("type", "object"))
        for name, spec in schema.get("properties", {}).items()
        if name not in ("type", "expected_version")
    )
