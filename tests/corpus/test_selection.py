"""Some groups of a corpus, and some utterances of each speaker."""

import pytest

from callgap.corpus.selection import drawn, kept
from callgap.errors import InputError
from callgap.records import table, utterances_schema


@pytest.fixture
def utterances():
    rows = [
        {"utterance_id": f"{speaker}-{n}", "speaker_id": speaker, "slots": [], "age_band": band, "gender": gender}
        for speaker, band, gender in (("a", "18 and over", "f"), ("b", "under 18", "m"), ("c", "18 and over", None))
        for n in range(5)
    ]
    return table(rows, utterances_schema(["age_band", "gender"]))


def speakers(rows):
    return set(rows["speaker_id"].to_pylist())


def test_the_groups_that_are_named_are_kept(utterances):
    assert speakers(kept(utterances, {"age_band": ["18 and over"]})) == {"a", "c"}
    assert speakers(kept(utterances, {"age_band": ["18 and over"], "gender": ["f"]})) == {"a"}
    assert kept(utterances, {}) is utterances


@pytest.mark.parametrize(
    ("only", "words"),
    [
        ({"age": ["x"]}, "corpus.only: there is no column 'age'; "),
        ({"age_band": ["18"]}, "corpus.only.age_band: found '18'; accepted"),
        ({"age_band": ["under 18"], "gender": ["f"]}, "corpus.only.gender: found 'f'; accepted"),
    ],
)
def test_a_group_that_is_not_there_is_refused(utterances, only, words):
    with pytest.raises(InputError, match=words.replace(".", r"\.")):
        kept(utterances, only)


def test_which_utterances_are_drawn_depends_on_the_speakers_own_alone(utterances):
    rows = drawn(utterances, 2)
    ids = rows["utterance_id"].to_pylist()
    assert len(ids) == 6
    assert ids == [u for u in utterances["utterance_id"].to_pylist() if u in set(ids)]
    alone = drawn(kept(utterances, {"age_band": ["under 18"]}), 2)["utterance_id"].to_pylist()
    assert alone == [u for u in ids if u.startswith("b")]
    backwards = drawn(utterances.take(list(range(len(utterances)))[::-1]), 2)
    assert set(backwards["utterance_id"].to_pylist()) == set(ids)
    assert drawn(utterances, None) is utterances
    assert drawn(utterances, 9).num_rows == len(utterances)
