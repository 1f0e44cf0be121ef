"""What codes are called, from the city file in force."""

from __future__ import annotations

from services.analytics.report import Names
from services.domain.city import City
from services.infra.cities import load_city
from services.infra.postgres import Connection
from services.infra.settings import Settings

CURRENT = "SELECT content::text AS content FROM dispatch.city_versions ORDER BY loaded_at DESC LIMIT 1"
CHANNELS = {
    "HOTLINE_12345": "12345热线", "ENV_12369_PHONE": "12369电话", "ENV_12369_WECHAT": "12369微信", "ENV_12369_WEB": "12369网站",
    "XF_LETTER": "来信", "XF_VISIT": "来访", "XF_WEB": "网上信访", "XF_CALL": "信访电话", "DC_CENTRAL_CALL": "中央督察来电",
    "DC_CENTRAL_LETTER": "中央督察来信", "DC_PROVINCIAL": "省级督察", "MAYOR_BOX": "市长信箱", "TRANSFER_110": "110转办", "SUPERIOR": "上级交办",
    "OTHER": "其他",
}  # fmt: skip


async def names(connection: Connection, settings: Settings) -> Names:
    """Names of districts, units and leaders: the city loaded last, or the configured one where none was."""
    row = await connection.fetchrow(CURRENT)
    return names_of(City.from_json(row["content"]) if row else load_city(settings.city))


def names_of(city: City) -> Names:
    """Names of one city."""
    document = city.document
    return Names(
        region={district.code: district.name for district in document.districts},
        unit={unit.id: unit.name for unit in document.units},
        leader={leader.id: leader.name for leader in document.leaders},
        channel=CHANNELS,
        city=city.name,
    )
