"""Connections go back to the pool as they are: nothing may be left behind on one."""

import re

from services.infra.settings import repository_root

LEFT_BEHIND = re.compile(r"pg_(?:try_)?advisory_lock(?:_shared)?\(|[\"']\s*(?:SET (?!LOCAL)(?:SESSION|[a-z_]+ (?:=|TO)\s)|DECLARE .* WITH HOLD|LISTEN )|set_config\([^)]*false\)")


def test_no_statement_of_a_service_outlives_its_transaction() -> None:
    guilty = [
        f"{path}: {found[0]}"
        for path in sorted((repository_root() / "services").rglob("*.py"))
        for found in LEFT_BEHIND.finditer(path.read_text("utf-8"))
        if path.parent.name != "stack" and path.name != "migrations.py"
    ]
    assert guilty == []
    assert LEFT_BEHIND.search('execute("SET work_mem = 1")') and not LEFT_BEHIND.search('execute("SET LOCAL work_mem = 1")')
