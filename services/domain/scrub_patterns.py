"""Words and expressions of the scrubber: surnames, forms of address, cues, labels. Data, no decisions.

Surnames: the common ones of the household registers, ordinary words removed; `RARE` are surnames that are
also everyday characters (高, 路, 林, 成 …), believed only where something else speaks for a name.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

COMMON: Final = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱何郭罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛阎余潘杜戴钟汪姜范姚谭廖邹熊"
    "郝孔崔康邱秦史侯邵孟龙段钱汤尹黎武乔贺赖龚樊殷施陶洪翟倪牛芦俞葛伍韦聂焦柳邢岳庄辛祝涂耿牟詹凌靳甄阮裴覃霍翁隋缪闫肖"
)
RARE: Final = frozenset(
    "高林马方金江石白田任陆夏叶毛顾万雷常安文庞兰颜严温季章鲁申尤毕齐梅管左谷祁卜路关苗费纪盛童欧项曲成游阳席卫查屈鲍位甘景"
    "薄单包司柏宁柯桂于水区边来向和时应车丛房门支封冉明简花舒沙冀褚佟古池丰郎荣敖冷靖师匡解郁晏楚冼麦巩宫莫洛汲练骆闵连从步都"
    "谈戈蒙蔺蓝乌敬佘寇蒲麻邬仇荆郜柴璩桑鞠訾阙殳厉戎敖巢蒯荀鄂娄尚屠井权戚鄢尉晋党台巫习褟揭邝乐岑卞诸葛米禹平伏狄臧计阚桑储强全班仰仲伊"
)
# Surnames that are also function words; after them a form of address is no proof.
FUNCTION: Final = frozenset("于和向时应从都连任位来区边水步强全解储计平台车明房门")
_COMPOUND = "欧阳 司马 上官 诸葛 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 端木 南宫 长孙 宇文 呼延"
COMPOUND: Final = frozenset(_COMPOUND.split())
SURNAMES: Final = COMMON | RARE
# Characters of no given name: pronouns, particles, function words.
NEVER_GIVEN: Final = frozenset(
    "的了是在和与及或被把给让到吗呢吧我你他她它们这那哪个些每各某不没很就也还又再要会能可该并但因从对等再已将请问找住称说"
)
# ... and what is rare in names and common beside them: parts of addresses and offices, the words of
# complaints.
NOT_GIVEN: Final = NEVER_GIVEN | frozenset(
    "为向于部号楼栋室区市县镇乡街路厂店站州省巷弄期层单元房屋幢座厦铺馆院所局处委办组队校湾坡坝沟塘"
    "吃喝打拨联系电话手机反映投诉举报求助咨询情况问题噪扰污油烟臭味水气垃圾"
)

# second characters that make an everyday word of a surname
_WORDS: Final = """
周围边末长岁到身期年刊一二三四五六日遭转 黄色金昏土豆瓜沙泥 何况必处以等时不在故人事种用苦方为止来尝曾须
程度序式 许多久可诺 曾经 余下额万名地 钟头表点 任何务意期由其免职命 范围畴例 石头油子材料块膏灰板 毛病 史料
顾及虑客 龙头 万元吨亩一分户家多人物般 段落时路 常常见用年住态委务规驻设识理温 武装警力器 赖以
文化明件物字章 施工行展加放肥 洪水涝 颜色料 严重格肃厉峻密禁惩查 牛肉奶 温度暖馨和泉室 季节度 章程 申请报诉
尤其 毕业竟 焦急虑点 齐全 管理道辖控线网 左右边侧 辛苦勤 祝愿贵您福 涂料装 路上边面口过段灯
关于系键注心闭门照停 苗木 费用力时 纪律检委念 盛行 童年 项目 曲折 成为立功果本分员都年人效天 游客泳戏玩
阳台光 席位 卫生 查看询处 实找获明 位于置 甘愿 景观区 单位独元独纯一层向 包括含装容庇围 司机法 宁可愿静
谢谢意绝 高度层中级温压速新空峰考铁架龄价端效等声音 马路上桶达车 方便面式向法案 金额属融 江边水 白天色酒
田地间 安全装排静置徽 江西苏 叶子 林业地木立区 强烈制行 全部体家面天都市省村 来自电到往回源访信
车辆位间库道牌 房屋子间产东 门口面前店 明显确天白知 简单直 花园草 沙子土 古镇 池塘 丰富 冷却库 解决释
连续夜接 步行道 时间候常段 应该当急 和谐平 台阶 平时均台方米房安 计划 强行度 全天 仰望 水泥利管产沟
区域政间内 边上 向阳 张贴挂扬榜开嘴 康复 洗手 苏醒 罗列 董事 唐突 胡乱 杜绝 陈述旧列设 陶瓷 梁上 彭湃 殷切
凌晨空乱 柳树 牛羊 江河湖 孔洞 樊笼 尚未且可 师傅生 欧式 党委员支 台风 计算 储存藏 强调 习惯 古树 都是有
班上级里主组 权利益 荣誉 乐器队 房产 和其他
"""
EVERYDAY: Final = frozenset(word[0] + second for word in _WORDS.split() for second in word[1:])

# A surname that ends a word: 感谢高师傅, 班主任张老师.
_ENDS_WORD = "感谢 多谢 谢谢 致谢 答谢 主任 委任 责任 物业 工程 公安 周围 车主 出租"
ENDS_WORD: Final = frozenset(_ENDS_WORD.split())

HAN: Final = r"\u3400-\u4dbf\u4e00-\u9fff"
_TITLE_WORDS = """
先生 女士 小姐 太太 夫人 大爷 大妈 大娘 大伯 大叔 大哥 大姐 大嫂 大婶 阿姨 叔叔 伯伯 奶奶 爷爷 婆婆 老太太
老太 老汉 老伯 老爷子 老先生 老人家 师傅 同志 同学 老师 阿婆 阿公 阿伯
"""
# Forms of address of private life. Offices (局长, 主任, 警官) and trades of respondents (老板, 经理) are not
# here: who acted in an office, or runs the place complained of, is part of the matter and decides on recusal.
TITLE: Final = re.compile("|".join(sorted(_TITLE_WORDS.split(), key=len, reverse=True)))
# What follows "surname + form of address" on the sign of a shop (李先生牛肉面, 王阿姨烧烤).
_SHOP_WORDS = """
肠粉 肠 加州 牛 羊 猪 鸡 鸭 鹅 鱼 虾 蟹 面 粉 米线 米粉 粥 饺 包子 馒头 馄饨 烧烤 烧腊 烤 炸 串 卤 锅 火锅
麻辣 香锅 冒菜 早餐 早点 快餐 餐 饭店 饭馆 菜馆 小炒 炒 小吃 茶 酒 咖啡 奶茶 烘焙 蛋糕 面包 水果 果 超市
便利 百货 美甲 美容 美发 理发 养生 足 按摩 洗 修 汽修 废品 家具 家政 托管 烟酒 豆 糖 农家 私房 土菜 大排档
食堂 食品 厨 店 馆 铺 坊 吧 庄 记 牌 海鲜 甜品 凉 酱 煲 饼 米 花店 服装 烟花 养殖 养猪 养鸡 加工 木业 五金
"""
SHOP: Final = re.compile("|".join(_SHOP_WORDS.split()))

# ---- where a name follows. STRONG: nearly always; WEAK: only with a boundary behind the name.
_NAME_END = (
    rf"(?=[^{HAN}]|$|电话|手机|联系|身份|住|地址|家住|男|女|先生|日期|反映|反应|来电|致电|投诉"
    r"|举报|表示|称|认为|要求|希望|说|于|在|是|系|向|因|和|与|及|今年|现年|对|再次|多次|曾|已|咨询|求助|诉求|来信|来访|写信)"
)
STRONG_CUE: Final = re.compile(
    r"(?:我叫|我名叫|我姓名|我的名字[叫是]|姓名|署名|联系人|投诉人|举报人|反映人|申请人|来电人"
    r"|诉求人|信访人|上访人|留言人|写信人|户主|委托人|代表人)"
    rf"(?:姓名)?(?P<gap>[\s:：是为叫（(]{{0,4}})(?P<name>[{HAN}]{{2,4}}?){_NAME_END}"
)
STRONG_OPEN: Final = re.compile(
    r"(?:我叫|我名叫|我的名字[叫是]|(?:姓名|署名|联系人|投诉人|举报人|反映人|申请人|来电人|诉求人|信访人)\s?[:：])"
    rf"\s?(?P<name>[{HAN}]{{3,4}})"
)
WEAK_CUE: Final = re.compile(
    rf"(?:本人|我是|我系|市民|[居村]民(?![区楼组点])|(?<!物)业主|住户|网友|群众)[:：\s]?"
    rf"(?P<name>[{HAN}]{{2,4}}?){_NAME_END}"
)
SIGNATURE: Final = re.compile(
    rf"[。！!？?；;…\n][ \t\u3000]*(?P<name>[{HAN}]{{2,4}})[ \t\u3000]*(?=\n|$|(?:19|20)\d\d[年.-])"
)
MOU: Final = re.compile(
    rf"(?P<surname>[{''.join(sorted(SURNAMES))}])某"
    rf"(?P<rest>某|[甲乙丙丁]|[{HAN}](?=[^{HAN}]|$))?(?P<title>先生|女士)?"
)
MOU_PLACE: Final = frozenset(
    "些个种天日处地人路村局店厂社区工小公单学医饭酒街市县镇家年月部领物项职机平品网大楼栋层号户业企银集建施房车时"
)
BEFORE_NUMBER: Final = re.compile(
    rf"(?:^|[^{HAN}]|联系|致电|人|请找|我是|我叫|姓名)(?P<name>[{HAN}]{{2,4}})[\s,，、:：（(]{{0,3}}"
    r"(?:(?:的)?(?:电话|手机)(?:号码?)?[\s:：是为]{0,2})?$"
)
AFTER_NUMBER: Final = re.compile(rf"\s?[（(]\s?(?P<name>[{HAN}]{{2,4}})\s?[)）]")

# ---- numbers
_GAP = r"[\s:：是为号码№#.＃()（）\[\]【】“”\"'、]{0,6}"
LABEL: Final = re.compile(
    r"(?:(?P<receipt>工单|受理单|受理号|受理编号|受理编码|单号|编号|流水|订单|运单|快递单?|案号|案件|警情|文号|批复|许可证|执照"
    r"|信用代码|合同|发票|备案|序列|立案|工号|信访件|信件|回执|查询码|登记|件号|保单|条码|追溯码|交易)"
    r"|(?P<phone>电话|手机|联系方式|联系|致电|拨打|来电|座机|家电|小灵通|[Tt]el|TEL|[Pp]hone|传真|尾号)"
    r"|(?P<card>身份证|证件|护照|通行证|军官证|居住证|户口)"
    r"|(?P<bank>银行卡|储蓄卡|信用卡|卡号|账号|帐号|账户|帐户|存折))" + _GAP + "$"
)
_STARTS = "0123456789"
_HAN_DIGITS = "〇零一二三四五六七八九幺"
DIGIT_VALUES: Final = str.maketrans(_HAN_DIGITS, "001234567891")
_BETWEEN = r"[ \t\u00a0\u3000\-–—―~()（）.·•_]"
CHUNK: Final = re.compile(rf"[{_STARTS}{_HAN_DIGITS}](?:{_BETWEEN}{{0,3}}[{_STARTS}{_HAN_DIGITS}]){{4,}}")
GROUP: Final = re.compile(rf"[{_STARTS}]+|[{_HAN_DIGITS}]+")
_BIRTHDAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
MOBILE: Final = re.compile(r"(?:(?:00)?86)?0?1[3-9]\d{9}", re.ASCII)
LANDLINE: Final = re.compile(r"0(?:(?:10|2\d)\d{8}|[3-9]\d{9,10})", re.ASCII)
CARD18: Final = re.compile(rf"{_PROVINCE}\d{{4}}(?P<year>(?:19|20)\d\d){_BIRTHDAY}\d{{3}}[\dXx]", re.ASCII)
CARD15: Final = re.compile(rf"{_PROVINCE}\d{{4}}\d\d{_BIRTHDAY}\d{{3}}", re.ASCII)
DATE_LIKE: Final = re.compile(r"(?<!\d)(?:19|20)\d\d\D{1,3}(?:0?[1-9]|1[0-2])(?!\d)", re.ASCII)
MASKED: Final = re.compile(r"(?<![\d*])\d{1,14}[*×xX•●]{2,14}\d{0,8}[Xx]?(?![\d*])", re.ASCII)

# ---- the rest
EMAIL_HEAD: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}$")
EMAIL_TAIL: Final = re.compile(r"@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
ACCOUNT: Final = re.compile(
    r"(?<![A-Za-z])(?:(?P<wechat>微信|wechat|weixin|薇信|威信|v信|[vw]x|加v)|(?P<qq>qq|扣扣|企鹅))"
    r"(?:号码|账号|帐号|群号|群|号|id)?[\s:：是为（(]{0,3}(?P<account>[A-Za-z0-9][A-Za-z0-9_-]{4,19})",
    re.IGNORECASE,
)
ACCOUNT_HINT: Final = re.compile("[微薇威扣企wWvVqQ]")
PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Za-hj-np-z][ ·•.\-—]?"
    r"(?:[DFdf][A-HJ-NP-Za-hj-np-z0-9*]\d{4}|\d{5}[DFdf]|[A-HJ-NP-Za-hj-np-z0-9*]{4}"
    r"[A-HJ-NP-Za-hj-np-z0-9挂学警港澳领试超])(?!\d)"
)
_NUMERAL = "一二三四五六七八九十"
_ROOM_WORD = (
    r"(?:号?室(?!外|温|内温)"
    r"|号?房(?!产|价|屋|间|东|子|租(?!户)|贷|款|企|地|管|改|型|源|主|票|友|车|本|权|市|展|门|建))"
)
# Behind a bare number: then it counts or measures something.
_MEASURE = (
    r"(?![\d.,米平㎡元人户个年分万亿多余家套层楼栋号岁吨亩天次度级斤KkMmdD%％:：月日铺店]"
    r"|商铺|门面|底商|商户)"
)
ROOM: Final = re.compile(
    rf"(?:\d{{1,2}}|[{_NUMERAL}]{{1,3}}|[A-Za-z甲乙丙丁东西](?<![A-Za-z]{{2}}))单元"
    rf"(?:\d{{1,2}}[层楼])?[-\s]?(?:\d{{2,4}}{_MEASURE}|[〇零{_NUMERAL}]{{3,4}})?{_ROOM_WORD}?"
    rf"|(?<!\d)(?:\d{{1,2}}-)?\d{{2,5}}[A-Za-z]?{_ROOM_WORD}"
    rf"|(?<!\d)(?!(?:19|20)\d\d房)\d{{3,4}}号?(?=房[屋间东子])|(?<!\d)\d{{1,2}}[A-Z]\d{{1,2}}室"
    rf"|(?:(?<=[栋幢座])|(?<=[栋幢座][-\s])|(?<=号楼)|(?<=号楼[-\s]))(?:\d{{1,2}}-)?\d{{3,4}}{_MEASURE}"
    rf"|(?<=\d-)(?<!\d\d\d-)\d{{1,2}}-(?!(?:19|20)\d\d)\d{{3,4}}(?!-){_MEASURE}"
    rf"|(?<=[苑园城府湾庭居寓轩郡邸院]\d-)\d{{3,4}}{_MEASURE}"
    rf"|(?<=[苑园城府湾庭居寓轩郡邸院]\d\d-)\d{{3,4}}{_MEASURE}"
    rf"|[〇零{_NUMERAL}]{{2,5}}{_ROOM_WORD}(?!.?厅)",
    re.ASCII,
)
# Where a room number may begin, and what stands behind the first of its numbers or before it.
ROOM_START: Final = re.compile(rf"[0-9]+|[〇零{_NUMERAL}]+|[A-Za-z甲乙丙丁东西]")
ROOM_AFTER: Final = frozenset("单室房号-ABCDEFGH")
ROOM_BEFORE: Final = frozenset("栋幢座楼- ")

# ---- spelling
# Characters of other widths and styles whose meaning is one ASCII letter, digit or sign of a number.
_ODD = "".join(
    chr(code)
    for first, last in ((0xFF0A, 0xFF0A), (0xFF0D, 0xFF0E), (0xFF10, 0xFF19), (0xFF20, 0xFF3A),
                        (0xFF41, 0xFF5A), (0xB2, 0xB3), (0xB9, 0xB9), (0x2070, 0x2089),
                        (0x2460, 0x2468), (0x1D400, 0x1D7FF))
    for code in range(first, last + 1)
    if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1 and plain.isascii()
)  # fmt: skip
NARROW: Final = {ord(odd): unicodedata.normalize("NFKC", odd) for odd in _ODD}
ODD: Final = re.compile("[\uff0a-\uff5a\u00b2\u00b3\u00b9\u2070-\u2089\u2460-\u2468\U0001d400-\U0001d7ff]")
# Control characters, zero-width characters and changes of writing direction: they hide a number, or a
# terminal obeys them.
HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufe00-\ufe0f]"
)
