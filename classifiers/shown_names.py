"""Names as people are shown them: without the words that were taken along when a name was grown to the left.

The linker compares names by their ends and by rare bigrams, so a word too many harms it little ("加快城东新区"); a
person who reads it as a reason stumbles. What is left of a name that names nothing is not shown at all.
"""

from __future__ import annotations

from functools import lru_cache

from classifiers.extract_names import ENDINGS, NEVER, NOT_NAMES
from classifiers.normalize import normalize
from classifiers.segment import shared

_GENERAL = frozenset(word for endings in ENDINGS.values() for word in endings.split()) | NOT_NAMES
# Function words and verbs no name begins with. Verbs that are road or estate names (解放, 团结, 振兴, 和平 …) are not here.
_LEADING = frozenset(
    ["原来", "原先", "难道", "随着", "加快", "其是", "其实", "请求", "恳求", "恳请", "左右", "购买", "买", "购", "缺乏", "缺少", "找到", "找", "来自", "带着", "作为", "同意", "给予", "立即", "组织", "取得", "前往", "开展", "根据", "占用", "提升", "公共", "已", "同", "多人", "占道", "上级", "定向", "数百", "数千", "几百", "上百", "按照", "依据", "依照", "通过", "关注", "关心", "支持", "加强", "推进", "打造", "建成", "规划", "拟建", "在建", "设置", "设立", "成立", "租用", "占据", "位处", "途经", "开往", "返回", "回到", "走到", "来到", "离开", "进入", "路段", "交叉路口", "现场", "现", "紧邻着", "紧挨着", "其余", "其它", "其他", "任何", "这条", "那条", "这些", "那些", "本", "各", "咱们", "全体", "所谓", "所在", "所在地", "涉及", "针对", "对于", "至于", "至今", "早已", "已经", "仍然", "依然", "竟然", "居然", "突然", "忽然", "不断", "多次", "再次", "又是", "就是", "都是", "还是", "而是", "即将", "正在", "将要", "必须", "应该", "可以", "可能", "能够", "无法", "不能", "不会", "不要", "不让", "强行", "强制", "故意", "随意", "任意", "随便", "直接", "间接", "立刻", "马上", "赶紧", "尽快", "监督", "督促", "责令", "协调", "联系", "告知", "得知", "听说", "据说", "据悉", "辆车", "车辆", "行车", "老师", "孩子", "小孩", "老人", "请", "请市", "的", "在", "是", "有", "和", "与", "从", "到", "把", "被", "让", "向", "对", "给", "为", "因", "不同", "同样", "相同", "附近", "周边", "一直", "经常", "每天", "每晚", "晚上", "白天", "夜间", "凌晨", "早上"]
)
_NO_NAME = frozenset(["堵路", "走路", "强行", "上路", "让路", "带路", "问路", "探路", "修路", "临街", "沿街", "农村", "城镇", "城里", "请市", "市政府", "区政府", "县政府"])
_LEAST = 2  # characters


def _words(name: str) -> list[str]:
    """The words of a name from the first on that a name can begin with; the last one where there is none."""
    words = shared().cut(name)
    at = 0
    while at < len(words) - 1 and normalize(words[at]) in _LEADING:
        at += 1
    return words[at:]


@lru_cache(maxsize=50_000)
def without_leading(name: str) -> str:
    """The name from its first word on that a name can begin with; its last word where there is none."""
    return "".join(_words(name))


@lru_cache(maxsize=50_000)
def shown(name: str) -> str:
    """The end of `name` that is a name, or an empty string where there is none."""
    words = _words(name)
    rest = "".join(words)
    plain = normalize(rest)
    if len(rest) < _LEAST or plain in _GENERAL or plain in _NO_NAME or normalize(words[-1]) in NEVER | _NO_NAME:
        return ""
    return rest if len(rest) == len(name) or normalize(words[0]) not in _LEADING else ""
