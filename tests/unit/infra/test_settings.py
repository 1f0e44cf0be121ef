"""Configuration errors are told before anything starts."""

from pathlib import Path

import pytest

from services.infra.settings import Settings, UnknownSettings, load


def test_a_misspelt_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETITIONS_KAFAK", "localhost:9092")
    with pytest.raises(UnknownSettings, match="PETITIONS_KAFAK"):
        load()


def test_secrets_do_not_show_in_the_settings_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETITIONS_DATABASE", "postgresql://u:hunter2@h/d")
    assert "hunter2" not in repr(load())


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().home = Path("elsewhere")  # type: ignore[misc]
