"""Region and position of a row in a register: known region, both coordinates or none, inside China, not swapped."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from services.domain.case.values import Position
from services.domain.tables import Column, Problem

REGION = Column(key="region", name="行政区划代码", aliases=("区划代码", "区划编码"), required=True, max_length=6)
LONGITUDE = Column(key="longitude", name="经度", kind="number")
LATITUDE = Column(key="latitude", name="纬度", kind="number")
EAST, NORTH = (73, 136), (3, 54)
"""China lies between 73 and 135 degrees east, 3 and 54 north; swapped columns are the usual mistake."""


def region_fault(row: int, values: Mapping[str, Any], regions: Collection[str]) -> Problem | None:
    """Why the row's region is none; an empty `regions` asks for six digits only."""
    code = values["region"]
    if not (len(code) == 6 and code.isdigit()):
        return Problem(row, REGION.name, "须为六位数字。")
    if regions and code not in regions:
        return Problem(row, REGION.name, f"{code}不在本市区划之内。")
    return None


def position_fault(row: int, values: Mapping[str, Any]) -> Problem | None:
    """Why the row's position is none; no position at all is fine."""
    longitude, latitude = values.get("longitude"), values.get("latitude")
    if (longitude is None) != (latitude is None):
        return Problem(row, LONGITUDE.name, "经度、纬度须同时填写。")
    if longitude is None or latitude is None:
        return None
    if not (EAST[0] <= longitude <= EAST[1] and NORTH[0] <= latitude <= NORTH[1]):
        return Problem(row, LONGITUDE.name, "不在中国境内，请核对经纬度是否填反。")
    return None


def take_position(values: dict[str, Any]) -> Position | None:
    """The position, taken out of the values; they have passed `position_fault`."""
    longitude, latitude = values.pop("longitude", None), values.pop("latitude", None)
    return None if longitude is None or latitude is None else Position(latitude=latitude, longitude=longitude)
