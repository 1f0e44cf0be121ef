"""Three verdicts, and a limit on setting records aside."""

import asyncio

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import BaseModel, ValidationError

from services.infra.failures import (
    DeadLetterCount,
    DeadLetterLimit,
    DeadLettersExceeded,
    Permanent,
    Verdict,
    describe,
    verdict,
)

PHONE = "19900001234"


class Sample(BaseModel):
    number: int


def invalid() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate_json(f'{{"number": "{PHONE} 张三"}}')
    return caught.value


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        pytest.param(invalid(), Verdict.PERMANENT, id="payload that does not fit"),
        pytest.param(Permanent("no such topic"), Verdict.PERMANENT, id="said so"),
        pytest.param(asyncpg.DeadlockDetectedError("x"), Verdict.TRANSIENT, id="deadlock"),
        pytest.param(asyncpg.SerializationError("x"), Verdict.TRANSIENT, id="serialization"),
        pytest.param(asyncpg.ConnectionDoesNotExistError("x"), Verdict.TRANSIENT, id="database gone"),
        pytest.param(asyncpg.AdminShutdownError("x"), Verdict.TRANSIENT, id="database restarting"),
        pytest.param(asyncpg.CannotConnectNowError("x"), Verdict.TRANSIENT, id="database starting"),
        pytest.param(asyncpg.InterfaceError("connection is closed"), Verdict.TRANSIENT, id="connection closed"),
        pytest.param(ConnectionRefusedError(), Verdict.TRANSIENT, id="nobody listens"),
        pytest.param(TimeoutError(), Verdict.TRANSIENT, id="too slow"),
        pytest.param(asyncio.IncompleteReadError(b"", 4), Verdict.TRANSIENT, id="cut off"),
        pytest.param(KafkaConnectionError("x"), Verdict.TRANSIENT, id="broker gone"),
        pytest.param(asyncpg.UniqueViolationError("x"), Verdict.BUG, id="broken constraint"),
        pytest.param(KeyError("x"), Verdict.BUG, id="our own mistake"),
    ],
)
def test_a_failure_gets_its_verdict(failure: Exception, expected: Verdict) -> None:
    assert verdict(failure) is expected


def test_a_description_names_field_and_rule_but_never_the_value() -> None:
    assert describe(invalid()) == "number: int_parsing"


def test_a_description_of_our_own_mistake_names_the_place_but_not_the_argument() -> None:
    try:
        {}[PHONE]
    except KeyError as failure:
        text = describe(failure)
    assert text.startswith("KeyError at test_a_description_of_our_own_mistake")
    assert PHONE not in text


def test_bugs_in_a_row_stop_the_service_instead_of_setting_everything_aside() -> None:
    count = DeadLetterCount(DeadLetterLimit(ratio=0.5, run=3))
    for _ in range(3):
        count.admit()
    with pytest.raises(DeadLettersExceeded):
        count.admit()


def test_a_success_in_between_ends_the_row() -> None:
    count = DeadLetterCount(DeadLetterLimit(ratio=0.9, run=3))
    for _ in range(20):
        count.admit()
        count.handled(1)
    assert count.run == 0


def test_too_large_a_share_of_bugs_stops_the_service_even_without_a_row() -> None:
    count = DeadLetterCount(DeadLetterLimit(ratio=0.3, run=1000, window=100))
    with pytest.raises(DeadLettersExceeded):
        for _ in range(200):
            count.handled(1)
            count.admit()
