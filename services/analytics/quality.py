"""What people said to the machine's suggestions, for its calibration."""

from __future__ import annotations

from services.analytics import sql
from services.analytics.figures import Query
from services.domain.indicators.quality import Calibration, calibration
from services.infra.postgres import Connection

ANSWERED = """
SELECT score, answer = 'confirmed' AS "right" FROM analytics.link_facts
WHERE decided_on BETWEEN $1 AND $2 AND act = 'suggest' AND answer IS NOT NULL AND {slice}
"""


async def sureness(connection: Connection, query: Query) -> Calibration:
    """Calibration of the suggestions of the window that people answered."""
    p = sql.Parameters(query.window.start, query.window.end)
    rows = await connection.fetch(ANSWERED.format(slice=sql.sliced(query.slice, p)), *p.values)
    return calibration((row["score"], row["right"]) for row in rows)
