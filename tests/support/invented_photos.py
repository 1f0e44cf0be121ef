"""Drawn pictures that stand for photographs of a site before and after: no real place, no real person."""

from __future__ import annotations

import io
import random
from datetime import datetime

from PIL import Image, ImageDraw

SIZE = (960, 720)


def photo(kind: str, taken: datetime, seed: int) -> bytes:
    """A JPEG of a building site at night (`before`) or the same site quiet by day, with the time it was taken at."""
    rng = random.Random(seed)
    night = kind == "before"
    image = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(image)
    top, bottom = ((14, 22, 44), (60, 62, 84)) if night else ((150, 190, 220), (226, 234, 236))
    for y in range(SIZE[1]):
        share = y / SIZE[1]
        draw.line([(0, y), (SIZE[0], y)], fill=tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True)))
    for n in range(7):
        left, high = n * 150 - 40 + rng.randint(-15, 15), rng.randint(190, 420)
        shade = rng.randint(24, 44) if night else rng.randint(150, 186)
        draw.rectangle([left, SIZE[1] - 130 - high, left + 120, SIZE[1] - 130], fill=(shade, shade + 4, shade + 10))
        for row in range(4, high // 34):
            for column in range(3):
                lit = rng.random() < (0.35 if night else 0.0)
                x, y = left + 14 + column * 36, SIZE[1] - 130 - row * 34
                draw.rectangle([x, y, x + 18, y + 16], fill=(238, 205, 120) if lit else (shade - 12, shade - 8, shade))
    ground = (52, 46, 42) if night else (178, 168, 150)
    draw.rectangle([0, SIZE[1] - 130, SIZE[0], SIZE[1]], fill=ground)
    mast = 610 + rng.randint(-40, 40)
    steel = (196, 150, 40) if night else (206, 158, 44)
    draw.rectangle([mast, 120, mast + 12, SIZE[1] - 130], fill=steel)
    draw.rectangle([mast - 240, 128, mast + 110, 138], fill=steel)
    draw.line([(mast - 200, 138), (mast - 200, 300)], fill=(70, 70, 70), width=2)
    if night:
        for x in (180, 420, mast):
            for radius in range(90, 4, -6):
                glow = 255 - radius * 2
                draw.ellipse([x - radius, 470 - radius // 2, x + radius, 470 + radius // 2], outline=(glow, glow - 8, max(0, glow - 70)))
        draw.rectangle([120, SIZE[1] - 190, 300, SIZE[1] - 110], fill=(150, 100, 40))
    else:
        for x in range(0, SIZE[0], 60):
            draw.rectangle([x, SIZE[1] - 150, x + 58, SIZE[1] - 84], fill=(62, 120, 104))
            draw.line([(x, SIZE[1] - 118), (x + 58, SIZE[1] - 118)], fill=(88, 148, 130), width=2)
    exif = Image.Exif()
    exif[0x0132] = taken.strftime("%Y:%m:%d %H:%M:%S")
    exif.get_ifd(0x8769)[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=78, exif=exif)
    return out.getvalue()


def paper(title: str) -> bytes:
    """A PDF of one empty page, which is enough to be told as one."""
    body = f"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n%{title}\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    return body.encode()
