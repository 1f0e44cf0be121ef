"""Drawn evidence for the demonstration: a site before and after, and a report. Nothing in them is a photograph."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping, Sequence
from datetime import datetime

from PIL import Image, ImageDraw

from services.casework.files import File, Files
from services.domain.case.rules import EvidenceRules
from services.infra.postgres import Pool
from services.infra.settings import Settings

SIZE = (640, 480)
VARIANTS = 3


async def drawn_evidence(settings: Settings, pool: Pool, rules: EvidenceRules, now: datetime) -> Mapping[str, Sequence[File]]:
    """Store a few drawings for each purpose; many cases share them, as files are known by their content."""
    store = Files.from_settings(settings, rules)
    found: dict[str, list[File]] = {}
    for purpose in ("before", "after", "report"):
        sources = [io.BytesIO(_draw(purpose, random.Random(f"{purpose}/{n}"))) for n in range(VARIANTS)]
        kept = await store.keep_many(pool, sources, by="demo", now=now)
        found[purpose] = [file for file in kept if isinstance(file, File)]
    return found


def _draw(purpose: str, rng: random.Random) -> bytes:
    image = Image.new("RGB", SIZE, (196, 214, 232) if purpose == "after" else (168, 172, 176))
    pen = ImageDraw.Draw(image)
    ground = 340 + rng.randint(-20, 20)
    pen.rectangle((0, ground, *SIZE), fill=(120, 140, 96))
    left = 160 + rng.randint(-60, 60)
    pen.rectangle((left, ground - 160, left + 240, ground), fill=(150 + rng.randint(-20, 20), 120, 104))
    pen.rectangle((left + 170, ground - 260, left + 200, ground - 160), fill=(110, 96, 92))
    if purpose == "before":
        for puff in range(9):
            x, y, r = left + 185 + puff * 22, ground - 280 - puff * 14 + rng.randint(-8, 8), 16 + puff * 5
            pen.ellipse((x - r, y - r, x + r, y + r), fill=(96 + puff * 6,) * 3)
    elif purpose == "after":
        pen.rectangle((left + 205, ground - 190, left + 262, ground - 120), fill=(205, 210, 214), outline=(90, 96, 100), width=3)
    out = io.BytesIO()
    if purpose == "report":
        page = Image.new("RGB", (595, 842), "white")
        page.paste(image.resize((435, 326)), (80, 90))
        lines = ImageDraw.Draw(page)
        for row in range(14):
            lines.rectangle((80, 460 + row * 22, 80 + 300 + rng.randint(0, 135), 466 + row * 22), fill=(190, 190, 190))
        page.save(out, "PDF")
    else:
        image.save(out, "JPEG", quality=80)
    return out.getvalue()
