"""The tables behind the lists follow every change of a case in its own transaction, and can be made anew with equal results."""

from __future__ import annotations

from tests.support.console_server import Console

KEPT = """
SELECT jsonb_build_object(
    'standing', (SELECT jsonb_agg(to_jsonb(s) - 'since' ORDER BY case_id) FROM console.standing s),
    'parts', (SELECT jsonb_agg(to_jsonb(p) ORDER BY case_id, unit_id) FROM console.parts p),
    'names', (SELECT jsonb_agg(jsonb_build_array(case_id, text, pairs) ORDER BY case_id) FROM console.names n))
"""


def test_what_triggers_kept_is_what_a_rebuild_makes(console: Console) -> None:
    kept = console.sql(KEPT)
    assert len(kept["standing"]) > 10 and len(kept["parts"]) > 10
    assert console.sql("SELECT console.rebuild()") == console.sql("SELECT count(*) FROM casework.cases")
    assert console.sql(KEPT) == kept


def test_pairs_of_characters_are_those_the_search_asks_for(console: Console) -> None:
    from services.console.search import plain

    words = "望江街道 云溪路（212号）：澜悦府"
    assert console.sql("SELECT console.plain($1)", words) == plain(words)
    assert set(console.sql("SELECT console.pairs($1)", plain(words))) == {plain(words)[i : i + 2] for i in range(len(plain(words)) - 1)}


def test_a_file_nobody_registered_is_gone_after_an_hour(console: Console) -> None:
    from datetime import timedelta
    from uuid import uuid4

    from services.console.housekeeping import sweep
    from services.console.intake import KEPT_FOR

    now, id = console.office.now, uuid4()
    console.sql(
        "INSERT INTO console.uploads (id, principal_id, suffix, source, key_id, sealed, at) VALUES ($1, 'x', '.csv', 'manual', 'k', 's', $2) RETURNING 1", id, now
    )
    console.run(lambda: sweep(console.office.pool, now + KEPT_FOR - timedelta(seconds=1)))
    assert console.sql("SELECT sealed IS NOT NULL FROM console.uploads WHERE id = $1", id)
    console.run(lambda: sweep(console.office.pool, now + KEPT_FOR + timedelta(seconds=1)))
    assert not console.sql("SELECT sealed IS NOT NULL FROM console.uploads WHERE id = $1", id)
    console.sql("DELETE FROM console.uploads WHERE id = $1 RETURNING 1", id)
