"""Scrubbing: which identities go, in which disguises, and what must stay readable. All people and places are
invented."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.submitted import ComplaintSubmitted, read_submitted
from services.domain.scrub import TOKEN, KnownIdentity, open_sealed, scrub, scrub_complaint

KEY = b"scrub-test-key-of-32-bytes-long!"


def clean(text: str, known: KnownIdentity | None = None) -> str:
    return scrub(text, known, KEY).text


def kinds(text: str, known: KnownIdentity | None = None) -> dict[str, int]:
    return dict(scrub(text, known, KEY).counts)


# ---------------------------------------------------------------- what must not be eaten


@pytest.mark.parametrize(
    "text",
    [
        "政府工单号20271227055119《关于翠竹路烧烤油烟的问题》",
        "受理编号：202711240000012345，前次单号 20271124001",
        "工单号：13912345678，订单号13987654321",
        "受理编号D3SX202705280018、X3SX202706010011*",
        "前次受理号XF20261124-000123-5",
        "夜间噪声65.5-70.3分贝，昼间 72dB(A)，限值55",
        "2027-11-24 10:30至2027/11/25 6:00，2027年11月24日22点30分",
        "每天5:30-7:30、17:00-19:00施工",
        "翠竹路128号，和风大道66号A栋，3号楼，G2栋，18楼",
        "王记烧烤、张家老店、李先生牛肉面、陈阿姨包子铺、罗师傅肠粉",
        "王局长、李主任、张书记、赵老板、刘经理、孙警官",
        "位于某小区，和某些单位，某公司，由于某种原因，某时段某些路段",
        "三室一厅，501房产证，办公室，300户居民，8号楼1502平方米，5栋12层",
        "12栋101商铺，6座201底商",
        "业主多次反映，居民强烈要求，村民高度关注，市民来电反映，本人于去年购房，我是安徽人",
        "谢谢！\n此致\n敬礼",
        "居民区开设加工厂，物业主管部门不理，班主任老师，班上同学，各位女士，感谢同志",
        "热线12345、12369，客服4001234567，统一社会信用代码91440300MA5EXAMPLE",
        "总价1521684元，面积1300-1500平方米，1,234,567元",
        "一二三期，二十四小时，一千三百五十八户，五六百米",
        "东经114.0512，北纬22.5431",
    ],
)
def test_what_tells_the_matter_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_the_place_complained_of_stays_readable_around_the_room() -> None:
    cleaned = clean("翠竹路12号金桂苑小区3栋2单元501室楼下王记烧烤")
    assert TOKEN.sub("#", cleaned) == "翠竹路12号金桂苑小区3栋#楼下王记烧烤"


def test_a_nearer_phone_label_beats_a_receipt_label() -> None:
    assert kinds("工单号20271124000123，联系电话13912345678") == {"电话": 1}


# ---------------------------------------------------------------- disguises

PHONE = "13912345678"


@pytest.mark.parametrize(
    "written",
    [
        "13912345678",
        "139 1234 5678",
        "139-1234-5678",
        "1391234 5678",
        "1 3 9 1 2 3 4 5 6 7 8",
        "139.1234.5678",
        "+86 13912345678",
        "86-139-1234-5678",
        "0086 13912345678",
        "013912345678",
        "１３９１２３４５６７８",
        "１３９－１２３４－５６７８",
        "一三九一二三四五六七八",
        "幺三九 幺二三四 五六七八",
        "139一二三四5678",
        "①③⑨①②③④⑤⑥⑦⑧",
        "139\u200b1234\u200b5678",
        "𝟏𝟑𝟗𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
    ],
)
def test_every_spelling_of_a_mobile_becomes_the_same_token(written: str) -> None:
    token = TOKEN.findall(clean(PHONE))[0]
    assert TOKEN.findall(clean(f"请回电{written}，谢谢")) == [token]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("座机0535-6123456", "电话"),
        ("（0535）61234567转801", "电话"),
        ("010 6123 4567", "电话"),
        ("家里电话6123-4567", "电话"),
        ("电话61234567", "电话"),
        ("139****5678", "电话"),
        ("139xxxx5678", "电话"),
        ("11010519491231002X", "证件"),
        ("110105 19491231 002x", "证件"),
        ("110105491231002", "证件"),
        ("身份证号：110105194912310021", "证件"),
        ("身份证11010519491231002", "证件"),
        ("110105********002X", "证件"),
        ("车牌粤B12345", "车牌"),
        ("川A·D12345", "车牌"),
        ("鲁f 5k678", "车牌"),
        ("京A12345警", "车牌"),
        ("3栋2单元501室", "房号"),
        ("三单元五零二", "房号"),
        ("5栋1203", "房号"),
        ("7号楼801", "房号"),
        ("1602房", "房号"),
        ("金桂苑3-2-501", "房号"),
        ("金桂苑12-1802", "房号"),
        ("304房东", "房号"),
        ("微信：zhou_yan1978", "微信"),
        ("加V zhouyan-78", "微信"),
        ("QQ号：12345678", "QQ"),
        ("扣扣987654321", "QQ"),
        ("zhou.yan+1@mail.example.com", "邮箱"),
        ("ｚｈｏｕ＠mail.example.com", "邮箱"),
        ("卡号6222 0212 3456 7890 128", "银行卡"),
        ("6222021234567890128", "银行卡"),
        ("周某某", "姓名"),
        ("周先生", "姓名"),
        ("欧阳女士", "姓名"),
        ("周文岩大爷", "姓名"),
        ("我叫周文岩", "姓名"),
        ("我叫刘科，男", "姓名"),
        ("联系人：周文岩", "姓名"),
        ("举报人：应小明，", "姓名"),
        ("姓名：谌静", "姓名"),
        ("本人周文岩，系金桂苑住户", "姓名"),
        ("业主周文岩反映", "姓名"),
        ("特此反映！\n周文岩\n2027年11月", "姓名"),
    ],
)
def test_each_kind_of_identity_is_replaced_once_and_counted(text: str, kind: str) -> None:
    assert kinds(text) == {kind: 1}


def test_a_name_beside_a_number_is_taken_with_it() -> None:
    assert kinds("请联系周文岩13912345678") == {"姓名": 1, "电话": 1}
    assert kinds("13912345678（周文岩）") == {"姓名": 1, "电话": 1}


def test_a_mobile_given_as_wechat_gets_the_token_of_the_phone() -> None:
    assert TOKEN.findall(clean(f"微信{PHONE}")) == TOKEN.findall(clean(f"电话{PHONE}"))


def test_tokens_written_by_an_earlier_run_are_left_alone_and_not_counted() -> None:
    text = f"联系人：周文岩，电话{PHONE}"
    once = scrub(text, None, KEY)
    again = scrub(once.text, None, KEY)
    assert again.text == once.text and not again.counts


def test_another_key_gives_other_tokens() -> None:
    assert scrub(PHONE, None, KEY).text != scrub(PHONE, None, b"another key of thirty-two bytes!").text


# ---------------------------------------------------------------- what the order says of the petitioner


def a_complaint(**changes: object) -> ComplaintSubmitted:
    record = {
        "source": "hotline",
        "external_id": "T1",
        "received_at": "2027-11-24T09:00:00+08:00",
        "text": "夜里油烟大",
        **changes,
    }
    result = read_submitted(record)
    assert isinstance(result, ComplaintSubmitted)
    return result


@pytest.mark.parametrize("written", ["尉晚棠", "尉 晚 棠", "尉·晚·棠", "尉*棠", "尉某棠", "尉**"])
def test_the_petitioners_own_name_is_found_without_any_sign_of_a_name(written: str) -> None:
    known = KnownIdentity(names=("尉晚棠",))
    assert TOKEN.sub("#", clean(f"昨天{written}到过现场", known)) == "昨天#到过现场"


def test_the_petitioners_own_number_goes_even_under_a_receipt_label() -> None:
    known = KnownIdentity(numbers=frozenset({PHONE}))
    assert PHONE not in clean(f"单号{PHONE}，流水90{PHONE}77", known)


def test_stars_that_fit_the_petitioners_number_get_its_token() -> None:
    known = KnownIdentity(numbers=frozenset({PHONE}))
    assert TOKEN.findall(clean("139****5678", known)) == TOKEN.findall(clean(PHONE, known))


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ("解放路5号", "我家住#，解放路5号吵"),
        ("和风路12号金桂苑小区", "我家住和风路12号金桂苑小区#，解放路5号吵"),
        (None, "我家住和风路12号金桂苑小区#，解放路5号吵"),
        ("明光市青山区和风路12号金桂苑小区3栋", "我家住和风路12号金桂苑小区3栋#，解放路5号吵"),
    ],
)
def test_the_home_goes_as_far_as_it_is_not_the_place_complained_of(place: str | None, left: str) -> None:
    complaint = a_complaint(
        text="我家住和风路12号金桂苑小区3栋2单元501室，解放路5号吵",
        address=place,
        petitioner={"address": "明光市青山区和风路12号金桂苑小区3栋2单元501室"},
    )
    assert TOKEN.sub("#", scrub_complaint(complaint, KEY)[0].text) == left


def test_an_organisation_that_complains_is_no_persons_name() -> None:
    complaint = a_complaint(text="金桂苑业主委员会反映", petitioner={"name": "金桂苑业主委员会"})
    assert scrub_complaint(complaint, KEY)[0].text == "金桂苑业主委员会反映"


def test_every_field_that_goes_on_is_scrubbed_and_the_original_is_sealed_whole() -> None:
    person = "尉晚棠"
    complaint = a_complaint(
        text=f"{person}再次反映",
        title=f"{person}的来信",
        address=f"金桂苑小区，找{person}",
        region_name="青山区",
        respondent=f"王记烧烤（{PHONE}）",
        respondent_address="翠竹路3号1602房",
        industry=f"餐饮{person}",
        urgency=person,
        pollution_types=["大气", person],
        flags=["群体", PHONE],
        earlier_receipts=["XF20261124-000123-5", PHONE],
        attachments=[{"uri": f"s3://in/{person}.jpg", "name": f"{person}身份证.jpg", "size": 9}],
        petitioner={"name": person, "phone": PHONE},
    )
    going_on, sealed = scrub_complaint(complaint, KEY)
    shown = repr(going_on)
    assert person not in shown and PHONE not in shown and "1602" not in shown and "s3://" not in shown
    assert going_on.region_name == "青山区" and going_on.earlier_receipts == ("XF20261124-000123-5",)
    assert going_on.counts["姓名"] == 7 and going_on.counts["电话"] == 3
    assert open_sealed(sealed) == complaint


# ---------------------------------------------------------------- properties

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
WORDS = st.sampled_from(
    ["市民来电反映", "油烟扰民", "，", "。", "：", " ", "\n", "（", "）", "65分贝", "翠竹路12号", "联系", "〔", "〕", "a", "和", "王", "3栋", "*", "@", "-", "工地"]
)  # fmt: skip
AROUND = st.lists(WORDS | HAN, max_size=12).map("".join)
DIGIT = st.sampled_from("0123456789")
MOBILES = st.builds("1{}{}".format, st.sampled_from("3456789"), st.text(DIGIT, min_size=9, max_size=9))
SEPARATED = st.sampled_from(["{0}{1}{2}", "{0} {1} {2}", "{0}-{1}-{2}", "{0}{1} {2}", "{0} {1}{2}"])


def _card(body: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]


CARDS = st.builds(
    lambda area, year, month, day, order: _card(f"{area}{year}{month:02}{day:02}{order:03}"),
    st.sampled_from(["110105", "370602", "440305", "650102"]),
    st.integers(1940, 2010),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 999),
)


@given(AROUND, MOBILES, SEPARATED, AROUND)
def test_no_mobile_survives_whatever_stands_around_it(
    before: str, number: str, form: str, after: str
) -> None:
    assume(not before[-1:].isdigit() and not after[:1].isdigit())
    written = form.format(number[:3], number[3:7], number[7:])
    cleaned = TOKEN.sub("#", clean(before + written + after))
    assert written not in cleaned and number not in cleaned


@given(AROUND, CARDS, AROUND)
def test_no_identity_card_survives_whatever_stands_around_it(before: str, number: str, after: str) -> None:
    assume(not before[-1:].isdigit() and not after[:1].isdigit() and after[:1] not in "xX")
    assert number not in TOKEN.sub("#", clean(before + number + after))


@given(AROUND, st.text(HAN, min_size=3, max_size=3), MOBILES, AROUND)
def test_no_value_of_the_petitioners_block_survives_anywhere(
    before: str, name: str, number: str, after: str
) -> None:
    known = KnownIdentity(names=(name,), numbers=frozenset({number}))
    cleaned = TOKEN.sub("#", clean(f"{before}{name}{after}{number}{before}单号7{number}", known))
    assert name not in cleaned and number not in cleaned


@given(
    AROUND, st.sampled_from(["粤B1{}", "鲁FD{}", "川A·{}8"]), st.text(DIGIT, min_size=4, max_size=4), AROUND
)
def test_no_plate_survives_whatever_stands_around_it(before: str, form: str, number: str, after: str) -> None:
    plate = form.format(number if form != "鲁FD{}" else number + "6")
    assume(not after[:1].isalnum() or not after[:1].isascii())
    assert plate not in TOKEN.sub("#", clean(before + plate + after))


TEXTS = st.lists(
    WORDS
    | HAN
    | MOBILES
    | CARDS
    | st.sampled_from(["周先生", "我叫", "周某", "5栋1203", "单元", "二", "QQ", "微信"]),
    max_size=25,
)


@given(TEXTS.map("".join))
@settings(max_examples=400)
def test_scrubbing_what_is_scrubbed_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@given(MOBILES, MOBILES)
def test_tokens_are_equal_exactly_where_values_are(one: str, other: str) -> None:
    first, second = TOKEN.findall(clean(f"电话{one}。")), TOKEN.findall(clean(f"请拨 {other} 。"))
    assert len(first) == len(second) == 1
    assert (first == second) == (one == other)


@given(st.text(max_size=200))
def test_no_text_at_all_makes_it_fail_and_counts_match_the_tokens(text: str) -> None:
    before = len(TOKEN.findall(text))
    result = scrub(text, None, KEY)
    assert len(TOKEN.findall(result.text)) - before == sum(result.counts.values())


@pytest.mark.parametrize(
    "unit",
    ["1", "1-", "1 ", "一", "王", "王先生", "先生", "王某", "a@", "a@b.", PHONE, PHONE + " ", "0-", "13*", "**1", "3-501", "3单元", "单元",
     "微信", "粤B1", "尉晚", "尉 ", "尉*", "业主王", "\n王建", "电话1234567", "4111 ", "我叫", "〔姓名·", "〔", "11010519491231"],
)  # fmt: skip
def test_twenty_thousand_hostile_characters_take_linear_time(unit: str) -> None:
    known = KnownIdentity(names=("尉晚棠",), numbers=frozenset({PHONE}))

    def seconds(size: int) -> float:
        text = (unit * size)[:size]
        return min(_timed(text, known) for _ in range(3))

    # four times the text may take at most ten times as long; below a few ms the clock's own noise decides
    assert seconds(20_000) < max(10 * seconds(5_000), 0.05)


def _timed(text: str, known: KnownIdentity) -> float:
    begin = time.thread_time()
    scrub(text, known, KEY)
    return time.thread_time() - begin
