"""The training corpus: the same for a seed, wide enough, honest about matters, copied from nowhere."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path

import pytest

from classifiers import taxonomy
from classifiers.corpus import grammar
from classifiers.corpus.check import copied_runs, runs
from classifiers.corpus.generator import LOOKALIKES, generate
from classifiers.corpus.scene import lists, protos, topics
from contracts.vocabulary import DemandType, PollutionType

DATA = Path(os.environ.get("PETITIONS_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.fixture(scope="module")
def rows():
    return list(generate(6_000))


def test_a_frame_that_is_not_closed_is_refused():
    for broken in ("(半夜|凌晨", "半夜)", "{夜还在响"):
        with pytest.raises(ValueError, match=r"\S"):
            grammar.parse(broken)


def test_every_frame_parses_and_names_only_slots_that_exist():
    known = set(lists()) | {"S", "P", "U", "T", "Q", "B", "M1", "M2", "店", "雅", "英", "栋", "房号", "村", "楼盘", "路",
                            "河", "山", "园区", "n号"}

    def slots(nodes):
        for node in nodes:
            if isinstance(node, tuple):
                if node[0] == "slot":
                    yield node[1]
                else:
                    for branch in node[1]:
                        yield from slots(branch)

    frames = [f for v in lists().values() for f in v]
    for proto in protos() + topics():
        frames += [*proto["name"], *proto["kind"]]
        for aspect in proto["aspect"]:
            frames += [aspect["title"], *aspect["say"]]
    unknown = {(s, f) for f in frames for s in slots(grammar.parse(f)) if s not in known}
    assert not unknown
    assert len(frames) > 1_500


def test_the_same_seed_gives_the_same_complaints_and_another_seed_others():
    first, again, other = (list(generate(300, seed)) for seed in (5, 5, 6))
    assert first == again
    assert [r["text"] for r in first] != [r["text"] for r in other]


def test_the_corpus_does_not_depend_on_how_a_process_hashes():
    told = "import json; from classifiers.corpus.generator import generate; print(json.dumps(list(generate(1_500))))"
    first, again = (
        subprocess.run([sys.executable, "-c", told], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    )
    assert first == again
    assert len(json.loads(first)) >= 1_500


def test_towns_return_with_other_sources():
    rows = list(generate(1_500))
    places = Counter(r["place"].removesuffix("段") for r in rows if r["env"] and r["level"] == "L0")
    assert max(places.values()) > 1


def test_a_larger_corpus_tells_the_matters_of_a_smaller_one_alike():
    small = {r["id"]: r for r in generate(200)}
    large = {r["id"]: r for r in generate(800)}
    assert all(large[i] == r for i, r in small.items())


def test_every_subtype_and_every_type_of_pollution_is_told(rows):
    assert {r["subtype"] for r in rows if r["env"]} == set(taxonomy.subtypes())
    assert {t for r in rows for t in r["types"]} == {t.value for t in PollutionType}
    assert {r["demand"] for r in rows} == {d.value for d in DemandType}
    assert {r["source"] for r in rows} == {p["key"] for p in protos() + topics()}


def test_every_subtype_is_told_by_several_sources_and_in_many_ways():
    sources, ways = defaultdict(set), Counter()
    for proto in protos():
        for aspect in proto["aspect"]:
            sources[aspect["subtype"]].add(proto["key"])
            ways[aspect["subtype"]] += len(aspect["say"])
    assert min(map(len, sources.values())) >= 2
    assert min(ways.values()) >= 6


def test_labels_of_a_row_agree_with_one_another(rows):
    for row in rows:
        assert row["env"] == bool(row["types"]) == (row["subtype"] is not None)
        assert row["env"] or not row["urgent"]


def test_texts_run_from_a_note_to_a_long_letter_and_leave_no_slot_open(rows):
    lengths = sorted(len(r["text"]) for r in rows)
    assert lengths[0] >= 6
    assert lengths[-1] > 350
    assert not [r["text"] for r in rows if set("{}|") & set(r["title"] + r["text"])]


def test_a_near_copy_is_near_and_retellings_by_others_are_not(rows):
    first = {r["matter"]: r for r in rows if r["level"] == "L0"}
    alike = defaultdict(list)
    for row in islice((r for r in rows if r["level"] in ("L1", "L3", "L4")), 400):
        alike[row["level"]].append(SequenceMatcher(None, first[row["matter"]]["text"], row["text"]).ratio())
    mean = {level: sum(v) / len(v) for level, v in alike.items()}
    assert mean["L1"] > 0.75
    assert max(mean["L3"], mean["L4"]) < 0.5


def test_a_matter_is_retold_by_its_own_user_or_by_others_as_its_level_says(rows):
    first = {r["matter"]: r for r in rows if r["level"] == "L0"}
    for row in rows:
        if row["level"] == "L2":
            assert row["user"] == first[row["matter"]]["user"]
        if row["level"] in ("L3", "L4"):
            assert row["user"] != first[row["matter"]]["user"]


def test_a_look_alike_is_another_matter_and_all_kinds_occur(rows):
    matters = {r["matter"] for r in rows}
    for row in rows:
        if row["lookalike_of"]:
            assert row["lookalike_of"] != row["matter"]
            assert row["lookalike_of"] in matters
    assert {r["lookalike_kind"] for r in rows} - {None} == set(LOOKALIKES)


def test_runs_ignore_marks_between_characters():
    text = "一二三四五六七八九十甲乙丙丁戊己"
    assert list(runs(text)) == list(runs(text[:7] + "，。" + text[7:])) == [text]
    assert not list(runs(text[:-1]))


def test_a_copied_run_is_found(tmp_path):
    (tmp_path / "public.jsonl").write_text('{"text": "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳"}\n', encoding="utf-8")
    row = {"title": "", "text": "他说：甲乙丙丁戊己庚辛，壬癸子丑寅卯辰巳。"}
    assert copied_runs(tmp_path, [row]) == {"甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳"}


@pytest.mark.skipif(not (DATA / "messages_2019.jsonl").exists(), reason=f"no public data in {DATA}: copying not checked")
def test_no_run_of_sixteen_characters_of_the_public_data_stands_in_corpus_or_lexicons():
    assert copied_runs(DATA, generate()) == set()
