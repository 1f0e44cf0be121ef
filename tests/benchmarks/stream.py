"""An invented stream of petitions of any length, the same for the same seed, with known matters and look-alikes.

A complaint tells a new matter or an earlier one again, at one of four levels: L1 a near copy, L2 the same person in
other words, L3 another person in other words who names the place in part, L4 another person about another side of the
problem, with slips of the pen by sound. One new matter in eight is a look-alike of an earlier one: the same place with
another source, the same template at another place, or the shop next door. Some complaints come in under the
neighbouring district, some without any. Roads, estates and villages are drawn anew for every district.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product

from classifiers.reading import Complaint

LEVELS = ("L1", "L2", "L3", "L4")
CITIES, DISTRICTS = 40, 8
RETOLD, LOOKALIKE, BORDER, UNKNOWN = 0.40, 0.125, 0.03, 0.02
_START = datetime(2024, 1, 1)

_SYLLABLES = (
    "鑫远和顺康宁丰泰华安嘉禾锦瑞祥福盛景云翠碧清澜沁星辰朝阳晨曦明月兰桂梅松柏枫桐杉榆荷莲柳竹青蓝金银玉珠石岩溪泉"
    "湖滨江海洋港湾北南东西中永兴旺达通利民惠众诚信德仁义礼智文武学林茂森源川山岭峰高升平治庆喜乐欢春夏秋冬"
)
_ROADS = ("路", "街", "大道", "巷", "东路", "西路", "中路")
_ESTATES = ("花园", "小区", "家园", "公寓", "新村", "华庭", "雅苑", "名城")
_VILLAGES = ("村", "庄", "屯", "湾村", "桥村")


def _choices(*frames: str) -> tuple[str, ...]:
    """Every reading of frames such as `天天(都|)在(响|吵)`."""
    found: list[str] = []
    for frame in frames:
        parts = [part.split("|") for part in frame.replace(")", "(").split("(")]
        found += ["".join(pick) for pick in product(*parts)]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Problem:
    """A kind of source: what it is called on its sign and off it, and two sides of what it does."""

    signs: tuple[str, ...]
    kinds: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]


_PROBLEMS = (
    _Problem(
        ("烧烤店", "餐馆", "火锅店", "大排档", "小吃店"), ("饭店", "烧烤摊", "吃饭的店", "楼下餐饮"),
        _choices("(油烟|浓烟|炒菜的烟)(直接|)(往楼上飘|灌进家里|熏得开不了窗)", "(排烟口|烟囱|烟道)(正对|朝着)(居民|我家)(窗户|阳台)",
                 "(没有|没装|拆了)(油烟净化器|净化设备)，(晚上|饭点)(烟雾很大|呛人)"),
        _choices("(客人|食客)(半夜|凌晨)(划拳|大声喧哗|吵闹)(不断|不停|)", "(风机|抽油烟机)(轰轰响|噪音很大|嗡嗡响到深夜)",
                 "(泔水|污油|脏水)(倒进|流到)(下水道|路边)，(又臭又滑|发臭)"),
    ),
    _Problem(
        ("项目工地", "二期工地", "安置房项目", "改造工程"), ("工地", "在建楼盘", "施工方", "建筑队"),
        _choices("(半夜|凌晨两点|通宵)(还在|仍在)(打桩|浇混凝土|施工)", "(夜间|晚上十点后)(超时|违规)施工，(机器轰鸣|吵得睡不着)",
                 "(打桩机|挖掘机|切割机)(响个不停|声音震天)"),
        _choices("(渣土|土堆)(没盖|裸露)，(一刮风|车一过)(灰尘漫天|全是灰)", "(渣土车|泥头车)(一路洒土|带泥上路)，(路面全是泥|扬尘很大)",
                 "(围挡|出入口)(没有喷淋|不冲洗车辆)，(扬尘|灰土)(很大|到处都是)"),
    ),
    _Problem(
        ("混凝土搅拌站", "商砼公司", "建材厂", "沥青拌合站"), ("搅拌站", "拌料的厂", "沙石料场"),
        _choices("(粉尘|水泥灰)(漫天|到处飞)，(桌上|阳台上)(一层灰|天天擦不完)", "(搅拌车|罐车)(进进出出|来来往往)，(灰尘很大|尘土飞扬)",
                 "(料场|沙堆)(露天堆放|没有覆盖)，(起风|天干)就(扬尘|满天灰)"),
        _choices("(搅拌机|设备)(昼夜|整夜)(轰隆响|运转)，(没法睡|吵人)", "(洗车水|泥浆水)(直排|流进)(水沟|河里|农田)",
                 "(沥青味|刺鼻气味)(熏人|难闻)，(头晕|不敢开窗)"),
    ),
    _Problem(
        ("养殖场", "生猪养殖合作社", "养鸡场"), ("猪场", "养猪的", "养殖户"),
        _choices("(臭气|恶臭|猪粪味)(熏天|几里外都闻得到)", "(粪便|粪水)(露天堆放|没处理)，(苍蝇成群|臭得吃不下饭)",
                 "(夏天|刮风时)(臭味|气味)(飘进村里|没法忍)"),
        _choices("(粪污|污水)(直接排到|流进)(河里|水塘|灌溉渠)", "(水井|井水)(发黄|有味道)，(不敢喝|没法用)",
                 "(死猪|病死牲畜)(乱扔|随便埋)，(污染水源|怕传病)"),
    ),
    _Problem(
        ("化工厂", "塑料制品厂", "喷涂厂", "橡胶公司"), ("工厂", "小作坊", "黑厂", "加工点"),
        _choices("(晚上|夜里)(偷排|排放)(废气|刺鼻气体)，(呛得咳嗽|头痛)", "(烧塑料|油漆|塑胶)的(味道|气味)(很浓|刺鼻)",
                 "(烟囱|厂房顶)(冒黑烟|冒黄烟)，(没有处理设施|天天如此)"),
        _choices("(废水|有颜色的水)(偷排|直排)(到|进)(雨水管|河沟)，(水都变色了|鱼死了)", "(废渣|废桶)(堆在|埋在)(厂后面|空地)，(怕有毒|流黑水)",
                 "(冲床|机器)(日夜不停|震动很大)，(楼板都在抖|吵得心慌)"),
    ),
    _Problem(
        ("量贩KTV", "酒吧", "音乐餐吧", "台球俱乐部"), ("歌厅", "酒吧", "娱乐场所"),
        _choices("(音响|低音炮)(震得|吵得)(楼板抖|睡不着)", "(唱歌|音乐)(到凌晨三点|通宵)，(声音特别大|隔音很差)",
                 "(营业到|闹到)(后半夜|凌晨)，(噪音扰民|心脏受不了)"),
        _choices("(客人|喝醉的人)(在门口|在楼下)(吵闹|打架|呕吐)", "(空调外机|水泵)(整夜嗡嗡响|噪声很大)", "(霓虹灯|招牌灯)(整夜|彻夜)(照进卧室|刺眼)"),
    ),
    _Problem(
        ("洗车行", "汽修厂", "钣金喷漆店"), ("修车店", "洗车的", "修理铺"),
        _choices("(喷漆|烤漆)(味道|气味)(刺鼻|飘到楼上)", "(露天|门口)(喷漆|打磨)，(没有环保设施|气味难闻)", "(油漆味|香蕉水味)(一天到晚|整天)(散不掉|熏人)"),
        _choices("(洗车水|油污水)(流到路面|排进雨水井)", "(空压机|敲打声|高压水枪)(从早响到晚|吵死人)", "(废机油|旧电瓶)(随地乱放|倒进下水道)"),
    ),
    _Problem(
        ("垃圾中转站", "废品收购站", "再生资源公司"), ("垃圾站", "收废品的", "垃圾堆"),
        _choices("(垃圾|废品)(堆积如山|几天没清)，(臭味|恶臭)(难闻|熏人)", "(焚烧|烧)(垃圾|电线皮)，(黑烟滚滚|呛人)",
                 "(蚊蝇|老鼠)(到处都是|成灾)，(没人管|没法住人)"),
        _choices("(渗滤液|污水)(流到路上|流了一地)，(又黑又臭|恶心)", "(装卸|压缩垃圾)(早上四点|凌晨)就(开始响|哐哐响)", "(运输车|垃圾车)(一路滴水|不密闭)"),
    ),
)
_OPENERS = _choices("(市民|来电人|居民)(反映|投诉|来电称)(：|，|)", "(您好|领导好)，(我要|我想)(反映|投诉)", "(本人|我们)(多次|再次|)(反映|举报)(：|，)", "(请|麻烦)(有关部门|环保局|你们)(管一管|看看)，")
_HARMS = _choices("(严重|)影响(正常|周边居民|大家)(休息|生活)", "(老人|孩子|孕妇)(睡不好|身体受不了|天天咳嗽)", "(窗户|门窗)(不敢开|关着都没用)", "(已经|)(持续|有)(半年|两个月|一年多)了", "(找过|联系过)(物业|社区|城管)，(没有结果|没人管|互相推诿)", "(整栋楼|全村人|街坊们)(怨声载道|意见很大)")
_DEMANDS = _choices("(请|希望|恳请)(尽快|及时|)(处理|查处|整改)", "(要求|盼望)(相关部门|执法人员)(到现场|上门)(检查|核实)(并回复|)", "(望|请)(给个说法|予以答复|还我们安宁)", "(什么时候|何时)能(解决|关停|搬走)？")
_WHERE = ("旁边", "附近", "对面", "门口", "楼下", "斜对面", "后面")
_SLIPS = (("鑫", "新"), ("远", "苑"), ("和", "河"), ("顺", "舜"), ("康", "糠"), ("泰", "太"), ("嘉", "佳"), ("禾", "合"), ("锦", "景"), ("瑞", "锐"),
          ("翠", "脆"), ("清", "青"), ("澜", "兰"), ("星", "兴"), ("辰", "晨"), ("桂", "贵"), ("枫", "丰"), ("梅", "煤"), ("达", "大"), ("诚", "城"))


@dataclass(frozen=True, slots=True)
class Matter:
    """What is complained of, where, and by whom first; `seed` fixes the first telling."""

    number: int
    city: int
    district: int
    road: str
    door: int
    estate: str
    village: str
    name: str
    problem: int
    reporter: str
    seed: int


@dataclass(frozen=True, slots=True)
class Told:
    """One complaint of the stream; `level` is empty for the first telling of a matter."""

    complaint: Complaint
    matter: int
    level: str


def region(city: int, district: int) -> str:
    """District code; its first four digits are the city's."""
    return f"{11 + city}01{district + 1:02d}"


def neighbours() -> dict[str, list[str]]:
    """Which districts border on which: a ring within a city, and one border with each of two other cities."""
    found: dict[str, list[str]] = {}
    for city, district in product(range(CITIES), range(DISTRICTS)):
        found[region(city, district)] = [region(*other) for other in _around(city, district)]
    return found


def stream(size: int, seed: int = 7) -> Iterator[Told]:
    """The first `size` complaints."""
    rng = random.Random(seed)
    places = {(c, d): _district(random.Random(f"{seed}/{c}/{d}")) for c, d in product(range(CITIES), range(DISTRICTS))}
    matters: list[Matter] = []
    for number in range(size):
        if matters and rng.random() < RETOLD:
            matter = matters[-1 - int(len(matters) * rng.random() ** 2)]
            level = LEVELS[int(rng.random() * 4)]
        else:
            matter, level = _new(rng, len(matters), matters, places), ""
            matters.append(matter)
        yield Told(_tell(rng, number, matter, level), matter.number, level)


def _district(rng: random.Random) -> tuple[list[str], list[str], list[str]]:
    def names(suffixes: tuple[str, ...], count: int) -> list[str]:
        return ["".join(rng.sample(_SYLLABLES, 2)) + rng.choice(suffixes) for _ in range(count)]

    return names(_ROADS, 80), names(_ESTATES, 120), names(_VILLAGES, 40)


def _new(
    rng: random.Random, number: int, matters: list[Matter],
    places: dict[tuple[int, int], tuple[list[str], list[str], list[str]]],
) -> Matter:
    city, district = int(rng.random() * CITIES), int(rng.random() ** 1.5 * DISTRICTS)
    roads, estates, villages = places[city, district]
    name = "".join(rng.sample(_SYLLABLES, rng.choice((2, 2, 3))))
    matter = Matter(
        number, city, district, rng.choice(roads), rng.randint(1, 299), rng.choice(estates), rng.choice(villages), name,
        int(rng.random() * len(_PROBLEMS)), f"{rng.getrandbits(64):016x}", rng.getrandbits(32),
    )
    if not matters or rng.random() >= LOOKALIKE:
        return matter
    other = matters[int(rng.random() * len(matters))]
    match rng.randrange(3):
        case 0:  # the same place, another source
            return replace(other, number=number, name=matter.name, problem=(other.problem + 1 + rng.randrange(6)) % len(_PROBLEMS),
                           reporter=matter.reporter, seed=matter.seed)
        case 1:  # the same template, another place
            return replace(matter, problem=other.problem, seed=other.seed)
        case _:  # the shop next door
            return replace(other, number=number, name=matter.name, door=other.door + 2, reporter=matter.reporter, seed=matter.seed)


def _tell(rng: random.Random, number: int, matter: Matter, level: str) -> Complaint:
    how = random.Random(matter.seed) if level in ("", "L1") else rng
    problem = _PROBLEMS[matter.problem]
    sign = matter.name + problem.signs[matter.seed % len(problem.signs)]
    pick = how.choice
    if level in ("", "L1", "L2"):
        place = f"{matter.road}{matter.door}号{matter.estate}{pick(_WHERE)}的" if matter.problem != 3 else f"{matter.village}{pick(_WHERE)}的"
        source, says = sign, problem.first
    else:
        spot = matter.estate if matter.problem != 3 else matter.village
        place = pick((f"{spot}{pick(_WHERE)}", f"{matter.road}{pick(_WHERE)}", f"{matter.road}{spot}", f"{spot}"))
        source = pick((sign, matter.name, pick(problem.kinds), pick(problem.signs)))
        says = problem.first if level == "L3" else problem.second
    body = [f"{pick(_OPENERS)}{place}{source}{pick(says)}"]
    body += [pick(says) if how.random() < 0.6 else pick(_HARMS) for _ in range(how.randint(3, 8))]
    body += [pick(_HARMS), pick(_DEMANDS)]
    text = "，".join(body) + "。"
    if level == "L1":
        text = _near_copy(rng, text)
    if level == "L4":
        for right, wrong in rng.sample(_SLIPS, 6):
            text = text.replace(right, wrong)
    same = level in ("", "L1", "L2") and (not level or rng.random() < 0.7)
    code: str | None = region(matter.city, matter.district)
    if level in ("L3", "L4") and rng.random() < BORDER / (1 - RETOLD):
        code = region(*rng.choice(_around(matter.city, matter.district)))
    if rng.random() < UNKNOWN:
        code = None
    return Complaint(
        id=f"{rng.getrandbits(32):08x}-0000-4000-8000-{number:012x}", text=text, time=_START + timedelta(minutes=number),
        reporter=matter.reporter if same else f"{rng.getrandbits(64):016x}", region=code, receipt_no=f"{20_240_000_000_000 + number}",
    )


def _near_copy(rng: random.Random, text: str) -> str:
    """A few characters dropped, a sentence put in front."""
    at = rng.randrange(len(text))
    text = text[:at] + text[at + 1 + rng.randrange(3) :]
    return rng.choice(("再次反映：", "催办：", "", "补充，")) + text


def _around(city: int, district: int) -> list[tuple[int, int]]:
    around = [(city, (district + 1) % DISTRICTS), (city, (district - 1) % DISTRICTS)]
    if district == 0:
        around.append(((city - 1) % CITIES, DISTRICTS - 1))
    if district == DISTRICTS - 1:
        around.append(((city + 1) % CITIES, 0))
    return around
