"""Slips of hand and ear: homophones of dictated texts, small edits of a near copy."""

from __future__ import annotations

import random

# Pairs that speech recognition and pinyin input confuse; written for this project.
HOMOPHONES = {
    "噪音": ("造音", "躁音", "噪因"), "噪声": ("造声", "燥声"), "油烟": ("油盐", "有烟"), "扰民": ("绕民", "扰明"),
    "施工": ("失工", "实工"), "工地": ("公地", "工的"), "污水": ("乌水", "误水"), "废气": ("费气", "废弃"),
    "粉尘": ("粉层", "分尘"), "垃圾": ("拉圾", "垃级"), "排放": ("排防",), "烧烤": ("烧考",), "喇叭": ("啦叭", "拉巴"),
    "小区": ("小曲",), "异味": ("一味", "意味"), "臭味": ("丑味",), "居民": ("居名",), "环保": ("环宝",), "休息": ("修息",),
    "的": ("地", "得"), "在": ("再",), "已经": ("以经",), "严重": ("言重",), "处理": ("处里",), "物业": ("物页",),
    "花园": ("华园",), "公司": ("工司",), "城管": ("成管",), "每天": ("没天",), "反映": ("反应",), "窗户": ("窗口",),
}


def dictated(text: str, rng: random.Random) -> str:
    """The text as a machine heard it: homophones here and there, few marks of punctuation."""
    for word, slips in HOMOPHONES.items():
        if word in text and rng.random() < 0.35:
            text = text.replace(word, rng.choice(slips), 1)
    return "".join(c for c in text if c not in "，。！？、；：" or rng.random() < 0.25)


def near_copy(text: str, rng: random.Random) -> str:
    """The same text sent again: a few characters changed, a sentence dropped or marks exchanged; never empty."""
    parts = [p for p in text.split("。") if p]
    if len(parts) > 2 and rng.random() < 0.5:
        del parts[rng.randrange(1, len(parts))]
    out = rng.choice(("。", "！", "，", "。")).join(parts)
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(out))
        if rng.random() < 0.5 and len(out) > 12:
            out = out[:at] + out[at + 1:]
        else:
            out = out[:at] + out[at] + out[at:]
    return out
