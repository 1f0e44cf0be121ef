"""Every refusal is brought about once and its sentence read: what was refused, by which rule, what to do instead."""

from __future__ import annotations

import pytest

from services.domain.principals import check_token, issue_token
from services.domain.refusals import CATALOGUE, Refusal
from tests.unit.domain.case import refusals_at_closing, refusals_elsewhere  # noqa: F401 - they register their scenarios
from tests.unit.domain.case.office import (
    CALLER,
    CLOSE,
    REVIEWER,
    START,
    Desk,
)  # fmt: skip
from tests.unit.domain.case.refusals_at_work import SCENARIOS
from tests.unit.domain.case.refusals_elsewhere import RECORD, TOKEN


@pytest.mark.parametrize("code", sorted(SCENARIOS))
def test_a_refusal_says_what_which_rule_and_what_to_do_instead(code):
    fragment, scenario = SCENARIOS[code]
    found = scenario()
    assert isinstance(found, Refusal), found
    assert found.code == code, str(found)
    assert fragment in found.message, found.message
    assert found.provenance and "{" not in str(found), "a placeholder was left unfilled"
    assert found.instead.strip().endswith(("。", ")")), found.instead
    assert str(found).startswith(found.message)


def test_no_refusal_is_without_its_scenario():
    assert set(SCENARIOS) == set(CATALOGUE)


def test_a_good_token_passes_and_nothing_of_it_is_kept():
    assert check_token(RECORD, TOKEN, b"pepper", START) is None
    secret = TOKEN.rsplit("_", 1)[1]
    assert secret not in repr(RECORD)
    assert isinstance(check_token(RECORD, TOKEN, b"another pepper", START), Refusal)
    with pytest.raises(ValueError, match="40 random bytes"):
        issue_token("officer", b"short", b"pepper", START)


def test_a_helper_without_the_role_is_told_before_the_state_of_the_case():
    assert Desk().opened().refused(CALLER, CLOSE).code == "actor.role"
    assert Desk().to_closed().refused(REVIEWER, CLOSE).code == "case.state"
