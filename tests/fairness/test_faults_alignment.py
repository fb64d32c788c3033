"""References that belong to other recordings forbid publication; a recognizer that is merely bad does not."""

import numpy as np
import pandas as pd
import pytest
from faulty import corpus, evidence_of

from callgap.fairness.faults import find_faults, unjudged, unpublished
from callgap.fairness.faults.losses import silent_groups
from callgap.fairness.faults.material import Material


def misaligned(frame, attributes=("accent",), references=None):
    rows = find_faults(evidence_of(frame, list(attributes)), references or {"accent": "a"})
    return [row for row in rows if row["fault"] == "misaligned_references"]


def wer(frame):
    words = evidence_of(frame, ["accent"]).observations["wer"]
    return words["numerator"].sum() / words["denominator"].sum()


@pytest.mark.parametrize("shift", [1, -2])
@pytest.mark.parametrize("wrong", [0.1, 0.4])
def test_references_that_slipped_forbid_publication(shift, wrong):
    frame = corpus(wrong=wrong)
    frame["heard"] = frame["heard"].shift(shift, fill_value="")
    rows = misaligned(frame)
    assert unpublished(rows).keys() == unjudged(rows).keys() == {(None, None)}
    assert "slipped" in rows[0]["detail"]


def test_references_that_slipped_half_way_down_the_table_forbid_publication():
    frame = corpus()
    half = len(frame) // 2
    frame.loc[half:, "heard"] = frame.loc[half:, "heard"].shift(1, fill_value="")
    assert (None, None) in unpublished(misaligned(frame))


def test_shuffled_references_forbid_publication():
    frame = corpus(each=20)
    frame["heard"] = frame["heard"].sample(frac=1, random_state=4).to_numpy()
    (row,) = [row for row in misaligned(frame) if row["group"] is None]
    assert "another utterance" in row["detail"]
    assert wer(frame) < 1.2


def test_one_group_shuffled_is_named_with_its_consequence():
    frame = corpus(("a", "b", "c", "d"), each=20)
    mine = frame["accent"] == "c"
    frame.loc[mine, "heard"] = frame.loc[mine, "heard"].sample(frac=1, random_state=4).to_numpy()
    assert ("accent", "c") in unpublished(misaligned(frame))
    assert not {("accent", other) for other in "abd"} & unpublished(misaligned(frame)).keys()


def test_a_word_error_rate_of_1_6_must_refuse_to_be_published():
    # References half as long as what was said, and of others: nothing else gives such a rate over all utterances.
    frame = corpus(words=8)
    frame["text"] = [" ".join(text.split()[:4]) for text in frame["text"].sample(frac=1, random_state=2)]
    assert wer(frame) > 1.6
    assert (None, None) in unpublished(misaligned(frame))


@pytest.mark.parametrize("wrong", [0.5, 0.87, 1.0])
def test_a_bad_recognizer_is_not_taken_for_misaligned_references(wrong):
    assert misaligned(corpus(wrong=wrong, each=20)) == []


def test_a_deaf_recognizer_is_not_taken_for_misaligned_references():
    assert misaligned(corpus().assign(heard="")) == []
    assert misaligned(corpus().assign(heard="the")) == []


def test_loops_of_insertions_in_a_few_utterances_are_not_taken_for_misaligned_references():
    frame = corpus(wrong=0.05)
    few = frame.index % 12 == 0
    frame["heard"] = np.where(few, frame["heard"] + " thank you" * 60, frame["heard"])
    assert wer(frame) > 1.2
    assert misaligned(frame) == []


def test_commands_heard_as_other_commands_are_not_taken_for_misaligned_references():
    random = np.random.default_rng(5)
    digits = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    frame = corpus()
    said = random.integers(10, size=len(frame))
    heard = np.where(random.random(len(frame)) < 0.6, random.integers(10, size=len(frame)), said)
    assert misaligned(frame.assign(text=digits[said], heard=digits[heard])) == []
    slipped = pd.Series(digits[said]).shift(1, fill_value="")
    assert misaligned(frame.assign(text=digits[said], heard=slipped))


SENTENCES = (
    "i have a pain in my chest", "i cannot breathe at all", "she is not awake any more", "he is bleeding very much",
    "my child has a fever", "please renew my prescription now", "which pharmacy is open tonight", "speak to a person",
)  # fmt: skip


def menu():
    """Callers who all say the same sentences in the same order."""
    frame = corpus()
    return frame.assign(text=[SENTENCES[place % len(SENTENCES)] for place in range(len(frame))])


def test_a_sentence_that_is_always_heard_as_the_next_is_not_taken_for_misaligned_references():
    frame = menu()
    frame["heard"] = frame["text"].where(frame["text"] != SENTENCES[0], SENTENCES[1])
    assert misaligned(frame) == []
    # Some others are misheard too, and not as their neighbors.
    misheard = np.random.default_rng(3).random(len(frame)) < 0.2
    frame.loc[misheard & (frame["text"] != SENTENCES[0]), "heard"] = "yes"
    assert misaligned(frame) == []
    assert misaligned(frame.assign(heard=frame["text"].shift(1, fill_value="")))


def test_sentences_of_a_menu_that_are_heard_as_others_are_not_taken_for_misaligned_references():
    frame, random = menu(), np.random.default_rng(6)
    other = [SENTENCES[place] for place in random.integers(len(SENTENCES), size=len(frame))]
    frame["heard"] = np.where(random.random(len(frame)) < 0.2, other, frame["text"])
    assert misaligned(frame) == []


@pytest.fixture(scope="session")
def artie(data):
    """The references of Artie and, by name, the texts of nine systems."""
    folder = data / "artie-bias"

    def read(path):
        rows = pd.read_csv(path, sep="\t", keep_default_na=False, dtype=str)
        return rows.set_axis(rows["path"].str.rpartition(".")[0])

    rows = read(folder / "data" / "artie-bias-corpus.tsv")
    frame = rows.rename(columns={"path": "utterance_id", "client_id": "speaker_id", "sentence": "text"})
    paths = [path for path in sorted(folder.glob("predictions/**/*.tsv")) if "original" not in path.name]
    return frame.replace({"accent": "NA"}, ""), {str(p): read(p)["prediction"].reindex(rows.index) for p in paths}


@pytest.mark.slow
def test_no_system_on_artie_is_misaligned_and_each_is_when_its_texts_slip_by_a_row(artie):
    frame, systems = artie
    assert len(systems) == 9
    for name, heard in systems.items():
        texts = heard.fillna("")
        assert misaligned(frame.assign(heard=texts), references={"accent": "us"}) == [], name
        slipped = frame.assign(heard=texts.shift(1, fill_value=""))
        assert (None, None) in unpublished(misaligned(slipped, references={"accent": "us"})), name


@pytest.fixture(scope="session")
def afrispeech(data):
    """By vendor, the frame of its file."""
    names = {"idx": "utterance_id", "user_ids": "speaker_id", "reference": "text", "prediction": "heard"}
    paths = {vendor: next(data.glob(f"afrispeech200/*{vendor}*.csv")) for vendor in ("azure", "whisper")}
    return {v: pd.read_csv(p, keep_default_na=False, dtype=str).rename(columns=names) for v, p in paths.items()}


def test_afrispeech_has_156_contradictory_genders_and_azure_a_burst_of_empty_texts(afrispeech):
    found = {}
    for vendor, frame in afrispeech.items():
        frame["duration_s"] = frame["duration"].astype(float)
        compared = {"gender": "Male", "accent": None, "country": None}
        rows = find_faults(evidence_of(frame, list(compared)), compared)
        assert unpublished(rows) == {}
        (gender,) = [row for row in rows if row["fault"] == "contradictory_attribute"]
        assert (gender["attribute"], gender["speakers"], gender["utterances"]) == ("gender", 156, 1761)
        assert unjudged(rows).keys() == {("gender", "contradictory")}
        found[vendor] = {row["fault"] for row in rows}
    assert "empty_burst" in found["azure"]
    assert "empty_burst" not in found["whisper"]


@pytest.mark.slow
def test_no_group_of_any_vendor_is_silent(afrispeech, artie):
    frames = [(frame, ["gender", "accent", "country", "age_group"]) for frame in afrispeech.values()]
    frames += [(artie[0].assign(heard=heard.fillna("")), ["accent", "gender", "age"]) for heard in artie[1].values()]
    for frame, attributes in frames:
        compared = dict.fromkeys(attributes, "everyone else")
        assert list(silent_groups(Material.of(evidence_of(frame, attributes), compared, None))) == []
