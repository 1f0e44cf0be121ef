"""Who is complained of and where it happens, as a person would underline it; on texts invented here."""

from __future__ import annotations

import pytest

from classifiers import taxonomy
from classifiers.extract import take_apart
from classifiers.place import place_of
from classifiers.reading import Complaint
from classifiers.respondent import find, respondent_of
from classifiers.segment import shared


def read(text: str, title: str = "", **known: str) -> tuple[str | None, str | None]:
    """Respondent and place."""
    complaint = Complaint("x", text, title, **known)  # type: ignore[arg-type]
    parts = take_apart(complaint, shared())
    named = find(parts)
    place = place_of(parts, complaint, named)
    return respondent_of(complaint, named), place.text if place else None


# sub-type: text, respondent, what the place begins with
OF_EVERY_SUBTYPE = {
    "建筑施工噪声": ("云锦雅苑对面的恒岳建筑工地连着几个通宵浇灌混凝土，泵车轰隆隆的，老人孩子都睡不成。", "恒岳建筑工地", "云锦雅苑"),
    "社会生活噪声": ("梧桐里小区2栋楼下的金嗓子KTV唱到凌晨三点，低音震得窗户响。", "金嗓子KTV", "梧桐里小区2栋"),
    "工业噪声": ("高桥镇永固五金厂的冲床白天黑夜不停，震得墙上挂画都歪了。", "永固五金厂", "高桥镇"),
    "交通噪声": ("绕城高速离滨江花园只有三十米，没有装隔音屏，车流声整夜不断，开不了窗。", "车流", "绕城高速"),
    "机动车噪声": ("每天后半夜有改装摩托车在滨江大道上飙车，排气筒炸街，吵醒整条街的人。", "改装摩托车", "滨江大道"),
    "设备噪声": ("翠屏公馆地下室的水泵一启动就嗡嗡响，一楼住户彻夜难眠，物业说是正常现象。", "水泵", "翠屏公馆"),
    "餐饮油烟": ("老街口38号的川味小炒没有油烟净化器，抽油烟机直接对着居民窗户排。", "川味小炒", "老街口38号"),
    "施工扬尘": ("学府路旁的恒通建筑工地不盖网，大车一过满天黄土，路边人家晾不了衣服。", "恒通建筑工地", "学府路"),
    "工业扬尘": ("白石村的永兴石材加工厂切割石板不喷水，石粉飘到菜地里一层白。", "永兴石材加工厂", "白石村"),
    "工业废气": ("开发区的康泰化工厂晚上偷偷排黄色的烟，刺得眼睛流泪。", "康泰化工厂", "开发区"),
    "恶臭异味": ("枫林社区旁边的污水处理厂一到闷热天就臭得人恶心。", "污水处理厂", "枫林社区"),
    "喷漆废气": ("解放路鑫源汽修店在路边给车喷漆，没有烤漆房，油漆味飘满半条街。", "鑫源汽修店", "解放路"),
    "露天焚烧": ("牛角湾村的田里连着几天烧稻草，烟把国道都罩住了。", None, "牛角湾村"),
    "机动车尾气": ("城东公交首末站的柴油大巴怠速不熄火，尾气全灌进旁边教室。", "柴油大巴", "城东公交首末站"),
    "烟花爆竹": ("福满楼酒店办婚宴天天放鞭炮，炮声和硝烟搞得四邻不安。", "福满楼酒店", None),
    "工业废水": ("桃源镇宏远印染厂把红色的水排到灌溉渠里，稻子都死了。", "宏远印染厂", "桃源镇"),
    "生活污水": ("青石巷的生活污水管破了两个月，粪水漫到人行道上没人修。", "生活污水管", "青石巷"),
    "黑臭水体": ("临江镇的清水河发黑发臭，沿岸住户不敢开窗。", None, "临江镇"),
    "养殖污染": ("石门村的绿源养猪场猪粪堆在露天，下雨就流到村里的井边。", "绿源养猪场", "石门村"),
    "饮用水": ("双龙水库是饮用水水源地，有人在一级保护区里搭棚钓鱼、倒垃圾。", None, "双龙水库"),
    "生活垃圾": ("幸福里小区门口的垃圾桶一周没人清，菜叶剩饭堆成山，苍蝇乱飞。", "垃圾桶", "幸福里小区"),
    "建筑垃圾": ("夜里有人用三轮车把装修拆下来的砖头水泥块倒在柳林路绿化带里。", None, "柳林路"),
    "道路遗撒": ("运渣土的大车不盖篷布，从凤凰路一路掉泥块，下雨成泥浆。", "大车", "凤凰路"),
    "危险废物": ("永丰村一间出租屋里有人拆旧电瓶，把废酸倒进屋后的沟里。", None, "永丰村"),
    "工业固废": ("南山脚下的铝厂把赤泥渣堆在山沟，没有防渗，风一吹红粉到处飞。", "铝厂", None),
    "废品回收": ("和平里12号院一楼的废品收购站纸板塑料堆满过道，砸铁声吵人又怕着火。", "废品收购站", "和平里12号院"),
    "采砂采石": ("沙河大桥下游的采砂船夜里偷采河沙，河岸已经塌了一大截。", "采砂船", "沙河大桥"),
    "生态破坏": ("有人开挖掘机在鹿鸣山自然保护区里推平山坡毁林种果树。", None, "鹿鸣山自然保护区"),
    "小水电生态流量": ("龙潭水电站把河水全截去发电，坝下十几里河床干了，鱼虾绝迹。", "龙潭水电站", None),
    "电磁辐射": ("金桂苑7栋楼顶偷偷装了通信基站，离卧室不到十米，担心电磁辐射影响孕妇。", "通信基站", "金桂苑7栋"),
    "光污染": ("万汇广场的LED大屏通宵亮着，光直射到我家卧室，拉上窗帘也像白天。", "LED大屏", "万汇广场"),
    "土壤污染": ("原来农药厂的老地块没有治理就要盖房，挖出来的土一股药味，怀疑土壤被污染。", "农药厂", None),
    "海洋污染": ("青螺湾海滩边的海鲜加工厂把腥水直接排进海里，近岸海水发白发臭。", "海鲜加工厂", "青螺湾"),
    "其他": ("锦绣城小区的物业把雨水口全堵了，一下雨院子就积水。", "物业", "锦绣城小区"),
}


def test_no_subtype_is_missing() -> None:
    assert set(OF_EVERY_SUBTYPE) == set(taxonomy.subtypes())


@pytest.mark.parametrize(("text", "respondent", "place"), OF_EVERY_SUBTYPE.values(), ids=OF_EVERY_SUBTYPE)
def test_who_and_where_are_read_out_of_every_subtype(text: str, respondent: str | None, place: str | None) -> None:
    who, where = read(text)
    assert who == respondent
    assert place is None or (where or "").startswith(place)


SORTS = {
    "nameless shop": ("超市门口播放高音喇叭扰民", None, None),
    "pump room": ("锦绣城小区水泵房低频噪声", "水泵房", "锦绣城小区"),
    "mixing plant": ("南陵街道桂园路的混凝土搅拌站粉尘很大", "混凝土搅拌站", "南陵街道桂园路"),
    "brick works": ("青禾村的兴盛砖厂夜里冒黑烟", "兴盛砖厂", "青禾村"),
    "works in a park": ("新安工业园的华美家具厂喷漆废气大", "华美家具厂", None),
    "a shop of a sort": ("建设路一家洗车店污水横流", "洗车店", "建设路"),
    "transformer": ("梅溪路变压器整天嗡嗡响", "变压器", "梅溪路"),
    "petrol station": ("城南加油站油气味刺鼻", "城南加油站", None),
    "a company without a telling end": ("恒瑞铝业把铝灰直接堆在我们坡头村后，一下雨就冒气", "恒瑞铝业", "坡头村"),
    "who does it before where": ("环卫工在桐花路烧落叶，烟大", "环卫工", "桐花路"),
    "several of a sort": ("来电人反映每日傍晚有多辆改装跑车在望江路隧道内轰油门", "改装跑车", "望江路"),
    "by trade": ("我们楼下那个卖烤鱼的一到晚上满楼道都是烟", "卖烤鱼的", None),
}


@pytest.mark.parametrize(("text", "respondent", "place"), SORTS.values(), ids=SORTS)
def test_other_sorts_of_telling(text: str, respondent: str | None, place: str | None) -> None:
    who, where = read(text)
    assert respondent is None or who == respondent
    assert place is None or (where or "").startswith(place)


@pytest.mark.parametrize("text", ["没有安装隔音屏，车声吵人", "小河发黑发臭，没法住了", "夜里有人偷采河沙", "有人倾倒建筑垃圾"])
def test_what_is_missing_what_suffers_and_what_is_done_are_nobody(text: str) -> None:
    assert read(text)[0] in (None, "车", "车声")


def test_what_only_says_where_is_not_who() -> None:
    assert read("柳溪中学外的工地吵得学生没法上课")[0] == "工地"
    assert read("望湖旅馆附近的老陈涮肉油烟很大")[0] == "老陈涮肉"


def test_a_place_goes_on_to_its_building_and_side() -> None:
    assert read("东篱区石塘路18号望湖名邸一期10栋围墙后面的小卖部半夜打麻将")[1].startswith("东篱区石塘路18号望湖名邸一期10栋围墙后面")  # type: ignore[union-attr]
    assert read("东篱区石塘路望湖楼斜对面有排水沟堵了，污水漫到路上")[1] == "东篱区石塘路望湖楼斜对面"


def test_where_the_head_says_the_district_only_it_is_who_writes_that_says_where() -> None:
    assert read("您好，我家住在东篱区望湖花园3栋，地铁施工整夜不停。", "东篱区地铁施工太吵")[1] == "东篱区望湖花园3栋"


def test_a_place_told_last_is_found() -> None:
    assert read("隔三差五河滩上就红通通一堆，烟飘进屋里，一家人不敢开门。芦花渡。")[1] == "芦花渡"


def test_somewhere_inside_something_is_no_estate() -> None:
    assert read("白鹤镇的养鸭棚把粪水排到水塘里，碗里都有苍蝇")[1] == "白鹤镇"


def test_a_date_is_no_door() -> None:
    assert read("8月8号望湖花园3栋楼下又开始烧烤")[1] == "望湖花园3栋楼下"


def test_the_hotlines_own_fields_win() -> None:
    assert read("石塘路18号油烟扰民", respondent="宏发饭店", address="石塘路20号") == ("宏发饭店", "石塘路20号")


def test_spans_are_positions_in_the_full_text() -> None:
    complaint = Complaint("x", "白鹤巷２７号的臭味很重", title="关于白鹤巷的问题")
    place = place_of(take_apart(complaint, shared()), complaint)
    assert place is not None and place.span is not None
    assert complaint.full_text[place.span.start : place.span.end] == place.span.text
