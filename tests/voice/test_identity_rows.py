"""Who is still known after an alteration, from the voices of runs: planted embeddings are found out by group."""

import json
import math
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callgap.effect_records import IDENTITIES, LATENCIES, VALIDATIONS
from callgap.identities import identity_rows, latency_rows, once_each, validation, validation_rows
from callgap.records import table
from callgap.run_directory import RunDirectory
from callgap.voice import calibration, distinguishability, linkability, voiceprints
from callgap.voice_records import VOICES

SIZE, SPEAKERS, UTTERANCES = 24, 6, 5


@dataclass
class Pair:
    """Two runs that differ in nothing but the alteration."""

    before: "Run"
    after: "Run"
    before_name: str
    after_name: str
    condition: str = "clean"


@dataclass
class Run:
    """What is asked of a finished run."""

    directory: RunDirectory
    alteration: str
    members: dict[str, str]
    attributes: dict[str, str | None] = field(default_factory=lambda: {"accent": "us"})
    speakers: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    @property
    def report(self):
        notes = {"choices": {"alteration": self.alteration}, "corpus": {"name": "planted", "fingerprint": "1"}}
        return {"provenance": notes}

    def groups(self, attribute):
        return self.members


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def embeddings(speakers=SPEAKERS, utterances=UTTERANCES, groups=("us", "fr")):
    random = np.random.default_rng(7)
    found = {}
    for group in groups:
        for s in range(speakers):
            center = random.standard_normal(SIZE)
            for u in range(utterances):
                found[f"{group}{s}", f"{group}{s}-{u}"] = unit(center + 0.4 * random.standard_normal(SIZE))
    return found


@pytest.fixture
def run(tmp_path):
    """Writes the directory of a run."""

    def make(alteration, found, **changed):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}-{alteration}"
        path.mkdir()
        (path / "run.json").write_text(json.dumps({"alteration": changed.pop("notes", None)}))
        rows = [
            {"utterance_id": u, "status": "ok", "embedding": None if v is None else v.tolist(), "dnsmos_overall": 3.0}
            for (_, u), v in found.items()
        ]
        pq.write_table(table(rows, VOICES), path / "voices.parquet")
        speakers = {u: s for s, u in found}
        members = {s: s.rstrip("0123456789") for s in speakers.values()}
        return Run(RunDirectory(path), alteration, changed.pop("members", members), speakers=speakers, **changed)

    return make


def pairs(runs):
    """The first run beside each of the others."""
    before, *others = runs
    return [Pair(before, after, before.alteration, after.alteration) for after in others]


def rows_of(runs):
    rows = identity_rows(pairs(runs))
    assert table(rows, IDENTITIES).num_rows == len(rows)
    return {(row["after"], row["attribute"], row["group"]): row for row in rows}


def test_voices_that_nothing_altered_are_all_themselves_and_as_far_apart(run):
    found = embeddings()
    rows = rows_of([run("identity", found), run("same", found)])
    assert set(rows) == {("same", "all", "all"), ("same", "accent", "us"), ("same", "accent", "fr")}
    for row in rows.values():
        assert row["similarity"] == pytest.approx(1, abs=1e-6)
        assert row["distance_ratio"] == pytest.approx(1)
        assert row["still_themselves"] == row["still_themselves_before"] > 0.9
        assert row["error_rate_after"] == row["error_rate_before"]
        assert row["left_out"] == 0
    assert rows["same", "all", "all"]["speakers"] == 2 * SPEAKERS
    assert rows["same", "all", "all"]["distance_to_reference_after"] is None
    for group in ("us", "fr"):
        row = rows["same", "accent", group]
        assert row["distance_to_reference_before"] == pytest.approx(row["distance_to_reference_after"])
        assert row["distance_to_reference_before"] > 0.2


def test_one_voice_for_everyone_is_caught_by_identity_and_by_distinguishability(run):
    found = embeddings()
    random = np.random.default_rng(1)
    voice = random.standard_normal(SIZE)
    one = {key: unit(voice + 0.3 * random.standard_normal(SIZE)) for key in found}
    for row in rows_of([run("identity", found), run("one-voice", one)]).values():
        assert row["error_rate_before"] < 0.1
        assert row["error_rate_after"] >= 0.4
        assert row["distance_ratio"] <= 0.25
        assert row["still_themselves"] < row["still_themselves_before"] - 0.5
        assert row["similarity"] < 0.5


def test_one_voice_for_one_group_alone_is_caught_in_that_group(run):
    found = embeddings()
    voice = unit(np.random.default_rng(1).standard_normal(SIZE))
    half = {(s, u): voice if s.startswith("fr") else v for (s, u), v in found.items()}
    rows = rows_of([run("identity", found), run("half", half)])
    assert rows["half", "accent", "fr"]["distance_ratio"] == pytest.approx(0, abs=1e-6)
    assert rows["half", "accent", "us"]["distance_ratio"] == pytest.approx(1)
    assert rows["half", "accent", "us"]["similarity"] == pytest.approx(1, abs=1e-6)


def test_two_speakers_who_swap_are_taken_for_one_another(run):
    found = embeddings()
    swapped = {"us0": "us1", "us1": "us0"}
    after = {(s, u): found[swapped.get(s, s), f"{swapped.get(s, s)}-{u.split('-')[1]}"] for s, u in found}
    row = rows_of([run("identity", found), run("swap", after)])["swap", "accent", "us"]
    assert row["taken_for_another"] == pytest.approx(2 / SPEAKERS, abs=0.05)
    assert row["error_rate_after"] == pytest.approx(row["error_rate_before"], abs=1e-6)


def test_figures_are_those_of_the_measures_themselves(run):
    found = embeddings()
    random = np.random.default_rng(3)
    after = {key: unit(v + 0.3 * random.standard_normal(SIZE)) for key, v in found.items()}
    runs = [run("identity", found), run("noisy", after)]
    row = rows_of(runs)["noisy", "accent", "fr"]
    before, late = (voiceprints(one.directory.read_table("voices.parquet"), one.speakers) for one in runs)
    own = frozenset(s for s in runs[0].members if s.startswith("fr"))
    calibrated = calibration(before)
    linked = linkability(before, late.of_speakers(own), calibrated)
    apart = distinguishability(before.of_speakers(own), late.of_speakers(own))
    assert row["threshold"] == calibrated.threshold
    assert row["still_themselves"] == linked.still_themselves
    assert row["error_rate_after"] == apart.after
    assert row["distance_ratio"] == apart.distance_ratio
    cosines = {}
    for (s, u), v in found.items():
        cosines.setdefault(s, []).append(float(v @ after[s, u]))
    expected = np.mean([np.mean(values) for s, values in cosines.items() if s in own])
    assert row["similarity"] == pytest.approx(expected, abs=1e-5)


def test_an_alteration_is_told_once_whatever_recognizer_and_line(run):
    found = embeddings()
    runs = [run("identity", found), run("x", found), run("x", found), run("y", found)]
    assert [pair.after_name for pair in once_each(pairs(runs))] == ["x", "y"]
    assert {row["before"] for row in identity_rows(pairs(runs))} == {"identity"}
    (runs[1].directory.path / "voices.parquet").unlink()
    assert [pair.after for pair in once_each(pairs(runs))] == runs[2:]
    (runs[0].directory.path / "voices.parquet").unlink()
    assert identity_rows(pairs(runs)) == validation_rows(pairs(runs)) == []


def test_utterances_without_an_embedding_on_one_side_are_left_out_and_counted(run):
    found = embeddings()
    after = {key: None if key[1].endswith("-0") and key[0].startswith("fr") else v for key, v in found.items()}
    rows = rows_of([run("identity", found), run("x", after)])
    assert rows["x", "accent", "fr"]["left_out"] == SPEAKERS
    assert rows["x", "accent", "fr"]["utterances"] == SPEAKERS * (UTTERANCES - 1)
    assert rows["x", "accent", "us"]["left_out"] == 0
    assert rows["x", "all", "all"]["left_out"] == SPEAKERS


@pytest.mark.parametrize("shape", [{"speakers": 1, "groups": ("us",)}, {"utterances": 1}])
def test_where_nobody_can_be_told_apart_the_rates_are_absent(run, shape):
    found = embeddings(**shape)
    row = rows_of([run("identity", found), run("x", found)])["x", "all", "all"]
    assert row["threshold"] is None
    assert row["still_themselves"] is None
    assert row["error_rate_after"] is None
    assert row["similarity"] == pytest.approx(1, abs=1e-6)


def test_voices_that_were_not_embedded_give_a_row_without_figures(run):
    found = dict.fromkeys(embeddings())
    rows = rows_of([run("identity", found), run("x", found)])
    assert {row["speakers"] for row in rows.values()} == {0}
    assert {row["left_out"] for row in rows.values()} == {SPEAKERS * UTTERANCES, 2 * SPEAKERS * UTTERANCES}
    assert {row["similarity"] for row in rows.values()} == {None}


def test_a_group_of_one_speaker_and_unknown_ones_have_no_row(run):
    found = embeddings()
    members = {s: "us" for s, _ in found} | {"fr0": "alone", "fr1": "unknown", "fr2": "unknown"}
    rows = rows_of([run("identity", found, members=members), run("x", found, members=members)])
    assert {group for _, _, group in rows} == {"all", "us"}


def test_without_a_reference_group_there_is_no_distance_to_it(run):
    found = embeddings()
    runs = [run(name, found, attributes={"accent": None}) for name in ("identity", "x")]
    assert {row["distance_to_reference_after"] for row in rows_of(runs).values()} == {None}
    assert validation_rows(pairs(runs)) == []


def test_everyone_else_as_the_reference_is_everyone_but_the_group(run):
    found = embeddings()
    runs = [run(name, found, attributes={"accent": "everyone else"}) for name in ("identity", "x")]
    named = [run(name, found) for name in ("identity", "x")]
    row, same = (rows_of(two)["x", "accent", "fr"] for two in (runs, named))
    # There are two groups, so everyone else is the other one.
    assert row["distance_to_reference_after"] == same["distance_to_reference_after"]


def test_measures_are_validated_on_the_speech_before_and_read_back_with_their_sentence(run):
    found = embeddings()
    rows = validation_rows(pairs([run("identity", found), run("x", found)]))
    read = table(rows, VALIDATIONS).to_pylist()
    assert {row["measure"] for row in read} == {"dnsmos_overall", "speaker_error"}
    assert {(row["attribute"], row["group"], row["reference"]) for row in read} == {("accent", "fr", "us")}
    assert "between fr and us" in validation(read[0]).line


def test_latency_is_what_the_first_run_noted_and_old_runs_noted_nothing(run):
    found = embeddings()
    noted = {"look_ahead_s": 0.02, "compute_s_per_s": 0.01, "device": "cpu"}
    runs = [
        run("identity", found),
        run("x", found, notes=noted),
        run("x", found, notes=noted | {"compute_s_per_s": 9.0}),
        run("y", found, notes=noted | {"look_ahead_s": "whole utterance"}),
        run("z", found, notes=noted | {"look_ahead_s": None}),
    ]
    rows = table(latency_rows(pairs(runs)), LATENCIES).to_pylist()
    assert [(row["alteration"], row["look_ahead_s"]) for row in rows] == [("x", 0.02), ("y", math.inf), ("z", None)]
    assert rows[0]["compute_s_per_s"] == 0.01


def test_the_tables_have_the_declared_columns_and_name_no_speaker(run):
    found = embeddings()
    made = table(identity_rows(pairs([run("identity", found), run("x", found)])), IDENTITIES)
    assert made.schema == IDENTITIES
    text = pa.table(made).to_pandas().to_csv()
    assert not any(speaker in text for speaker, _ in found)
