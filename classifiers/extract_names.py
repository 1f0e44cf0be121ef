"""Names of places, businesses and bodies, found by how they end and where they begin.

Dictionaries cannot hold a city's estates and shops, and segmentation breaks unknown names into single characters.
So a name is found from its ending (路, 小区, 店 …) and grown leftwards over words until one that cannot be part of a
name. Over-long names do little harm: the linker compares them by rare bigrams, not only as wholes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from classifiers.normalize import number

ENDINGS: dict[str, str] = {
    "road": "大道 大街 公路 高速 国道 省道 立交 立交桥 大桥 路 街 巷 胡同",
    "estate": "小区 花园 花苑 家园 新村 新城 嘉园 大厦 山庄 公寓 公馆 雅苑 佳苑 豪庭 华庭 华府 别墅 宿舍 家属院 "
    "花城 国际 名都 名苑 名城 庄园 嘉苑 锦苑 丽苑 半岛 社区 安置区 广场 大院 生活区 世家 尚城 天城 家苑 苑 城 府 湾 "
    "郡 居 庭 阁 轩 邸 里 院 台 园 墅 寓",
    "village": "村民组 村 屯 寨 组 队 庄 堡 坪 坳 岭 圩 塬 坞 苏木 嘎查",
    "town": "街道办事处 街道办 街道 镇 乡",
    "district": "经开区 高新区 开发区 新区 区 县 市",
    "body": "幼儿园 小学 中学 大学 学院 学校 医院 银行 公园 市场 超市 宾馆 车站 体育馆 图书馆 派出所 商场 水库 学府 "
    "购物中心 农场 林场 牧场 湿地 海滩 沙滩 滩涂 渔港 码头 矿区 景区 桥 河 湖 渠 江 港 塘 站 山",
    "business": "有限公司 分公司 公司 酒店 饭店 餐厅 餐馆 酒楼 酒家 会所 酒吧 ktv 歌厅 网吧 工厂 加工厂 养殖场 养猪场 "
    "搅拌站 砂场 工地 项目部 项目 夜宵店 大排档 烧烤店 烧烤园 农庄 农家乐 馆 店 厂 坊 场 吧 行 园区 工业园 产业园 "
    "物流园 火锅 烧烤 食堂 摊",
}
_KIND_OF = {ending: kind for kind, endings in ENDINGS.items() for ending in endings.split()}
_LONGEST = max(map(len, _KIND_OF))
# Endings so general that alone, or after one character, they name nothing.
_WEAK = frozenset("城府湾郡居庭阁轩邸里院台园墅寓苑组队市区县桥河湖渠江港塘站山馆店厂坊场吧行摊路街村镇乡巷庄堡坪坳岭圩塬坞")

NOT_NAMES = frozenset(
    ["村庄", "草坪", "地坪", "停机坪", "农场", "林场", "牧场", "湿地", "海滩", "沙滩", "滩涂", "渔港", "码头", "矿区", "景区", "道路", "马路", "公路", "铁路", "一路", "半路", "线路", "管路", "电路", "走路", "门路", "网路", "街", "高速", "高速公路", "上路", "水路", "城市", "全城", "县城", "政府", "邻居", "居民", "幼儿园", "公园", "小区", "花园", "社区", "家园", "大厦", "广场", "学校", "医院", "银行", "市场", "超市", "店", "饭店", "酒店", "餐馆", "公司", "工地", "项目", "街道", "村", "区", "县", "市", "镇", "乡", "组", "队", "站", "山", "河", "湖", "江", "港", "塘", "渠", "桥", "厂", "场", "馆", "坊", "行", "吧", "摊", "该村", "本村", "我市", "本市", "全市", "该市", "城区", "市区", "县", "地区", "园区", "辖区", "片区", "区域", "进行", "银行", "执行", "不行", "运行", "实行", "施行", "举行", "步行", "通行", "出行", "现场", "市场", "立场", "到场", "停车场", "广场", "商店", "门店", "部队", "车队", "群里", "家里", "夜里", "这里", "那里", "哪里", "心里", "屋里", "房里", "嘴里", "电话里", "平台", "阳台", "窗台", "电台", "出台", "柜台", "法院", "医院", "学院", "住院", "家居", "定居", "民居", "一场", "网吧", "好吧", "大队", "支队", "中队", "排队", "小组", "班组", "居委会", "业主", "住宅区", "居住区", "居民区", "生活区", "商业街", "步行街", "老城区", "主城区", "新城区", "双创", "省市", "全省", "城管", "大院", "宿舍", "公寓", "别墅", "车库", "火锅", "烧烤", "食堂", "工厂", "酒吧", "站", "地铁站", "车站", "公交站", "垃圾站", "中转站", "搅拌站", "加油站", "养猪场", "养殖场", "ktv", "歌厅", "会所", "社区里", "农村", "乡村", "全村", "国际", "加工厂", "项目部", "工业园", "产业园", "物流园", "农家乐", "大排档", "烧烤店", "夜宵店", "幼儿", "城", "府", "湾", "郡", "居", "庭", "阁", "轩", "里", "院", "台", "园", "苑", "立交", "大道", "大街", "大桥", "国道", "省道", "宾馆", "商场", "体育馆", "图书馆", "派出所", "水库", "购物中心", "中学", "小学", "大学", "餐厅", "酒楼", "分公司", "有限公司"]
)

# Words a name never begins with or contains: function words, verbs of reporting, places in relation, times.
_BREAKS = frozenset(
    ["的", "了", "是", "在", "有", "和", "与", "及", "或", "到", "至", "从", "向", "往", "沿", "于", "位于", "坐落", "座落", "处于", "地处", "被", "把", "将", "对", "给", "让", "使", "由", "为", "因", "因为", "由于", "就", "都", "也", "还", "又", "再", "很", "太", "我", "我们", "你", "你们", "他", "他们", "它", "其", "本人", "该", "此", "这", "那", "这个", "那个", "这里", "那里", "某", "每", "每天", "每晚", "一个", "一家", "两家", "几家", "有人", "有个", "有一", "有一家", "多家", "开", "开了", "开设", "新开", "经营", "住", "住在", "居住", "居住在", "家住", "租住", "反映", "投诉", "举报", "咨询", "来电", "表示", "建议", "关于", "请", "请问", "希望", "市民", "网友", "业主", "居民", "村民", "群众", "附近", "旁", "旁边", "旁的", "边", "对面", "楼下", "楼上", "隔壁", "门口", "门前", "路口", "交叉口", "交汇处", "交汇", "交界", "交界处", "后面", "前面", "背后", "后方", "前方", "内", "里", "里面", "外", "外面", "处", "侧", "东侧", "西侧", "南侧", "北侧", "东边", "西边", "南边", "北边", "中间", "之间", "一楼", "二楼", "三楼", "底楼", "底商", "地下室", "楼顶", "期间", "时", "时候", "每次", "今天", "昨天", "昨晚", "现在", "目前", "近日", "近期", "最近", "一直", "长期", "经常", "常年", "早上", "上午", "中午", "下午", "晚上", "夜间", "凌晨", "半夜", "深夜", "发现", "看到", "听到", "导致", "造成", "严重", "非法", "违规", "违法", "私自", "擅自", "无证", "大量", "存在", "建", "建了", "建设", "修建", "新建", "施工", "改造", "拆迁", "产生", "排放", "制造", "播放", "使用", "放", "堆", "堆放", "倾倒", "路过", "经过", "靠近", "紧邻", "紧挨", "毗邻", "相邻", "挨着", "离", "距离", "距", "不", "没", "没有", "无", "未", "多", "个", "家", "间", "栋", "号", "号楼", "单元", "层", "楼", "米", "名叫", "名为", "叫", "叫做", "一", "第一", "问题", "领导", "尊敬", "您好", "你好", "贵", "整个", "全", "大家", "周边", "周围", "沿线", "沿街", "一带", "方向", "方位", "以及", "而", "但", "但是", "并", "并且", "而且", "所以", "如果", "只", "只有", "去", "来", "说", "称", "想", "要", "严查", "查处", "解决", "处理", "核实", "整治", "管管", "救救", "强烈", "要求", "求", "拒绝", "反对", "谁", "什么", "怎么", "为什么", "为何", "如何", "能否", "是否", "何时", "老是", "总是", "天天", "夜夜", "晚", "早", "公路边", "马路边", "路边", "河边", "靠", "面对", "正对", "对着", "朝", "包括", "以", "等", "等等", "下", "上", "中", "后", "前", "进", "出", "过", "去年", "今年", "前年", "年", "月", "日", "点", "分", "大", "小", "新", "老", "原", "旧", "反应", "诉", "诉求", "求助", "被投诉", "来访", "来信", "一处", "有处", "多处", "处处", "所有", "另", "另外", "其中", "同时", "属于", "属", "得", "跟", "比", "像", "着", "走", "隔着", "贴着", "顺着", "沿着", "绕着", "一条", "一排", "一栋", "一座", "一路", "一圈", "跨越", "拟", "飘散", "飘到", "飘进", "流到", "流进", "滴", "挂", "涉及", "核查", "避开", "写信", "写信人", "微信", "网上", "平台", "职能局", "职能", "部门", "有关", "相关", "政府", "城管", "环保", "公安", "物业"]
)
# Before 里 these make a place where something lies ("菜地里"), not an estate's name ("和平里").
_INSIDE = frozenset(
    "碗鳃脑坊港所壶盆锅墙窗床桌柜袋瓶罐炉灶缸嘴鼻耳眼手肺肚心头人群册书本信纸风雨雪烟气味土泥沙石草花树菜饭肉鱼虾一二三四五六七八九十百千半两"
    "几地渠带塘沟河田山林子边洞坑井湖海江库房屋楼店厂村校园区巷路街院水夜公英车箱桶管坡岸缝棚圈室厅堂"
)
_NUMBERED = re.compile(  # a look at the first character of all alternatives: most places fail there at once
    r"(?<!月)(?=[a-z\d一二三四五六七八九十])(?:(?:[a-z]?\d{1,4}(?:-\d{1,3})?|[一二三四五六七八九十]{1,3}|[a-z])(号楼|号院|栋|幢|座|单元|号(?!线|楼)|期(?!间|待|望))|"
    r"(?:[a-z]?\d{1,4}|[a-z])(?=(栋|幢|座)))"
)
# Never the last word of a name, however much stands before it.
NEVER = frozenset(
    ["进行", "执行", "不行", "运行", "实行", "施行", "举行", "步行", "通行", "出行", "现场", "立场", "到场", "当场", "家里", "夜里", "这里", "那里", "哪里", "心里", "屋里", "房里", "嘴里", "群里", "平台", "阳台", "窗台", "电台", "出台", "柜台", "排队", "定居", "民居", "邻居", "网吧里", "好吧", "一场", "住院", "职能局", "物业", "居委会", "业主", "停车场", "政府", "地区", "片区", "区域", "辖区", "市区", "城区", "小区里", "社区里", "该店", "本店", "开店", "商店里", "门店", "工厂里", "多家店", "每个店"]
)
_QUOTED = re.compile(r"“([^“\n，。！？：；]{2,14})“")
_BAD = re.compile(r"[^0-9a-z\u4e00-\u9fff]")
_GENERIC_TAIL = re.compile(r"(?:小区|社区|住宅区|有限责任公司|有限公司|分公司|公司|街道办事处|街道办|办事处|大院|里面|周边)$")
_MOST = 10
_MOST_KNOWN = 100_000
_TRADES = frozenset(["烧烤园", "养殖园", "采摘园", "物流城", "娱乐城", "歌城", "酒城", "洗浴城", "美食城", "家具城", "建材城", "电玩城", "网城"])


class Name(NamedTuple):
    """One typed name: `kind` as in `classifiers.profile.NAME_KINDS`, its words, and `core` for comparing."""

    kind: str
    start: int
    end: int
    text: str
    core: str


_SIDED = re.compile(r"^([村路街巷桥河镇乡])[边口旁上里后前头尾下东西南北内]$")


class _Endings(dict[str, tuple[str, str, int] | None]):
    """Of every word met so far what `_ending` says: a look-up costs half of a call."""

    def __missing__(self, token: str) -> tuple[str, str, int] | None:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        found = self[token] = _ending(token)
        return found


def _ending(token: str) -> tuple[str, str, int] | None:
    """What a word that ends a name names, the ending, and how many characters of it say only where ("村后")."""
    if token in NEVER:
        return None
    sided = _SIDED.match(token)
    if sided:
        return _KIND_OF[sided[1]], sided[1], 1
    for size in range(min(_LONGEST, len(token)), 0, -1):
        kind = _KIND_OF.get(token[-size:])
        if kind:
            return kind, token[-size:], 0
    return None


_ENDINGS = _Endings()


@lru_cache(maxsize=50_000)
def ends_name(before: str) -> bool:
    """Whether a name does not reach back over this word."""
    return before in _BREAKS or before.isdigit() or _BAD.search(before) is not None


# How many last characters identify a name of a kind: names are grown leftwards and often too long, so that wholes
# would differ where the place is one ("其是东篱区"), while their ends agree. Businesses differ at their beginning.
_TELLING = {"district": 3, "town": 3, "village": 3, "road": 3, "estate": 3, "body": 4}


@lru_cache(maxsize=50_000)
def _core(kind: str, text: str) -> str:
    core = text if kind == "road" else _GENERIC_TAIL.sub("", text)
    if len(core) < 2:
        core = text
    telling = _TELLING.get(kind)
    if telling is None:
        return core
    if kind == "road" and core.endswith(("大道", "大街", "公路", "高速", "大桥")):
        telling = 4
    return core[-telling:]


def typed_names(plain: str, tokens: Sequence[str], starts: Sequence[int]) -> list[Name]:
    """Names in order of appearance. `plain` is normalised text, `tokens` and `starts` its words and where they begin."""
    found: list[Name] = []
    barrier = 0
    for i, kind_ending in enumerate(map(_ENDINGS.__getitem__, tokens)):
        if kind_ending is None:
            continue
        token, (kind, ending, side) = tokens[i], kind_ending
        j, length = i, len(token)
        while j > barrier:
            before = tokens[j - 1]
            if length + len(before) > _MOST or ends_name(before):
                break
            j -= 1
            length += len(before)
        start = starts[j]
        end = starts[i] + len(token) - side
        if plain[start] == "号":  # segmentation joins the unit of the number before to the name
            start += 1
        text = plain[start:end]
        if kind == "estate" and (text[-3:] in _TRADES or text[-2:] in _TRADES):
            kind = "business"
        if text in NOT_NAMES or len(text) < 2 or (ending in _WEAK and len(text) < 2 + (ending in "里台组队行场吧")):
            continue
        if (j == i and token in _BREAKS) or (ending == "里" and text[-2] in _INSIDE):
            continue
        if kind in ("district", "town", "village", "road"):
            barrier = i + 1
        if found and found[-1].start == start and found[-1].kind in ("estate", "body", "business"):
            found.pop()
        found.append(Name(kind, start, end, text, _core(kind, text)))
    for match in _NUMBERED.finditer(plain):
        unit = match[1] or match[2] or ""
        value = match[0].removesuffix(unit)
        kind = "door" if unit in ("号", "号院") else "project" if unit == "期" else "building"
        if unit == "单元":
            continue
        core = f"{_value(value)}{'期' if kind == 'project' else '栋' if kind == 'building' else '号'}"
        found.append(Name(kind, match.start(), match.end(), plain[match.start() : match.end()], core))
    found += [Name("quoted", m.start(1), m.end(1), m[1], m[1]) for m in _QUOTED.finditer(plain)]
    found.sort(key=lambda name: (name.start, name.end))
    return found


def _value(written: str) -> str:
    if written and not written.isascii():
        value = number(written)
        return str(value) if value is not None else written
    return written
