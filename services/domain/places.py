"""Distances on earth, and names made comparable."""

from __future__ import annotations

import math
import re
import unicodedata

from services.domain.case.values import Position

EARTH_KM = 6371.0088
_LEGAL_FORMS = re.compile(
    r"(有限责任公司|股份有限公司|集团有限公司|有限公司|责任公司|分公司|集团|公司|厂区|厂)$"
)


def distance_km(a: Position, b: Position) -> float:
    """Great-circle distance (haversine), in kilometres."""
    phi_a, phi_b = math.radians(a.latitude), math.radians(b.latitude)
    half_phi = (phi_b - phi_a) / 2
    half_lambda = math.radians(b.longitude - a.longitude) / 2
    chord = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))


def plain_name(name: str) -> str:
    """A business's name without width, spaces, brackets and legal form, for comparison."""
    text = re.sub(r"[\s()·.,、-]", "", unicodedata.normalize("NFKC", name)).lower()
    while (shorter := _LEGAL_FORMS.sub("", text)) != text:
        text = shorter
    return text
