"""Invented complaints for tests: many matters, each told several times, identities planted where asked."""

from __future__ import annotations

import random
from typing import Any

STREETS = ("云溪路", "望江街", "青石巷", "柳堤路", "磨坊街", "书院路", "渡口街", "枫林路", "石桥街", "南塘路")
SHOPS = ("鑫味烧烤", "老街坊火锅", "康华五金厂", "聚源塑料厂", "恒泰搅拌站", "金穗养殖场", "顺达汽修", "宏图印刷厂", "绿野木业", "明月歌厅")
HARMS = (
    "每晚油烟直排，开窗就呛得咳嗽",
    "夜里十二点还在施工，机器轰鸣让人睡不着",
    "往河里偷排黑水，水面漂着泡沫",
    "堆放的废料散发恶臭，苍蝇成群",
    "粉尘满天，窗台一天就是一层灰",
)
OPENINGS = ("反映", "再次反映", "请问有人管吗", "强烈要求查处", "附近居民投诉")


def a_complaint(number: int, *, matters: int, seed: int = 7, **changes: Any) -> dict[str, Any]:
    """Complaint `number` of a stream over so many matters; the same arguments give the same complaint."""
    rng = random.Random(f"{seed}/{number}")
    matter = rng.randrange(matters)
    place = random.Random(f"{seed}/matter/{matter}")
    street, shop, harm = place.choice(STREETS), place.choice(SHOPS), place.choice(HARMS)
    door, suffix = place.randrange(1, 900), place.randrange(10_000)
    text = f"{rng.choice(OPENINGS)}：{street}{door}号的{shop}{suffix}，{harm}，已经{rng.randrange(2, 90)}天了，请尽快处理。"
    complaint: dict[str, Any] = {
        "source": "hotline-test",
        "external_id": f"T{seed}-{number:06d}",
        "received_at": f"2026-11-{1 + number % 20:02d}T{number % 24:02d}:15:00+08:00",
        "channel": "HOTLINE_12345",
        "text": text,
        "petitioner": {"name": "测试某", "phone": f"1990000{rng.randrange(10_000):04d}"},
    }
    return {**complaint, **changes}
