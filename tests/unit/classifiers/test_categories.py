"""Categories: damaged models are refused, labels fit the words, batches change nothing."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import artifact, taxonomy
from classifiers.calibration import (
    calibration_error,
    fit_logistic,
    fit_temperature,
    sigmoid,
    softmax,
)
from classifiers.categories import MODELS, Categories
from classifiers.reading import Complaint
from classifiers.text_features import bag, hints, plain, times
from classifiers.urgency import assess
from contracts.vocabulary import DemandType, PollutionType, RiskArea, Urgency


@pytest.fixture(scope="module")
def model():
    return Categories.load()


def read(model, text, title="", **more):
    return model.predict([Complaint("x", text, title, **more)])[0]


def tiny():
    heads = (artifact.Head("environmental", "binary", ("environmental",), (1.0,), (0.0,)),)
    names = tuple(hints().names)
    return artifact.Artifact("t1", hints().version, taxonomy.version(), heads, ("油烟", "扰民"), names,
                             np.ones(2, np.float32), np.array([[2.0], [1.0]], np.float32),
                             np.zeros((len(names), 1), np.float32), np.zeros(1, np.float32), {"made": "by hand"})


@pytest.mark.parametrize("name", ["categories.words.txt", "categories.npz"])
def test_a_model_whose_file_was_changed_is_refused(tmp_path, name):
    artifact.save(tiny(), tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match="checksum"):
        artifact.load(tmp_path)


def test_a_model_of_an_unknown_format_or_with_unfitting_heads_is_refused(tmp_path):
    artifact.save(tiny(), tmp_path)
    path = tmp_path / "categories.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**about, "format": 99}), encoding="utf-8")
    with pytest.raises(ValueError, match="format"):
        artifact.load(tmp_path)
    about["heads"][0] |= {"kind": "softmax", "labels": ["甲", "乙"]}
    path.write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(ValueError, match="fit"):
        artifact.load(tmp_path)


def test_a_model_of_other_hint_groups_is_refused():
    names = (*hints().names[1:], "gone.any")
    with pytest.raises(ValueError, match="train it again"):
        Categories(replace(tiny(), hint_names=names))


def test_a_model_is_the_same_after_saving_and_loading_and_saving_again(tmp_path):
    artifact.save(tiny(), tmp_path / "a")
    again = artifact.load(tmp_path / "a")
    artifact.save(again, tmp_path / "b")
    assert again.words == tiny().words
    assert np.array_equal(again.word_weights, tiny().word_weights)
    for part in ("json", "npz", "words.txt"):
        assert (tmp_path / "a" / f"categories.{part}").read_bytes() == (tmp_path / "b" / f"categories.{part}").read_bytes()


def test_an_empty_folder_gives_the_shipped_model(tmp_path, model):
    assert Categories.load(tmp_path).versions == model.versions


def test_shipped_models_are_small_and_say_where_they_come_from():
    assert sum(p.stat().st_size for p in MODELS.iterdir()) < 15_000_000
    about = json.loads((MODELS / "categories.json").read_text(encoding="utf-8"))
    assert about["provenance"]["trained_on"] == "own corpus"


def test_reading_needs_neither_sklearn_nor_scipy():
    code = ("import sys; from classifiers.categories import Categories; from classifiers.reading import Complaint;"
            "Categories.load().predict([Complaint('1', '楼下烧烤店油烟扰民')]);"
            "sys.exit(bool({'sklearn', 'scipy'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_in_nothing_out(model):
    assert model.predict([]) == []


@pytest.mark.parametrize("text", ["", "。", "   \n", "abc 123", "〔电话·a1b2c3d4〕"])
def test_a_text_without_words_is_answered_without_certainty(model, text):
    label = read(model, text)
    assert 0 <= label.environmental < 0.9
    assert label.lead_unit


@pytest.mark.parametrize(("text", "kind"), [
    ("半夜两点楼后工地还在打桩，全家人都没法睡觉", PollutionType.NOISE),
    ("一楼新开的烧烤店油烟直排，窗户根本不敢开", PollutionType.AIR),
    ("村口造纸作坊把黑色废水排进水渠，鱼全死了", PollutionType.WATER),
    ("巷子里的生活垃圾堆了半个月无人清理", PollutionType.WASTE),
    ("有人连夜在河滩偷挖河沙，河堤都塌了", PollutionType.ECOLOGY),
    ("楼顶新装的通信基站离卧室十米，担心电磁辐射", PollutionType.RADIATION),
    ("对面商场的LED大屏整夜照进卧室，光污染严重", PollutionType.LIGHT),
])
def test_a_plain_complaint_gets_its_type(model, text, kind):
    label = read(model, text)
    assert label.environmental > 0.5
    assert label.types[0][0] is kind
    assert label.subtype is not None
    assert kind in taxonomy.subtypes()[label.subtype[0]].types


@pytest.mark.parametrize("text", [
    "老板拖欠我们六个工人三个月工资，电话也不接", "小区业委会换届程序不合法，请街道处理", "咨询新生儿落户需要哪些材料",
    "路口红绿灯坏了三天，早高峰堵得厉害", "渣土车闯红灯超速，差点撞到学生", "昨晚开始停水，没有任何通知",
])
def test_other_troubles_are_not_environmental(model, text):
    label = read(model, text)
    assert label.environmental < 0.5
    assert label.subtype is None
    assert label.risk_area is None


@pytest.mark.parametrize(("text", "subtype"), [
    ("高桥镇永固五金厂的冲床白天黑夜不停，震得墙上挂画都歪了。", "工业噪声"),
    ("桃源镇宏远印染厂把红色的水排到灌溉渠里，稻子都死了。", "工业废水"),
    ("南山脚下的铝厂把赤泥渣堆在山沟，没有防渗，风一吹红粉到处飞。", "工业固废"),
    ("福满楼酒店办婚宴天天放鞭炮，炮声和硝烟搞得四邻不安。", "烟花爆竹"),
    ("康泰化工厂晚上偷偷排黄色的烟", "工业废气"),
    ("村前的小河水黑得像墨，冒泡发臭", "黑臭水体"),
    ("邻居装修的砖头倒在绿化带里", "建筑垃圾"),
    ("修车铺换下来的机油直接倒进下水道", "危险废物"),
    ("上游电站把水全引走发电，坝下河床干得见底", "小水电生态流量"),
])
def test_a_complaint_that_tells_an_effect_instead_of_a_key_word_is_understood(model, text, subtype):
    label = read(model, text)
    assert label.environmental > 0.5
    assert label.subtype[0] == subtype


@pytest.mark.parametrize("text", [
    "刚买的油烟机用了两个月就不转了，售后不肯上门", "有人上门推销净水器，骗我母亲交了三千元", "物业一年收两次垃圾清运费，没有票据",
    "在搅拌站开罐车，八个月的工资一直没给", "养猪补贴报上去半年还没到账", "渣土车右转不减速，撞倒了买菜的老人",
    "想开一家小吃店，请问环评手续在哪里办", "矿山欠村民的土地租金不给",
])
def test_words_of_the_environment_alone_make_no_environmental_complaint(model, text):
    assert read(model, text).environmental < 0.5


def test_what_the_hotline_wrote_as_demand_stands(model):
    assert read(model, "工地夜间施工", demand=DemandType.SUGGESTION).demand is DemandType.SUGGESTION


def test_a_risk_area_is_read_from_the_words(model):
    assert read(model, "电镀厂把废酸和含重金属废水偷排到河里").risk_area in (RiskArea.HAZARDOUS_WASTE, RiskArea.HEAVY_METAL)
    assert read(model, "有人在水源保护区里养猪，粪水流进取水口").risk_area is RiskArea.DRINKING_WATER


def test_a_batch_answers_like_one_at_a_time(model):
    texts = ["工地半夜施工", "", "饭店油烟大\n污水乱排", "咨询社保转移", "垃圾站太臭了" * 40]
    complaints = [Complaint(str(i), t) for i, t in enumerate(texts)]
    for one, many in zip([model.predict([c])[0] for c in complaints], model.predict(complaints), strict=True):
        assert one.environmental == pytest.approx(many.environmental, abs=1e-5)
        assert one.subtype == many.subtype or one.subtype[0] == many.subtype[0]
        assert [u for u, _ in one.lead_unit] == [u for u, _ in many.lead_unit]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="噪音油烟夜间施工地垃圾臭，。a1\n", max_size=30), min_size=1, max_size=6))
def test_hints_of_a_text_do_not_depend_on_its_neighbours(texts):
    together = hints().matrix(texts)
    alone = np.vstack([hints().matrix([t]) for t in texts])
    assert np.array_equal(together, alone)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="噪音油烟夜间施工正在超时地垃圾臭辐射基站", max_size=20))
def test_a_hint_is_found_exactly_where_one_of_its_words_stands(text):
    table, found = taxonomy.lexicon("hints.toml")["groups"], hints()
    row = dict(zip(found.names, found.matrix([text])[0], strict=True))
    for group, words in table.items():
        assert row[f"{group}.any"] == any(w in text for w in words.lower().split())


def test_a_bag_is_of_length_one_and_unknown_words_count_for_nothing():
    words = bag([["甲", "甲", "乙"], [], ["丙"]], {"甲": 0, "乙": 1}, np.ones(2, np.float32))
    assert times(words, np.eye(2, dtype=np.float32))[0] @ times(words, np.eye(2, dtype=np.float32))[0] == pytest.approx(1)
    assert not times(words, np.eye(2, dtype=np.float32))[1:].any()


def test_plain_keeps_offsets_and_hides_identities():
    text = "ＡＢ，来电人〔电话·a1b2c3d4〕反映"
    assert len(plain(text)) == len(text)
    assert "a1b2" not in plain(text)


# urgency

@pytest.mark.parametrize("text", [
    "化工厂储罐泄漏，刺鼻的气体正往小区飘", "仓库爆炸起火冒毒烟", "水库一夜之间大面积死鱼，下游就是取水口",
    "车间氨气泄漏，已经有工人晕倒", "槽罐车翻车，不明液体流进河里",
])
def test_an_emergency_is_suspected_and_its_words_are_shown(text):
    [(urgency, spans)] = assess([text])
    assert urgency is Urgency.EMERGENCY
    assert all(text[s.start : s.end] == s.text for s in spans)
    assert spans


@pytest.mark.parametrize("text", [
    "担心储罐泄漏会出大事", "楼上水管漏水", "KTV音响声音像爆炸一样大", "厂里没有发生泄漏，但是味道很大", "煤气罐乱放容易爆炸",
])
def test_fear_and_figures_of_speech_are_no_emergency(text):
    assert assess([text])[0][0] is not Urgency.EMERGENCY


def test_someone_at_the_scene_asks_for_haste():
    assert assess(["有人正在倾倒废油，请马上派人"])[0][0] is Urgency.URGENT
    assert assess(["希望处理一下油烟"])[0][0] is Urgency.NORMAL


# taxonomy

def test_an_older_name_becomes_todays_and_a_split_is_decided_by_the_text():
    assert taxonomy.current("施工噪声") == "建筑施工噪声"
    assert taxonomy.current("扬尘", "小区旁的搅拌站粉尘大") == "工业扬尘"
    assert taxonomy.current("扬尘", "修路不洒水") == "施工扬尘"
    assert taxonomy.current("从未有过的名字") == "从未有过的名字"


def test_merged_labels_add_up():
    merged = taxonomy.merge([("施工噪声", 0.3), ("油烟", 0.2), ("建筑施工噪声", 0.4)], taxonomy.current)
    assert merged == [("建筑施工噪声", pytest.approx(0.7)), ("餐饮油烟", pytest.approx(0.2))]


def test_every_older_name_leads_to_one_subtype_and_none_is_also_a_name_of_today():
    old = [w for s in taxonomy.subtypes().values() for w in s.was]
    assert len(old) == len(set(old))
    assert not set(old) & set(taxonomy.subtypes())


# calibration

def test_calibration_of_one_answer_only_changes_nothing():
    assert fit_logistic([1.0, 2.0], [True, True]) == (1.0, 0.0)


def test_overconfident_answers_are_calibrated():
    rng = np.random.default_rng(1)
    true_logit = rng.normal(0, 1.5, 8_000)
    y = rng.random(8_000) < sigmoid(true_logit)
    a, b = fit_logistic(true_logit * 4 + 1, y)
    assert calibration_error(sigmoid(true_logit * 4 + 1), y) > 0.1
    assert calibration_error(sigmoid(a * (true_logit * 4 + 1) + b), y) < 0.03


def test_the_temperature_undoes_a_known_scale():
    rng = np.random.default_rng(2)
    z = rng.normal(0, 2, (6_000, 4))
    y = np.array([rng.choice(4, p=p) for p in softmax(z)])
    assert fit_temperature(z * 2, y) == pytest.approx(0.5, rel=0.1)
