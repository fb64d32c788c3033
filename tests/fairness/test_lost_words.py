"""Lost words: planted ones are found, words said more often are not taken for lost more often, persons stay private."""

import time

import numpy as np
import pandas as pd
import pytest

from callgap.fairness.confusions import EVERYONE_ELSE, PRIOR_OCCURRENCES, LogOdds, WordFates, confusions
from callgap.fairness.evidence import Evidence
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN, membership
from callgap.group_records import CONFUSIONS
from callgap.records import COVARIATES, HYPOTHESES, OUTCOMES, SCORES, table, utterances_schema
from callgap.scoring import WhisperEnglish


def evidence(texts, system="s"):
    """Evidence of (speaker, group, said, heard); a speaker may be heard as None, who owes nobody a word."""
    utterances, heard = [], []
    for number, (speaker, group, said, understood) in enumerate(texts):
        name = f"u{number}"
        utterances.append({"utterance_id": name, "speaker_id": speaker, "text": said, "accent": group})
        status = "missing" if understood is None else "ok"
        heard.append({"utterance_id": name, "grammar_id": "open", "text": understood, "status": status, "n_best": []})
    spoken = table(utterances, utterances_schema(["accent"]))
    return Evidence(
        utterances=spoken,
        heard=table(heard, HYPOTHESES),
        probes=HYPOTHESES.empty_table(),
        scores=SCORES.empty_table(),
        outcomes=OUTCOMES.empty_table(),
        covariates=COVARIATES.empty_table(),
        normalizer="whisper-english",
        human="",
        phrases={},
        system=system,
        condition="c",
        membership={"accent": membership(spoken, "accent")},
    )


def repeated(group, speakers, said, heard, times=1):
    """The same text of each of some speakers."""
    return [(f"{group}{k}", group, said, heard) for k in range(speakers) for _ in range(times)]


PLANTED = [
    *repeated("a", 6, "may i ask you", "may i axe you", 2),
    *repeated("a", 6, "call my bank", "call bank"),
    *repeated("b", 6, "may i ask you", "may i ask you", 2),
    *repeated("b", 6, "call my bank", "call my bank"),
]


def listed(texts, reference="b", groups=("a",), normalize=str, **options):
    return {row["word"]: row for row in confusions(evidence(texts), normalize, "accent", groups, reference, **options)}


def test_planted_confusions_lead_with_their_counts_and_what_was_heard():
    rows = listed(PLANTED)
    assert list(rows) == ["ask", "my"]
    ask = rows["ask"]
    assert (ask["lost"], ask["said"], ask["reference_lost"], ask["reference_said"]) == (12, 12, 0, 12)
    assert (ask["speakers"], ask["heard_as"], rows["my"]["heard_as"]) == (6, "axe (12)", None)
    assert ask["per_1000"] == pytest.approx(1000 * 12 / 66)
    assert ask["reference_per_1000"] == 0.0
    assert (ask["attribute"], ask["group"], ask["reference"]) == ("accent", "a", "b")
    assert (ask["system"], ask["condition"], ask["normalizer"]) == ("s", "c", "whisper-english")


def test_rows_are_those_of_the_table_confusions():
    made = table(confusions(evidence(PLANTED), str, "accent", ["a"], "b"), CONFUSIONS)
    assert made.num_rows == 2
    assert set(CONFUSIONS.names) == set(confusions(evidence(PLANTED), str, "accent", ["a"], "b")[0])


def plain_log_odds(lost, said, other_lost, other_said, mean):
    """Monroe, Colaresi and Quinn (2008), formulas 16 and 22, the vocabulary being lost and kept."""
    outcomes = np.array([[lost, said - lost], [other_lost, other_said - other_lost]], dtype=float)
    smoothed = outcomes + PRIOR_OCCURRENCES * np.array([mean, 1 - mean])
    odds = smoothed[:, 0] / (smoothed.sum(axis=1) - smoothed[:, 0])
    delta = np.log(odds[0]) - np.log(odds[1])
    return delta, delta / np.sqrt((1 / smoothed).sum())


def test_log_odds_and_z_equal_the_published_formula():
    rng = np.random.default_rng(3)
    said, other_said = rng.integers(1, 400, (2, 50))
    lost, other_lost = rng.integers(0, said + 1), rng.integers(0, other_said + 1)
    found = LogOdds.of(*(x.astype(float) for x in (lost, said, other_lost, other_said)), rate=0.3)
    for k, numbers in enumerate(zip(lost, said, other_lost, other_said, strict=True)):
        mean = (numbers[0] + numbers[2] + 0.3) / (numbers[1] + numbers[3] + 1)
        assert (found.log_odds[k], found.z[k]) == pytest.approx(plain_log_odds(*numbers, mean), rel=1e-12)


def test_listed_figures_are_those_of_the_listed_counts():
    rows = listed(PLANTED)
    rate = (18 + 0.5) / (132 + 1)
    mean = (12 + rate) / (24 + 1)
    assert (rows["ask"]["log_odds"], rows["ask"]["z"]) == pytest.approx(plain_log_odds(12, 12, 0, 12, mean))


def test_without_shrinking_the_log_odds_ratio_is_that_of_the_two_by_two_table():
    many = [np.array([float(x)]) for x in (3e6, 1e7, 1e6, 1e7)]
    found = LogOdds.of(*many, rate=0.2)
    assert found.log_odds[0] == pytest.approx(np.log((3 / 7) / (1 / 9)), abs=1e-4)


def test_a_word_said_ten_times_as_often_and_lost_at_the_same_rate_has_z_near_zero():
    def spoken(group, times):
        return [*repeated(group, 5, "ask him", "him", times), *repeated(group, 5, "ask him", "ask him", 3 * times)]

    texts = [*spoken("a", 20), *spoken("b", 2), *repeated("b", 5, "may we go", "may we go", 60)]
    for row in listed(texts).values():
        assert row["lost"] == 10 * row["reference_lost"]
        assert row["per_1000"] > 10 * row["reference_per_1000"]
        assert abs(row["z"]) < 0.1
    said = np.array([400.0]), np.array([40.0])
    assert abs(LogOdds.of(said[0] / 4, said[0], said[1] / 4, said[1], rate=0.05).z[0]) < 0.1


def test_a_word_that_one_or_two_speakers_lost_is_not_listed_however_often():
    texts = [*PLANTED, *repeated("a", 2, "bobsworth", "bob", 50), *repeated("b", 6, "bobsworth", "bobsworth", 50)]
    assert "bobsworth" not in listed(texts)
    third = [*texts, ("a5", "a", "bobsworth", "bob")]
    assert listed(third)["bobsworth"]["speakers"] == 3


def test_what_fewer_than_three_speakers_were_heard_as_is_not_named():
    texts = [*repeated("a", 2, "ask", "agnieszka"), *repeated("a", 5, "ask", "axe"), *repeated("b", 6, "ask", "ask")]
    assert listed(texts)["ask"]["heard_as"] == "axe (5)"


def test_the_three_commonest_substitutions_are_named_and_deletions_are_none_of_them():
    heard = {"acts": 4, "asks": 5, "axe": 3, "ox": 6, "": 9}
    texts = [row for text, times in heard.items() for row in repeated("a", 4, "ask", text, times)]
    rows = listed([*texts, *repeated("b", 6, "ask", "ask")])
    assert rows["ask"]["heard_as"] == "ox (24), asks (20), acts (16)"


@pytest.mark.parametrize("number", ["0123", "07700900123", "077-009-00", "٠١٢٣"])
def test_numbers_that_may_be_a_persons_are_listed_neither_as_said_nor_as_heard(number):
    said = [*repeated("a", 6, number, "one"), *repeated("b", 6, number, number)]
    assert number not in listed([*said, *PLANTED])
    heard = [*repeated("a", 6, "four", number), *repeated("b", 6, "four", "four")]
    assert listed(heard)["four"]["heard_as"] is None
    assert listed([*repeated("a", 6, "123", "one"), *repeated("b", 6, "123", "123")]).keys() == {"123"}


def test_one_normalizer_reads_everyones_references_and_hypotheses():
    # An audit that cleaned the texts of one group only made its confusions vanish ('aks' to 'ask').
    asked = []

    def clean(text):
        asked.append(text)
        return text.replace("axe", "ask")

    assert listed(PLANTED, normalize=clean).keys() == {"my"}
    assert sorted(asked) == sorted({text for _, _, said, heard in PLANTED for text in (said, heard)})
    swapped = [(speaker, {"a": "b", "b": "a"}[group], said, heard) for speaker, group, said, heard in PLANTED]
    mirrored = listed(swapped, reference="a", groups=("b",))
    kept = ("lost", "said", "log_odds", "z", "heard_as")
    assert [[mirrored[w][k] for k in kept] for w in mirrored] == [
        [row[k] for k in kept] for row in listed(PLANTED).values()
    ]


def test_everyone_else_is_all_other_speakers_whose_group_is_known():
    texts = [
        *PLANTED,
        *repeated("c", 4, "may i ask you", "may i ask you", 2),
        *repeated(None, 9, "may i ask you", "may i you", 2),
        ("twice", "a", "may i ask you", "may i you"),
        ("twice", "b", "may i ask you", "may i you"),
    ]
    rows = listed(texts, reference=EVERYONE_ELSE)
    assert (rows["ask"]["reference_lost"], rows["ask"]["reference_said"]) == (0, 20)
    assert rows["ask"]["reference"] == "everyone else"
    assert {UNKNOWN, CONTRADICTORY} <= set(evidence(texts).membership["accent"].values())


def test_lost_utterances_add_no_lost_words():
    assert listed([*PLANTED, *repeated("a", 6, "call my bank", None, 30)]) == listed(PLANTED)


def test_a_word_that_the_reference_never_said_is_not_compared():
    assert "kwacha" not in listed([*PLANTED, *repeated("a", 6, "kwacha", "quarter")])


def test_nothing_to_compare_gives_no_rows():
    assert listed(PLANTED, reference="nobody") == {}
    assert listed(PLANTED, groups=("nobody",)) == {}
    assert listed([]) == {}
    assert len(listed(PLANTED, top=1)) == 1


def test_counts_by_speaker_add_up_to_the_words_said():
    fates = WordFates.of(evidence(PLANTED), str)
    words = [word for _, _, said, _ in PLANTED for word in said.split()]
    found = fates.rows.groupby("said")["count"].sum()
    assert {fates.vocabulary[k]: n for k, n in found.items()} == pd.Series(words).value_counts().to_dict()


def test_real_vendor_output_by_accent_in_seconds(data):
    file = data / "afrispeech200" / "intron-open-test-openai_whisper_large-wer-0.39-5471.csv"
    if not file.is_file():
        pytest.skip("the folder of public corpora holds no AfriSpeech")
    frame = pd.read_csv(file, keep_default_na=False)
    columns = (frame[name].tolist() for name in ("user_ids", "accent", "reference", "prediction"))
    real = evidence(list(zip(*columns, strict=True)))
    normalize, groups = WhisperEnglish(), sorted(set(frame["accent"]) - {""})
    for text in {*frame["reference"], *frame["prediction"]}:
        normalize(text)
    begin = time.perf_counter()
    rows = confusions(real, normalize, "accent", groups, EVERYONE_ELSE)
    # 2 s where the machine does nothing else; 4 more where numba compiles the alignment first.
    assert time.perf_counter() - begin < 20
    assert len(groups) >= 100
    assert "yoruba" in {row["group"] for row in rows}
    assert all(row["speakers"] >= 3 and row["z"] >= 2 and row["lost"] <= row["said"] for row in rows)
    assert not any(sum(map(str.isdigit, row["word"])) > 3 for row in rows)
