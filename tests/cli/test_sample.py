"""`callgap sample` from a run to sheets and back into reference errors."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import sampled
import soundfile
from runs import callgap
from sampled import PROMPTS, RATE, SPEAKERS, draw, fill, key, read, truth

from callgap.reference_error import differential_reference_error
from callgap.tables import read_table


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run, and a sample of everything in it for two transcribers."""
    folder = tmp_path_factory.mktemp("sample")
    sampled.recordings(folder / "calls")
    path = sampled.run(folder / "calls")
    output, printed = draw(path, folder / "sample")
    return path, output, printed


@pytest.fixture
def sample(made, tmp_path):
    """A copy of run and sample that a test may fill in."""
    shutil.copytree(made[0], tmp_path / "run")
    shutil.copytree(made[1], tmp_path / "sample")
    place = tmp_path / "sample" / "keep-from-transcribers" / "sample.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"run": str(tmp_path / "run")}))
    return tmp_path / "run", tmp_path / "sample"


def files(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*")}


def test_nothing_that_transcribers_are_given_tells_group_speaker_prompt_or_file(made):
    _, output, _ = made
    given = [path for folder in output.glob("transcriber-*") for path in folder.iterdir()]
    assert len(given) == 2 * 2 + len(key(output))
    betraying = [*SPEAKERS, "caller0", "accent", "zanzibar", "manifest", "calls", "echo", "s0"]
    for path in given:
        content = path.name.encode().lower() + path.read_bytes().lower()
        assert [word for word in betraying if word.encode() in content] == [], path.name


def test_a_recording_holds_the_samples_of_its_utterance_and_no_chunk_beside_them(made):
    path, output, _ = made
    for item, utterance in key(output).items():
        place = next(output.glob(f"transcriber-*/{item}.wav"))
        found, rate = soundfile.read(place, dtype="float32")
        source, _ = soundfile.read(path.parent / "calls" / f"{utterance[:-2]}.wav", dtype="float32")
        begin = int(utterance[-1]) * RATE
        assert rate == RATE
        np.testing.assert_array_equal(found, source[begin : begin + RATE // 2, 1])
        # RIFF header, a format chunk of 16 bytes and the header of the samples: nothing else has room.
        assert place.stat().st_size == 44 + 2 * len(found)


def test_each_sheet_names_the_recordings_beside_it_in_order(made):
    _, output, _ = made
    items = []
    for number in (1, 2):
        rows = sampled.rows_of(sampled.sheet(output, number))
        assert list(rows[0]) == ["sample", "item", "text", "cannot_be_heard", "remark"]
        assert {cell for row in rows for name in list(row)[2:] for cell in [row[name]]} == {""}
        own = [row["item"] for row in rows]
        assert own == sorted(own)
        assert {f"{item}.wav" for item in own} == {p.name for p in sampled.sheet(output, number).parent.glob("*.wav")}
        items += own
    assert sorted(items) == sorted(key(output))


def test_what_was_drawn_and_what_a_group_cannot_give_is_told(made):
    _, output, printed = made
    told = " ".join(printed.split())
    assert "eastern 24 of 24 12 of 12" in told
    assert "lonely: 100 utterances were asked for, and the run has no more than 2." in told
    assert "Do not give anyone who transcribes" in told
    assert str(output / "keep-from-transcribers") in printed.replace("\n", "")
    assert "5 utterances are heard twice" in told


def test_the_seed_decides(made, tmp_path):
    same, other = ("--per-group=7", "--seed=3"), ("--per-group=7", "--seed=4")
    once, again, else_ = (draw(made[0], tmp_path / n, *o)[0] for n, o in (("a", same), ("b", same), ("c", other)))
    assert files(once) == files(again)
    assert set(key(once).values()) != set(key(else_).values())
    per_speaker = [utterance[:-2] for utterance in key(once).values() if utterance.startswith("eastern")]
    assert len(set(per_speaker)) == 7


def test_a_group_is_drawn_beside_the_reference(made, tmp_path):
    output, _ = draw(made[0], tmp_path / "sample", "--group=eastern", "--transcribers=1")
    assert {utterance.split("-")[0] for utterance in key(output).values()} == {"eastern", "western"}
    assert [p.name for p in sorted(output.iterdir())] == ["keep-from-transcribers", "transcriber-1"]


def test_perfect_transcribers_give_back_the_error_that_was_planted(sample):
    path, output = sample
    # In the east everybody leaves out a word of the first prompt too.
    fill(output, lambda u: truth(u).replace("zanzibar ", "") if u.startswith("eastern") else truth(u))
    printed = " ".join(read(output).stdout.split())
    found = differential_reference_error(path)
    east = found["accent", "eastern", "western", "whisper-english"]
    # Whisper's normalizer writes the number in figures: five and three words.
    assert (east.speakers, east.utterances, east.errors, east.words) == (12, 24, 24, 96)
    assert east.estimate == pytest.approx(24 / 96 - 12 / 96)
    basic = found["accent", "eastern", "western", "basic"]
    assert (basic.errors, basic.words, basic.rate) == (24, 120, 24 / 120)
    assert "5 utterances were transcribed twice: 5 with the same words, 0.0 % of the words differ." in printed
    assert "55 of 55 items are filled in, 0 are left." in printed
    assert {k[3] for k in found} == {"whisper-english", "basic", "none"}


def test_the_difference_has_speaker_level_limits_and_a_gap_must_exceed_the_upper_one(sample):
    path, output = sample
    random = np.random.default_rng(1)
    stray = {f"eastern-caller{n:02d}": k for n, k in enumerate(random.integers(0, 4, 12))}
    stray |= {f"western-caller{n:02d}": k for n, k in enumerate(random.integers(0, 2, 12))}
    fill(output, lambda u: " ".join(["uh"] * int(stray.get(u[:-2], 0)) + [truth(u)]))
    read(output)
    east = differential_reference_error(path)["accent", "eastern", "western", "basic"]
    assert (east.limits, east.standing, east.reference_speakers) == ("simultaneous", "judged", 12)
    assert east.lower < east.estimate < east.upper == east.bar
    lonely = differential_reference_error(path)["accent", "lonely", "western", "basic"]
    assert (lonely.standing, lonely.rate, lonely.estimate, lonely.bar) == ("counts only", None, None, None)
    assert (lonely.errors, lonely.words) == (1, 10)


def test_the_table_says_what_the_report_needs_and_no_word_or_speaker(sample):
    path, output = sample
    fill(output, truth)
    read(output)
    text = (path / "reference_error.csv").read_text() + (path / "reference_error.json").read_text()
    assert "caller0" not in text
    assert "zanzibar" not in text.lower()
    rows = read_table(path / "reference_error.csv").to_pylist()
    assert {(row["group"], row["normalizer"]) for row in rows} == {
        (group, name) for group in SPEAKERS for name in ("whisper-english", "basic", "none")
    }
    before = files(path)
    read(output)
    assert files(path) == before


def test_transcribers_who_differ_are_counted_where_both_heard(sample):
    path, output = sample
    seen = set()

    def careless(utterance):
        again = utterance in seen
        seen.add(utterance)
        return truth(utterance).replace("the", "thee").replace("four", "for") if again else truth(utterance)

    fill(output, careless)
    read(output)
    notes = json.loads((path / "reference_error.json").read_text())["accent"]
    basic = next(part for part in notes["agreement"] if part["normalizer"] == "basic")
    assert (basic["pairs"], basic["identical"], basic["errors"]) == (5, 0, 5)
    assert basic["disagreement"] == pytest.approx(2 * 5 / basic["words"])
    assert (notes["items"], notes["filled"]) == (55, 55)


def test_what_cannot_be_heard_is_counted_for_its_group_and_in_no_rate(sample):
    path, output = sample
    fill(output, lambda u: None if u.startswith("eastern") and u.endswith("1") else truth(u))
    read(output)
    found = differential_reference_error(path)
    east = found["accent", "eastern", "western", "basic"]
    assert (east.listened, east.not_heard, east.utterances, east.errors) == (24, 12, 12, 0)
    assert found["accent", "lonely", "western", "basic"].not_heard == 0


def test_an_utterance_heard_by_one_of_two_is_heard(sample):
    path, output = sample
    seen = set()

    def once(utterance):
        seen.add(utterance)
        return truth(utterance)

    fill(output, lambda u: None if u in seen else once(u))
    read(output)
    east = differential_reference_error(path)["accent", "eastern", "western", "basic"]
    assert (east.utterances, east.not_heard) == (24, 0)
    notes = json.loads((path / "reference_error.json").read_text())["accent"]
    assert {part["pairs"] for part in notes["agreement"]} == {0}


def test_where_nobody_says_a_word_all_words_of_the_reference_are_errors(sample):
    path, output = sample
    fill(output, lambda u: "[Nothing]" if u.startswith("lonely") else truth(u))
    read(output)
    lonely = differential_reference_error(path)["accent", "lonely", "western", "basic"]
    assert (lonely.errors, lonely.words, lonely.not_heard) == (10, 10, 0)


def test_sheets_filled_in_part_give_what_is_filled_and_count_the_rest(sample):
    path, output = sample
    fill(output, truth)
    rows = sampled.rows_of(sampled.sheet(output, 2))
    sampled.write(sampled.sheet(output, 2), [row | ({"text": ""} if n > 9 else {}) for n, row in enumerate(rows)])
    left = len(rows) - 10
    assert f"{55 - left} of 55 items are filled in, {left} are left." in " ".join(read(output).stdout.split())
    assert sum(row["listened"] for row in _basic(path)) <= 55 - left


def _basic(path):
    rows = json.loads((path / "reference_error.json").read_text())["accent"]["rows"]
    return [row for row in rows if row["normalizer"] == "basic"]


def test_sheets_may_lie_elsewhere_and_serve_another_run_of_the_same_recordings(sample, tmp_path):
    path, output = sample
    fill(output, truth)
    for number in (1, 2):
        shutil.move(sampled.sheet(output, number), tmp_path / f"back{number}.csv")
    shutil.copytree(path, tmp_path / "other")
    read(output, tmp_path / "back1.csv", tmp_path / "back2.csv", f"--run={tmp_path / 'other'}")
    assert differential_reference_error(path) == {}
    assert len(differential_reference_error(tmp_path / "other")) == 2 * 3


def test_the_attribute_of_another_sample_stays(sample):
    path, output = sample
    fill(output, truth)
    read(output)
    place = path / "reference_error.json"
    content = json.loads(place.read_text())
    content["age"] = json.loads(json.dumps(content["accent"]).replace('"attribute": "accent"', '"attribute": "age"'))
    place.write_text(json.dumps(content))
    read(output)
    assert {attribute for attribute, *_ in differential_reference_error(path)} == {"accent", "age"}


def test_the_help_says_what_is_kept_from_whom_and_where_the_result_stands():
    told = {command: callgap("sample", command, "--help", cwd=".").stdout for command in ("draw", "read")}
    assert "keep-from-transcribers/ says whose voice each is" in " ".join(told["draw"].split())
    assert "written to reference_error.csv" in " ".join(told["read"].split())


def test_of_two_transcriptions_the_first_counts_whatever_the_second_says(sample):
    path, output = sample
    fill(output, lambda u: PROMPTS[int(u[-1])])
    turns = {row["item"]: row["turn"] for row in read_table(output / "keep-from-transcribers" / "key.csv").to_pylist()}
    for number in (1, 2):
        rows = sampled.rows_of(sampled.sheet(output, number))
        again = [row | ({"text": "something else"} if turns[row["item"]] == "2" else {}) for row in rows]
        sampled.write(sampled.sheet(output, number), again)
    read(output)
    assert [row["errors"] for row in _basic(path)] == [0, 0, 0]
    notes = json.loads((path / "reference_error.json").read_text())["accent"]
    assert {part["identical"] for part in notes["agreement"]} == {0}
