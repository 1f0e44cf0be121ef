"""Source nouns: what kind of thing is complained of, in groups; and what is suffered, in groups.

Two complaints about one place with source nouns of different groups are usually two matters (a kitchen flue and an
air conditioner of one estate), which whole-text similarity cannot see. A group holds words people use for the same
thing. Groups are numbered by their order here; add at the end, or raise `classifiers.profile.VERSION`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

try:
    import ahocorasick_rs
except ImportError:  # the wheel is missing on some platforms
    ahocorasick_rs = None  # type: ignore[assignment]

SOURCE_GROUPS: dict[str, str] = {
    "搅拌站": "搅拌站 搅拌厂 混凝土站 混凝土厂 混凝土公司 商砼站 砼站 商混站 水泥厂 水泥搅拌 沥青站 沥青厂 沥青拌合站 拌合站 搅拌机",
    "建筑工地": "工地 施工 建筑工程 楼盘施工 打桩 基坑 挖机 挖掘机 塔吊 混凝土浇筑 浇筑 泵车 桩机 开挖 土方 打夯",
    "地铁施工": "地铁施工 地铁工地 地铁站施工 地铁 轻轨 轨道交通 城铁",
    "道路施工": "修路 道路施工 路面施工 挖路 道路改造 路面改造 电钻破路 铺路",
    "拆迁": "拆迁 拆除 拆房 征拆 拆楼",
    "装修": "装修 电钻 敲墙 砸墙",
    "渣土车": "渣土车 渣土 泥头车 运渣车 砂石车 拉土车 拉沙车 运土车 土方车 工程车",
    "货车": "货车 大货车 大车 重型车 卡车 半挂 拖车",
    "车辆": "汽车 机动车 车流 车辆 摩托车 改装车 飙车 鸣笛 喇叭声",
    "高架与道路": "高架 高速 快速路 高速公路 立交 隔音屏 声屏障 隔音墙 减速带 井盖",
    "铁路": "火车 铁路 高铁 列车 动车 鸣笛声",
    "机场": "机场 飞机 航班 直升机",
    "餐馆": "餐馆 饭店 酒店 餐厅 饭馆 菜馆 酒楼 酒家 火锅店 火锅 食府 农家乐 大排档 排档 餐饮店 餐饮 快餐店 小吃店 粉店 面馆 面店 炒菜 私房菜 茶餐厅 海鲜店 烤鱼 蒸菜 土菜馆 龙虾馆 虾店 早餐店 早点 夜宵店 夜宵 宵夜 酸菜鱼 厨房 川菜 湘菜",
    "烧烤": "烧烤 烧烤店 烧烤摊 烧烤园 烤串 烤肉 烤鸡 烤鸭 炭烤",
    "摊贩": "摊贩 小贩 流动摊 摆摊 地摊 占道经营 夜市 游商 早市 推车",
    "食堂": "食堂 员工餐厅",
    "面包与食品加工": "面包店 糕点 豆腐坊 豆腐 食品厂 食品加工 米粉厂 粉厂 榨油 榨油坊 腊味 槟榔 槟榔厂 酿酒 酒厂 卤味",
    "娱乐": "ktv 歌厅 卡拉ok 夜总会 迪厅 夜店 歌舞厅 练歌房 唱歌 k歌 娱乐城 娱乐会所 会所",
    "酒吧": "酒吧 清吧 音乐吧 livehouse 驻唱",
    "棋牌": "麻将馆 麻将 棋牌室 棋牌 茶馆 茶楼 老爸茶",
    "广场舞": "广场舞 跳舞 健身操 坝坝舞 腰鼓 秧歌 舞曲",
    "音响": "音响 高音喇叭 喇叭 广播 扩音 低音炮 大喇叭 音箱 促销 叫卖 播放音乐",
    "乐器": "钢琴 乐器 架子鼓 打鼓 吹唢呐 二胡 萨克斯",
    "球场": "篮球 打球 足球场 羽毛球 乒乓球 溜冰 健身房",
    "学校": "幼儿园 小学 中学 学校 大学 培训机构 舞蹈班 培训班",
    "法事": "道场 法事 办丧 丧事 灵堂 哀乐 寺庙 念经 敲锣 公期 军坡 做斋 打醮 灵棚",
    "爆竹": "鞭炮 烟花 爆竹 放炮 烟花爆竹 礼炮",
    "烧纸": "烧纸 纸钱 冥币 焚香 祭祀",
    "空调": "空调 空调外机 外机 冷却塔 空调机组 中央空调 主机",
    "水泵": "水泵 水泵房 泵房 二次供水 加压泵 增压泵 供水设备 水箱",
    "变压器": "变压器 变电站 配电房 配电间 变电所 高压线 高压电 高压塔 输电线 电塔 配电室 变电",
    "电梯": "电梯 电梯井 曳引机",
    "发电机": "发电机 柴油机 柴油发电",
    "风机": "风机 抽风机 排风机 鼓风机 排气扇 抽风 换气扇 排风口 通风口",
    "烟道": "烟道 油烟机 排烟管 排烟管道 烟囱 抽油烟机 油烟净化器 排烟口 公共烟道 排油烟",
    "基站": "基站 信号塔 通讯塔 发射塔 5g 通信基站 信号站",
    "光源": "霓虹灯 led屏 led 广告屏 射灯 探照灯 大屏 灯光 玻璃幕墙 强光",
    "狗": "狗叫 养狗 犬吠 狗 犬 狗粪 遛狗",
    "家禽": "养鸡 鸡叫 公鸡 养鸭 鸭子 养鹅 鹅叫 鸡舍 鸡棚 养鸽 鸽子 鸡场 养鸡场 养鸭场 家禽 打鸣",
    "养猪": "养猪 养猪场 猪场 猪粪 猪舍 猪圈 生猪 猪栏",
    "养殖": "养殖 养殖场 养牛 养羊 牛棚 羊圈 水产养殖 鱼塘 虾塘 养殖户 蚯蚓",
    "屠宰": "屠宰 屠宰场 宰杀 杀鸡 杀猪 活禽",
    "菜市场": "菜市场 农贸市场 市场 水果市场 批发市场 海鲜市场 集贸市场",
    "超市商场": "超市 商场 购物中心 商店 便利店 卸货 装卸 理货",
    "洗车修车": "洗车 洗车店 洗车场 修车 汽修 汽修厂 汽车修理 汽车维修 喷漆 补漆 汽车美容 4s店 轮胎店 补胎",
    "加油站": "加油站 油库 加气站 油罐",
    "垃圾站": "垃圾站 垃圾中转站 中转站 垃圾转运站 转运站 垃圾收集点 垃圾房 垃圾压缩站 垃圾车 垃圾点",
    "垃圾场": "垃圾场 填埋场 垃圾填埋 焚烧厂 垃圾焚烧厂 垃圾焚烧 垃圾处理厂 垃圾发电",
    "生活垃圾": "垃圾 生活垃圾 垃圾堆 垃圾桶 垃圾箱 厨余 餐厨垃圾",
    "建筑垃圾": "建筑垃圾 装修垃圾 弃土 建渣 渣土堆 砖头 余泥",
    "危险废物": "危险废物 危废 废机油 废油 废电池 医疗垃圾 医疗废物 废酸 油漆桶",
    "废品": "废品 废品站 废品回收 收破烂 废品店 回收站 废旧 塑料颗粒 废塑料",
    "焚烧": "焚烧 露天焚烧 烧垃圾 秸秆 烧秸秆 烧树叶 烧荒 烧东西 烧草",
    "污水厂": "污水处理厂 污水厂 净化厂 污水处理站 提升泵站 污水泵站 中水厂 水质净化",
    "下水道": "下水道 化粪池 污水管 污水井 排污管 排水沟 沟渠 窨井 下水管 雨水管 雨污 管网 沙井 水沟 臭水沟 粪便 排水管",
    "河湖": "河 河道 河水 湖 湖水 水库 水塘 池塘 渠 港渠 小溪 溪水 江 内河 海 沟 人工湖 湿地 水体 沙滩",
    "排污口": "排污口 偷排 直排 工业废水 废水 排污",
    "饮用水": "自来水 饮用水 井水 地下水 水源地 水源 水质",
    "工厂": "工厂 五金厂 五金加工 厂房 车间 生产线 加工厂 厂区 作坊 加工点 小作坊 化工厂 化工 药厂 制药厂 电子厂 塑料厂 印刷厂 橡胶厂 电镀厂 电镀 木材厂 造纸厂 纸厂 家具厂 铸造厂 钢厂 铁厂 石材厂 玻璃厂 皮革 涂料厂 油漆厂 注塑 机械厂 轮胎厂 冶炼 热处理 包装厂",
    "家具加工": "家具厂 木工 木材加工 锯木 切割 电锯 打磨 焊接 电焊 铝合金 不锈钢 防盗网 门窗加工 铁艺 石材加工 大理石 木板厂 加工门窗",
    "砖厂砂石": "砖厂 采石场 采石 砂石厂 砂石场 沙场 砂场 石场 碎石 煤场 灰厂 石料 石灰厂 煤矿 矿山 采砂 挖沙 采矿 堆场 石粉 沙堆 煤灰",
    "锅炉": "锅炉 锅炉房 燃煤 烧煤 供热 热电厂 电厂 煤炉 火力发电",
    "物流": "物流园 物流 仓库 快递 货场 停车场 停车坪 公交站 公交 客运站 车库 驾校",
    "冷库": "冷库 制冷 冰库 冷冻 制冰",
    "医院": "医院 诊所 宠物医院 殡仪馆 火葬场 卫生院",
    "公厕": "公厕 厕所 公共厕所 旱厕",
    "绿化生态": "绿化 砍树 树木 伐木 毁林 林地 山体 开山 挖山 草地 绿地 公园 农田 耕地 基本农田 填湖 填塘",
    "邻居": "邻居 楼上 住户 租户 租客 家里 高跟鞋 脚步声 小孩 群租",
    "理发美容": "理发店 发廊 美容院 足浴 洗浴 浴室 洗衣店 干洗店 美甲 桑拿",
    "酒店宾馆": "宾馆 旅馆 招待所 民宿 公寓",
    "打印广告": "打印店 广告店 喷绘 广告公司 图文",
    "手机数码店": "手机店 手机 通讯店 数码 电器店 电脑店 家电",
    "服装店": "服装店 服装 鞋店 童装 内衣店 布料",
    "珠宝店": "珠宝 金店 首饰 银饰 眼镜店 钟表",
    "药店": "药店 药房 大药房",
    "果蔬店": "水果店 水果 蔬菜店 菜店 肉铺 猪肉",
    "茶饮店": "奶茶 奶茶店 咖啡 咖啡厅 甜品 冷饮 糖水",
    "烟酒副食": "烟酒 小卖部 副食 杂货店 杂货 五金 五金店 建材店 建材",
    "人声": "喧哗 聊天 喝酒 打牌 划拳 吵架 叫喊 喝酒聊天 打闹 聚众 吵闹声",
    "采砂": "采砂 采沙 挖砂 挖沙 抽砂 抽沙 盗采 河砂 河沙 海砂",
    "打井": "打井 钻井 水井 抽水",
    "农药农田": "农药 化肥 大棚 果园 种植",
    "垃圾运输": "垃圾清运 收垃圾 清运车 洒水车 环卫车 扫地车 清扫车 洗地车",
    "充电": "充电桩 充电站 电动车棚 充电",
    "舞台演出": "演唱会 舞台 演出 音乐节 露天电影 戏台 唱戏 开业 庆典",
    "宗教祭拜": "公庙 庙 佛堂 教堂 祠堂",
    "纺织印染": "印染 染厂 纺织 织布 服装厂 制衣厂 鞋厂 缝纫",
    "养老康复": "养老院 敬老院 月子中心 康复中心",
    "管道施工": "燃气管道 管道施工 自来水施工 电缆 埋管 挖沟",
}

HARM_GROUPS: dict[str, str] = {
    "噪声": "噪音 噪声 吵 声音 喧哗 嘈杂 扰民 轰鸣 吵闹 大声 响声 吵醒 嗡嗡 巨响 分贝 喊叫",
    "低频振动": "震动 振动 低频 共振 房子抖",
    "油烟": "油烟 烟味 油烟味 浓烟 烟熏 呛人 排烟 烟雾",
    "臭味": "臭味 恶臭 异味 臭气 臭 刺鼻 气味 难闻 怪味 腥味 酸臭 腐臭 恶心 臭不可闻",
    "废气": "废气 有毒气体 毒气 黑烟 白烟 化学气味 油漆味 甲醛 塑料味 尾气 毒烟",
    "粉尘": "粉尘 灰尘 扬尘 尘土 飞灰 尘 沙尘 灰蒙蒙 漫天 煤灰 泥土飞扬",
    "污水": "污水 废水 脏水 黑水 污水横流 溢出 外溢 返水 冒水 排水 倒灌 水质 浑浊 发黑 黑臭 泔水",
    "垃圾": "垃圾 蚊虫 苍蝇 蚊蝇 老鼠 脏乱 遍地 脏乱差 卫生",
    "死鱼死畜": "死鱼 鱼死 死猪 死畜",
    "辐射": "辐射 电磁 射线",
    "光": "刺眼 光污染 强光 反光 晃眼 太亮",
    "焚烧": "焚烧 燃烧 烧",
    "生态": "破坏 砍伐 毁坏 侵占 填埋 水土流失 塌陷",
    "土壤": "土壤 重金属 农田污染 土地污染",
    "夜间": "凌晨 半夜 深夜 夜间 晚上 通宵 夜里",
    "健康": "咳嗽 头晕 头痛 失眠 生病 癌症 呼吸 过敏 睡不着 无法入睡",
}

# Groups that name something done or running, never a place one gives as an address: a supermarket may only be the landmark
# beside which somebody sets off fireworks, fireworks are no landmark.
ACTS = frozenset(
    ["地铁施工", "道路施工", "拆迁", "装修", "渣土车", "摊贩", "烧烤", "广场舞", "音响", "乐器", "法事", "爆竹", "烧纸", "空调", "水泵", "变压器", "电梯", "发电机", "风机", "烟道", "基站", "光源", "狗", "家禽", "养猪", "屠宰", "建筑垃圾", "焚烧", "排污口", "下水道", "家具加工", "锅炉", "冷库", "人声", "棋牌", "采砂", "打井", "农药农田", "充电", "舞台演出", "管道施工", "建筑工地", "娱乐"]
)

# Words of these groups that say what is done and not by whom or what: no respondent's name.
DOINGS = frozenset(
    ["施工", "打桩", "浇筑", "开挖", "打夯", "拆迁", "拆除", "拆房", "征拆", "拆楼", "装修", "敲墙", "砸墙", "飙车", "摆摊", "占道经营", "驻唱", "跳舞", "广播", "扩音", "促销", "叫卖", "播放音乐", "打鼓", "吹唢呐", "打球", "办丧", "丧事", "敲锣", "做斋", "打醮", "焚香", "祭祀", "抽风", "排油烟", "狗叫", "遛狗", "鸡叫", "打鸣", "宰杀", "杀猪", "卸货", "装卸", "垃圾焚烧", "焚烧", "露天焚烧", "烧垃圾", "烧秸秆", "烧树叶", "烧荒", "烧东西", "偷排", "直排", "排污", "冶炼", "切割", "打磨", "焊接", "采矿", "供热", "制冷", "冷冻", "制冰", "填湖", "填塘", "喧哗", "喝酒", "打牌", "划拳", "吵架", "叫喊", "喝酒聊天", "打闹", "吵闹声", "挖砂", "抽沙", "盗采", "打井", "抽水", "种植", "收垃圾", "充电", "演出", "埋管", "修路", "挖路", "铺路", "道路施工", "地铁施工", "路面施工", "管道施工", "楼盘施工", "喷漆", "补漆", "修车", "放鞭炮", "鸣笛", "高音喇叭", "喇叭声", "音乐声"]
)

MAX_GROUPS = 128


class Mention(NamedTuple):
    """A word of one group at `[start, end)` of the text searched."""

    group: int
    start: int
    end: int


class Groups:
    """Finds the words of numbered groups, the longest at each place, in one pass.

    The automaton is `ahocorasick_rs`, thirty times as fast as one expression of all words, which stands in for it where
    the wheel is missing (`expression`); tests hold both equal.
    """

    def __init__(self, groups: dict[str, str], expression: bool = False) -> None:
        if len(groups) > MAX_GROUPS:
            raise ValueError(f"at most {MAX_GROUPS} groups fit a record")
        self.names = tuple(groups)
        self._of: dict[str, tuple[int, ...]] = {}
        for number, words in enumerate(groups.values()):
            for word in words.split():
                self._of[word] = (*self._of.get(word, ()), number)
        longest = sorted(self._of, key=len, reverse=True)
        self._groups = [self._of[word] for word in longest]
        self._automaton = None
        if ahocorasick_rs is not None and not expression:
            self._automaton = ahocorasick_rs.AhoCorasick(longest, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)
        self._expression = re.compile("|".join(map(re.escape, longest)))

    def find(self, text: str) -> list[Mention]:
        """Every mention in order; a word of two groups is two mentions."""
        if self._automaton is not None:
            groups, found = self._groups, self._automaton.find_matches_as_indexes(text)
            return [Mention(group, start, end) for word, start, end in found for group in groups[word]]
        of = self._of
        return [
            Mention(group, match.start(), match.end())
            for match in self._expression.finditer(text)
            for group in of[match[0]]
        ]


SOURCES = Groups(SOURCE_GROUPS)
HARMS = Groups(HARM_GROUPS)
