"""What a complaint says beside who and where: when, since when, how much, what it cites, whether it wrote before."""

from __future__ import annotations

import re

from classifiers.normalize import number

# Expressions of many alternatives begin with a look at the first character of all: most places fail there at once.
_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十两]{1,3})"
_CLOCK = rf"{_NUMBER}(?:：[0-5]\d|点(?:多|半|钟|一刻|[0-5]?\d分?)?|时(?!间|候|常|代)(?:许)?)"
_PART = "(?:凌晨|清晨|清早|大清早|早上|早晨|早间|一早|上午|中午|午后|午休|午间|下午|傍晚|晚上|晚间|夜间|夜里|入夜|深夜|半夜|后半夜|大半夜|三更半夜|天黑|天没亮|天不亮|天麻麻亮|天刚亮|天擦黑|一?擦黑|饭点|饭口|早起|后晌|晌午|子夜|零点|五更天?|鸡叫|掌灯|夜深人静|[早晚]高峰|放学|换班|日头一?落山|退潮)"
_DAYS = "(?:每天|每日|每晚|每逢[^，。！？；\\n]{1,6}|每月逢[^，。！？；\\n]{1,5}|逢[^，。！？；\\n]{1,3}|赶集|天天|夜夜|周末|双休日?|节假日|寒暑假|暑假|寒假|月底|[周礼]拜?[一二三四五六日天])"
_HAPPENS = re.compile(
    r"(?=[每天周节凌清大早一上中午下傍晚夜入深半后三饭整昼全通成擦晌子零鸡掌放换日退逢赶双寒暑月礼周\d二四五六七八九十两])(?:"
    rf"{_DAYS}?(?:从|到了?|一到)?{_PART}?(?:的)?{_CLOCK}(?:(?:就|便)?(?:-|至|到|放到|干到|吵到|一直到)(?:次日|第二天)?{_PART}?{_CLOCK})?"
    rf"|{_DAYS}(?:的?{_PART})?|{_PART}|24小时|二十四小时|昼夜|全天|通宵|整夜|整晚|一宿|成宿|彻夜|一天到晚|一夜到亮|没日没夜|白天黑夜)"
)
_WHEN = (
    r"(?:(?:大前年|去年|前年|今年)?(?:春节|过年|开年|清明节?|五一|端午|中秋|国庆(?:假期)?|元旦|立[春夏秋冬]|入[春夏秋冬伏]|暑假|寒假|春天|夏天|秋天|冬天|上半年|下半年|开春|汛期|开学)"
    r"|20\d\d年(?:\d{1,2}月)?(?:\d{1,2}[日号])?|(?:大前年|去年|前年|今年|本|上个?|这个?)?(?:正月|腊月|[一二三四五六七八九十]{1,3}月|\d{1,2}月|月|年)"
    r"(?:初|中|底|末|份|[上中下]旬|\d{1,2}[日号]|[初廿]?[一二三四五六七八九十]{1,2})?|去年|前年|大前年|今年|上周|昨天|前天|昨晚)"
)
_BEGINS = "(?:开业|投产|启用|投运|通车|开工|搬来|开张|进场|入住)"
_SINCE = re.compile(
    r"(?=[从自打去前今上昨已持长近快有一二两三四五六七八九十半几数大本入立开春国中清腊正这连接整足好将多投启通搬进端暑寒过元夏秋冬都\d])(?:"
    rf"(?:从|自从?|自?打){_WHEN}(?:[^，。！？；\n]{{0,8}}?(?:起|开始|以来|以后|之后|过后|至今|到现在|后))?"
    rf"|{_WHEN}(?:[^，。！？；\n]{{0,4}}?(?:份|底|初)?(?:起(?!床)|开始|以来|以后|之后|过后|至今|到现在|后(?=[，。；一就便又才新搬开建有来]))|份|底|初)"
    r"|(?:从|自从?|自?打)[^，。！？；\n]{2,10}?(?:以来|开始|以后|之后|那天起|起)"
    r"|(?:已经|已|持续|长达|连续|一连|连着|接连|整整|足足|将近|近|快|好|这|有|都有|都)?(?:\d{1,3}|[一二两三四五六七八九十半几数多]{1,3})个?多?(?:年|月|天|周|星期|礼拜)(?:多|有余)?"
    r"(?:了|之久|以来|来(?!的?[一二三])|(?:以?前|之前)(?=[，。就开起搬建装])|(?=[，。；没无都天不]))"
    rf"|(?:(?<=[，。；！\n])|^){_WHEN}(?=[，。]|[^，。！？；\n]{{0,10}}(?:开|建|装|搬|投产|进场|启用|换|改|修|起))"
    r"|前阵子|前些(?:日子|天)|前段时间|这阵子|这俩月|这[几两三]+[天年月]|半拉月|[小大]半年|快?一整年|头[两几]年|十来天|[年节][前后](?=[，就才开])"
    r"|(?:自从|自打|打从)[^，。！？；\n]{2,12}?(?=[，就才便])"
    rf"|{_BEGINS}(?:以来|以后|之后|后|那天起|至今))"
)
_AFTER = re.compile(r"(?:^|[，。；！\n])([^，。；！？\n]{2,10}?(?:以后|之后|过后|[换走搬建修撤收割][^，。]{0,4}后))(?=，|就|便|才)")
_AMOUNT = re.compile(
    r"(\d+(?:\.\d+)?|[一二两三四五六七八九十百千]+)(?:多|余|来)?个?"
    r"(户|分贝|米|公里|亩|吨|人|家|台|辆|平方米|平方|口|头|只|业主|名业主|db)"
)
_ARTICLES = frozenset("口人家头只台辆")
_UNIT_NAMES = {"db": "分贝", "平方": "平方米", "业主": "户", "名业主": "户"}
_RECEIPT = re.compile(r"(?<![\d.])(?:20\d{12}|(?:工单|受理|编号|信访|回执|单号|件号)[^\d\n，。]{0,6}?([a-z]{0,4}\d{8,18}))(?!\d)")
_DIGITS = re.compile(r"\d{6}")
_LETTERED = re.compile(r"(?<![0-9a-z])[a-z]{1,4}-?20\d{6,14}(?!\d)")
# Who is asked, in people's words: offices, managers, those who cause it.
_OFFICE = (
    r"(?:城管|环保|街道|社区|物业|居委|村委|村干部|村支书|村长|村里|镇里|镇上|乡里|县里|区里|市里|政府|派出所|警察|民警|公安|交警|消防|供电所|热线|水务|住建|[乡镇县区市局科组队站厂校院]长"
    r"|学校|交通局|[\u4e00-\u9fff](?:业|医|护)站|后勤|主任|书记|客服|教育局|海事|环卫|部门|12345|12369|110|网格员|干部|管委会|信访局?|检察院|渔政|督察组|巡察组|专家组|记者|业委会|项目部|值班室|承办人"
    r"|接线员|执法|检查的|查的人|贵局|管家|房东|老板娘?|工头|包工头|施工方|厂里|店家|对方|人家|大姐|你们派)"
)
_CAME_OF_IT = (
    r"(?:下文|吭声|研究|皮球|往回推|推给|推来|推到|推一次|推诿|回音|回执|只?回我?一?[个句]|拒绝|翻脸|拉黑|挂了|骂|敷衍|上报|报上去|登记上?|在?协调|照(?:样|旧|放|熬|排|烧|干)|接着(?:干|排|烧)|转头又|人一走|走了又|消停|再没|没再|不归|归(?:环保|住建|城管|公安|水务)"
    r"|(?:叫|让|劝|喊)(?:我|大家)[^，。]{0,3}(?:忍|等|搬|戴|找|关|放|多|说|报|再|担待|回家)|罚了|责令|没味|送检|持续观察|少管闲事|不承认|没人(?:联系|翻|管|理|来)|涂黑|纳税大户|经费|说(?:会|要)?处理|顶了?回来|笑我)"
)
_BEFORE = re.compile(
    r"(?=[多已曾再反之以此上前几次无一屡又投举回答石踢推走置敷整罚检查执拨发寄不未没依仍拖第告说讲提报打写递留交去找向跟同给和问城环街社物居村镇乡县区市政派警民公消供热水住局科组队站厂校院学后主书客教海部1网干管信督巡专记业项值承接贵房老工包施店对人大你喊拦送搭经头二申投堵兽林护求])(?:"
    r"(?:多次|已经|已|曾经?|再次|反复|之前|以前|此前|上次|上回|头回|前几回|几次|无数次|一直|屡次|又|早)[^，。！？\n]{0,10}(?:投诉|反映|举报|要求|打过?12345|打电话|写信|上访|报警|留言|说过|讲过|提过)"
    r"|(?:投诉|反映|举报|上访)(?:过|后|了(?:很多|好多|多|无数|几|数)次|无果|多次|至今|未果|记录|没有?(?:人管|结果|用))"
    r"|石沉大海|踢皮球|推诿|推来推去|走过场|置之不理|不理不睬|不理睬|不了了之|没有?(?:下文|动静|回音|结果|答复|效果)|没人(?:来|理|回|应)|无人(?:问津|理会)|敷衍|屡禁不止|屡教不改"
    r"|(?:整改|罚款|罚|检查|查处|执法)(?:过|了)[^，。\n]{0,8}(?:又|还|仍|照)|上(?:次|回|个?月|周)[^，。\n]{0,12}(?:反映|投诉|举报|来看|来人|说|答|查|处理)"
    r"|(?:打|拨)(?:了|过|通)?[^，。\n]{0,8}(?:电话|12345|12369|110|热线)[^，。\n]{0,6}(?:[次回遍]|过|没|都|也|说|后)|打了[^，。\n]{0,4}[通次回遍]"
    r"|(?:写|发|寄)(?:了|过)[^，。\n]{0,6}(?:信|材料|邮件|帖|微信|短信)|(?:反映|投诉|举报|说|讲)(?:上去|到|给)[^，。\n]{0,12}(?:没|不|也|都)|第[二三四五六七八九十]+[封次回]"
    r"|(?:回复|答复|反馈)[^，。\n]{0,12}(?:但|可是|仍|还是|一模一样)|不满意|未解决|没有?解决|没人管|无人管|仍未|依然没|拖了|信息公开|行政复议|律师函|公益诉讼|意见簿|接待日|告状|告到|只字"
    r"|(?:投诉|反映|举报|告|说|讲|提|报警|报|问|找|交涉|理论|商量)(?:了|过)?(?:不下|不止|好|有)?(?:\d+|[一二两三四五六七八九十几多数]+)(?:多)?[次回遍趟轮]"
    r"|(?:找|问|求|堵|拦|劝|喊|告|报|交涉|上|打|写|投|递|留|交|去)过(?:[^，。！？\n]{0,8}(?:电话|信|热线|言|材料|纸条|条子|警|状|物业|车|门|镇|林业站)|，|他|她|老板|厂|[一两三四五几][次回遍])"
    rf"|(?:找|向|跟|同|给|和|问|到)(?:了|过)?[^，。！？\n]{{0,10}}?{_OFFICE}[^，。！？\n]{{0,10}}?(?:过|[一二三四五几两多\d]+[次回趟遍]|未果|无果|没用|都说|讲|踢皮球|没下文)"
    rf"|{_OFFICE}[^，。！？\n]{{0,8}}?(?:来过|去过|来了?人|来看|去看过|去讲过|罚过|查过|答应|说要等|踢皮球|没下文|光说|只叫|管不[着了到]|不管|推(?:来|给|说)|没人(?:回|理|答复)|接了?我)"
    rf"|{_OFFICE}[^。！？\n]{{0,22}}?{_CAME_OF_IT}"
    r"|(?:说|讲|反映|提|告)过[^，。！？\n]{0,4}(?:没|不|还|，))"
)
_NEW = re.compile(
    r"补充|新情况|又(?:开始|出现|增加|建|排|偷|在)|变本加厉|更加严重|越来越|死灰复燃|反弹|恢复(?:营业|生产|施工)|"
    r"(?:整改|处理|查处|停工|停业)(?:之?后|过后|没几天)[^，。]{0,10}(?:又|仍|还|继续|依旧)|现在还|不仅没|如今又"
)
_FOLLOW_UP = re.compile(r"来电(?:反馈|补充|催|咨询办理)|催单|催办|工单(?:处理情况|结果|内容|编?号)|回电|再次来电")
_QUOTE_OPEN = re.compile(r"(?:原?工单内容|来信内容|原(?:帖|文|件|信)(?:内容)?|投诉内容)(?:如下)?\s*：\s*")
_REPLY = re.compile(
    r"(?:20\d\d[-年]\d{1,2}[-月]\d{1,2}日?\s*(?:\d{1,2}：\d{2}(?:：\d{2})?)?[^，。：\n]{2,24}(?:回复|反馈|答复)|网友[^，。：\n]{0,10}您好)\s*：?"
)
_DEMAND = re.compile(
    r"(?:请|恳请|希望|望|敬请|要求|建议|故来电|特此)[^。！？\n]{0,60}"
    r"(?:核实|处理|查处|解决|整改|回复|答复|监管|重视|取缔|管理|关停|调查|谢谢|投诉)[^。！？\n]{0,30}[。！？]?"
)


def happens(plain: str) -> tuple[str, ...]:
    """Times of day and weekdays it happens, as written, at most four."""
    return tuple(dict.fromkeys(match[0] for match in _HAPPENS.finditer(plain)))[:4]


def since(plain: str) -> str | None:
    """Since when, as written."""
    match = _SINCE.search(plain)
    if match:
        return match[0]
    match = _AFTER.search(plain)
    return match[1] if match else None


def numbers(plain: str) -> tuple[tuple[str, float], ...]:
    """(unit, amount) of households, decibels, metres and the like, at most six, in order."""
    found: dict[tuple[str, float], None] = {}
    for match in _AMOUNT.finditer(plain):
        if match[1] == "一" and match[2] in _ARTICLES:
            continue  # "闻一口", "开了一家": an article, no count
        value = float(match[1]) if match[1][0].isdigit() else number(match[1])
        if value is not None:
            found[_UNIT_NAMES.get(match[2], match[2]), float(value)] = None
    return tuple(found)[:6]


def cited(plain: str) -> tuple[str, ...]:
    """Receipt numbers the text cites, upper case, in order."""
    if not _DIGITS.search(plain):
        return ()
    found = [match[1] or match[0] for match in _RECEIPT.finditer(plain)]
    found += [match[0] for match in _LETTERED.finditer(plain)]
    return tuple(dict.fromkeys(number.upper() for number in found))


def complained_before(plain: str) -> bool:
    """Whether the text says that it, or somebody, complained of this before."""
    return _BEFORE.search(plain) is not None


def new_facts(plain: str) -> bool:
    """Whether the text says that something has changed or is added."""
    return _NEW.search(plain) is not None


def follow_up(plain: str) -> bool:
    """Whether it is a note on an earlier item (an operator's or a unit's)."""
    return _FOLLOW_UP.search(plain, 0, 120) is not None


def quoted(plain: str) -> list[tuple[int, int]]:
    """Stretches copied from an earlier item or a reply to it, from the marker to the reply's or the text's end."""
    spans: list[tuple[int, int]] = []
    opened = _QUOTE_OPEN.search(plain) if "：" in plain else None
    if opened and opened.start() > 8:
        spans.append((opened.end(), len(plain)))
    else:
        reply = _REPLY.search(plain, 20) if "20" in plain or "网友" in plain else None
        if reply:
            spans.append((reply.start(), len(plain)))
    return spans


def demands(plain: str) -> list[tuple[int, int]]:
    """What is asked of the officials: it names units and says nothing of the matter."""
    return [match.span() for match in _DEMAND.finditer(plain)]
