"""A thousand complaints, each with an identity of its own in the block and in the text: none is found
afterwards."""

from __future__ import annotations

import random

import pytest

from contracts.submitted import ComplaintSubmitted, read_submitted
from services.domain.scrub import scrub_complaint
from services.domain.sealing import Keyring, vault_aad

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱何郭罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡高林马方叶任"
_GIVEN = "雯昊霖芷珂瑾翊晗璟菡岚煜湘琰澈栩棠樾蓁旻桁珩茉熠沁筠绮璇芮堇"
_ESTATES = ["金桂苑小区", "云栖花园", "望江新村", "松鹤公寓"]
_TEXTS = [
    "我叫{name}，住{home}，电话{phone}，身份证{card}。翠竹路18号王记烧烤夜里油烟很大。",
    "市民{name}来电反映：和风大道工地凌晨施工，噪声70分贝。回电{spaced}，家住{home}。",
    "{home}的{name}投诉隔壁洗车场污水横流，证件号{card}，联系方式：{phone}（微信同号）。",
    "垃圾站臭味扰民，工单号20271124055334，请处理。\n{name}\n{phone}",
    "{name}{phone}要求回复，塑料厂废气熏人，{name}先生已反映三次，住址{home}。",
    "请勿泄露{name}的身份！{card} / {spaced} / {home}",
]


def _check(body: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]


def _canaries(seed: int) -> list[tuple[dict[str, str], ComplaintSubmitted]]:
    rng = random.Random(seed)
    names = rng.sample([s + a + b for s in _SURNAMES for a in _GIVEN for b in _GIVEN if a != b], 1000)
    phones = rng.sample(range(10**8), 1000)
    made = []
    for number, (name, tail) in enumerate(zip(names, phones, strict=True)):
        phone = f"1{rng.choice('3578')}{number % 10}{tail:08d}"
        body = f"440305{rng.randint(1950, 2005)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{rng.randint(0, 999):03}"
        home = f"明光市青山区听泉路{number + 2000}号{rng.choice(_ESTATES)}{rng.randint(1, 40)}栋{rng.randint(1, 4)}单元{rng.randint(2, 33)}0{rng.randint(1, 4)}室"
        values = {
            "name": name,
            "phone": phone,
            "card": body + _check(body),
            "home": home,
            "spaced": f"{phone[:3]} {phone[3:7]} {phone[7:]}",
        }
        complaint = read_submitted(
            {
                "source": "canary",
                "external_id": f"C{number}",
                "received_at": "2027-11-24T09:00:00+08:00",
                "title": rng.choice(["油烟扰民", f"{name}的投诉"]),
                "text": rng.choice(_TEXTS).format(**values),
                "address": rng.choice(["翠竹路18号", "和风大道66号工地"]),
                "petitioner": {"name": name, "phone": phone, "id_number": values["card"], "address": home},
                "attachments": [{"uri": f"s3://in/{phone}.jpg", "name": f"{name}{phone}.jpg"}],
            }
        )
        assert isinstance(complaint, ComplaintSubmitted)
        made.append((values, complaint))
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_of_a_thousand_planted_identities_is_left_in_what_goes_on(seed: int) -> None:
    ring = Keyring.generate()
    canaries = _canaries(seed)
    going_on = []
    stored = []
    for _, complaint in canaries:
        clean, plain = scrub_complaint(complaint, ring.token_key)
        going_on.append(repr(clean))
        stored.append(ring.seal(plain, vault_aad(complaint.external_id, 1)).ciphertext)
    everything, vault = "\n".join(going_on), b"".join(stored)
    for values, _ in canaries:
        for kind, value in values.items():
            assert value not in everything, kind
            assert value.encode() not in vault, kind


def test_the_matter_of_every_canary_is_still_readable() -> None:
    ring = Keyring.generate()
    matters = (
        "翠竹路18号王记烧烤",
        "和风大道工地",
        "洗车场污水",
        "垃圾站臭味扰民，工单号20271124055334",
        "塑料厂废气",
        "请勿泄露",
    )
    for _, complaint in _canaries(3):
        text = scrub_complaint(complaint, ring.token_key)[0].text
        assert sum(matter in text for matter in matters) == 1
