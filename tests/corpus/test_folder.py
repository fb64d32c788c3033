"""A user's manifest becomes utterances: a bad row is excluded with its fault, a bad table is one sentence."""

import pickle
import re
import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from callgap.corpus import NOT_STATED, Card
from callgap.corpus.folder import FolderCorpus
from callgap.corpus.grouping import band, bare_card
from callgap.errors import InputError
from callgap.records import Status

ROW = {"path": "a.wav", "text": "one two", "speaker_id": "s1", "accent": "north"}


def corpus(folder, rows=None, **options):
    if rows is not None:
        folder.write(rows)
    return FolderCorpus(manifest=folder.manifest, **{"groups": ("accent",), **options})


def rows_of(folder, rows=None, **options):
    return corpus(folder, rows, **options).utterances().to_pylist()


def heard(made):
    return [
        (utterance, status.status, status.reason)
        for batch in made.load(made.utterances())
        for utterance, status in zip(batch.utterance_ids, batch.statuses, strict=True)
    ]


def test_a_manifest_becomes_utterances_in_its_order(folder):
    rows = rows_of(folder)
    assert [row["utterance_id"] for row in rows] == ["a.wav", "b.wav", "c.wav"]
    assert [row["speaker_id"] for row in rows] == ["s1", "s1", "s2"]
    assert [row["accent"] for row in rows] == ["north", "north", "south"]
    assert {row["role"] for row in rows} == {"caller"}
    assert {row["fault"] for row in rows} == {None}
    assert heard(corpus(folder)) == [(f"{name}.wav", Status.OK, None) for name in "abc"]


def test_every_optional_column_arrives(folder):
    full = {
        **ROW, "utterance_id": "u1", "role": "Agent", "prompt_id": "p", "language": "fr-FR", "intent": "bill",
        "session_id": "call-7", "take": "2", "audio_channel": "0", "begin_s": "0.1", "end_s": "0.4",
        "duration_s": "0.3",
    }  # fmt: skip
    (row,) = rows_of(folder, [full])
    wanted = {
        "utterance_id": "u1", "role": "agent", "prompt_id": "p", "language": "fr-FR", "intent": "bill", "take": 2,
        "session_id": "call-7", "audio_channel": 0, "audio_begin_s": 0.1, "audio_end_s": 0.4, "duration_s": 0.3,
        "fault": "agent",
    }  # fmt: skip
    assert {key: row[key] for key in wanted} == wanted


def test_ids_say_which_part_of_a_file_is_meant(folder):
    rows = [
        {**ROW, "begin_s": "0", "end_s": "0.2", "audio_channel": ""},
        {**ROW, "begin_s": "0.2", "end_s": "", "audio_channel": ""},
        {**ROW, "begin_s": "", "end_s": "", "audio_channel": "0"},
    ]
    assert [row["utterance_id"] for row in rows_of(folder, rows)] == ["a.wav#0-0.2", "a.wav#0.2-", "a.wav@0"]


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "parquet"])
def test_every_kind_of_table_gives_the_same_utterances(folder, ending):
    expected = rows_of(folder)
    other = folder.path / f"manifest.{ending}"
    if ending == "tsv":
        folder.write(name="manifest.tsv")
    elif ending == "jsonl":
        import json

        other.write_text("".join(json.dumps(row) + "\n" for row in folder.rows))
    else:
        pq.write_table(pa.Table.from_pylist([{**row, "age": int(row["age"])} for row in folder.rows]), other)
    assert FolderCorpus(manifest=other, groups=("accent",)).utterances().to_pylist() == expected


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"speaker_id": ""}, "missing_speaker"),
        ({"speaker_id": "unknown"}, "missing_speaker"),
        ({"path": ""}, "missing_path"),
        ({"text": ""}, "empty_reference"),
        ({"text": " ?! "}, "empty_reference"),
        ({"begin_s": "soon"}, "bad_segment"),
        ({"begin_s": "nan"}, "bad_segment"),
        ({"begin_s": "-1"}, "bad_segment"),
        ({"begin_s": "2", "end_s": "1"}, "bad_segment"),
        ({"begin_s": "1", "end_s": "1"}, "bad_segment"),
        ({"end_s": "late"}, "bad_segment"),
        ({"role": "robot"}, "bad_role"),
        ({"audio_channel": "left"}, "no_such_channel"),
        ({"audio_channel": "-1"}, "no_such_channel"),
    ],
)
def test_a_bad_row_is_excluded_with_its_fault_and_the_others_are_heard(folder, change, fault):
    made = corpus(folder, [{**ROW, **change}, {**ROW, "path": "b.wav"}])
    first, second = made.utterances().to_pylist()
    assert (first["fault"], second["fault"]) == (fault, None)
    assert [found[1:] for found in heard(made)] == [(Status.EXCLUDED, fault), (Status.OK, None)]


def test_a_row_without_a_speaker_belongs_to_no_group(folder):
    (row,) = rows_of(folder, [{**ROW, "speaker_id": ""}])
    assert (row["speaker_id"], row["accent"]) == ("unknown", None)


def test_a_cell_that_states_nothing_is_no_group(folder):
    cells = ["", "NA", "N/A", "nan", "unknown", " ", "north"]
    rows = [{**ROW, "utterance_id": f"u{i}", "accent": cell} for i, cell in enumerate(cells)]
    assert [row["accent"] for row in rows_of(folder, rows)] == [None] * 6 + ["north"]
    assert rows_of(folder, rows, unknown=("north",))[1]["accent"] == "NA"


def test_a_fault_of_the_audio_is_found_when_it_is_loaded(folder, voice):
    (folder.path / "b.wav").write_text("no sound")
    folder.sound("c.wav", voice(rate=4000), 4000)
    made = corpus(folder, [*folder.rows, {**ROW, "path": "d.wav"}])
    assert [reason for _, _, reason in heard(made)] == [None, "unreadable_audio", "low_sample_rate", "missing_audio"]


def test_a_channel_of_the_configuration_serves_rows_that_name_none(folder, voice):
    import numpy as np

    folder.sound("a.wav", np.stack([voice(seed=1), voice(seed=2)], axis=1))
    assert heard(corpus(folder, [ROW]))[0][2] == "several_channels"
    assert heard(corpus(folder, [ROW], audio_channel=1))[0][1] is Status.OK
    (row,) = rows_of(folder, [{**ROW, "audio_channel": "0"}], audio_channel=1)
    assert row["audio_channel"] == 0


def test_everything_is_converted_to_one_rate(folder, voice):
    folder.sound("b.wav", voice(rate=44100), 44100)
    (batch,) = corpus(folder, sample_rate=8000).load(corpus(folder).utterances())
    assert batch.sample_rate == 8000
    assert batch.lengths.tolist() == [4000, 4000, 4000]


def test_absolute_paths_are_taken_as_they_are(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x.wav"
    shutil.copy(folder.path / "a.wav", elsewhere)
    made = corpus(folder, [{**ROW, "path": str(elsewhere)}])
    assert heard(made)[0][1] is Status.OK


def test_numbers_fall_into_bands():
    assert [band(cell, (18, 40)) for cell in ("17.9", "18", "39.9", "40", "95")] == [
        "under 18", "18-39", "18-39", "40 and over", "40 and over",
    ]  # fmt: skip
    assert [band(cell, (18,)) for cell in ("6", "18")] == ["under 18", "18 and over"]
    assert band("1.2", (0.5, 1.5)) == "0.5 to under 1.5"
    assert band("3", (3, 4)) == "3"
    assert [band(cell, (18,)) for cell in ("old", "", "nan")] == [None, None, None]


def test_bands_make_an_attribute(folder):
    made = corpus(folder, groups=("accent", "age"), bands={"age": (18, 40)}, references={"age_band": "40 and over"})
    assert made.utterances()["age_band"].to_pylist() == ["under 18", "under 18", "40 and over"]
    assert list(made.card.attributes) == ["accent", "age_band"]
    assert made.card.attributes["age_band"].reference == "40 and over"
    assert list(corpus(folder, groups=None, bands={"age": (18,)}).card.attributes) == ["age_band"]
    assert list(corpus(folder, groups=("accent",), bands={"age": (18,)}).card.attributes) == ["accent"]


def test_without_a_card_nothing_is_stated(folder):
    card = corpus(folder).card
    assert card.title == "manifest"
    assert not card.synthetic
    assert {card.license, card.consent, card.speech_condition, card.text_source, card.summary} == {NOT_STATED}
    assert card.attributes["accent"].label_source == NOT_STATED
    assert card.attributes["accent"].reference is None
    assert corpus(folder).revision() == NOT_STATED
    assert (card.language, corpus(folder, language="de-DE").card.language) == ("en-US", "de-DE")


def written_card(folder, **changes):
    attribute = {"label_source": "self-declared", "reference": "north", "description": "where from"}
    content = {
        **bare_card("ours").model_dump(),
        "attributes": {"accent": attribute},
        "language": "en-GB",
        "revision": "v3",
        "text_source": "transcript",
        **changes,
    }
    (folder.path / "card.yaml").write_text(yaml.safe_dump(content))


def test_the_card_beside_the_manifest_is_taken(folder):
    written_card(folder)
    made = corpus(folder, groups=None)
    assert made.card.attributes["accent"].reference == "north"
    assert (made.card.language, made.revision()) == ("en-GB", "v3")
    assert made.utterances()["text_source"].to_pylist() == ["transcript"] * 3
    assert corpus(folder, groups=None, references={"accent": "south"}).card.attributes["accent"].reference == "south"


def test_a_card_can_be_named_or_given(folder, tmp_path_factory, monkeypatch):
    written_card(folder)
    moved = shutil.move(folder.path / "card.yaml", tmp_path_factory.mktemp("cards") / "ours.yaml")
    assert corpus(folder, groups=None, card=moved).revision() == "v3"
    assert corpus(folder, card=bare_card("mine")).card.title == "mine"
    assert isinstance(corpus(folder, card="fsdd").card, Card)
    # A folder of that name beside the run is the data, not the card.
    monkeypatch.chdir(folder.path)
    (folder.path / "fsdd").mkdir()
    assert corpus(folder, card="fsdd").card.title == "Free Spoken Digit Dataset"
    with pytest.raises(InputError, match=r"corpus\.card=fsd: .*did you mean 'fsdd'"):
        _ = corpus(folder, card="fsd").card
    with pytest.raises(InputError, match=r"nowhere\.yaml: the card cannot be read"):
        _ = corpus(folder, card="nowhere.yaml").card


def test_a_card_that_is_still_to_be_filled_in_is_refused_by_the_field(folder):
    written_card(folder, license="FILL IN: the terms")
    with pytest.raises(InputError, match=r"card\.yaml, field license: it still says 'FILL IN'"):
        corpus(folder, groups=None).utterances()


def test_the_language_of_the_configuration_overrides_the_cards(folder):
    written_card(folder)
    assert corpus(folder, groups=None, language="en-AU").card.language == "en-AU"


@pytest.mark.parametrize(
    ("write", "options", "message"),
    [
        (lambda f: f.manifest.unlink(), {}, "manifest.csv cannot be read"),
        (lambda f: f.manifest.write_bytes(b"path,text,speaker_id,accent\na.wav,caf\xe9,s1,x\n"), {}, "are not UTF-8"),
        (lambda f: f.manifest.write_text("path,text,speaker_id,accent\n"), {}, "has no rows"),
        (
            lambda f: f.write([{"path": "a.wav", "speaker_id": "s"}]),
            {},
            "the column 'text' is missing; found: path",
        ),
        (lambda f: f.write([{"file": "a.wav", "text": "x", "speaker_id": "s"}]), {}, "the column 'path' is missing"),
        (lambda f: f.write([ROW, {**ROW, "path": "b.wav"}, ROW]), {}, "rows 1 and 3: both are the utterance 'a.wav'"),
        (lambda f: f.write(), {"groups": ("acent",)}, "no column 'acent' to group by; did you mean 'accent'?"),
        (lambda f: f.write(), {"groups": ("text",)}, "no column 'text' to group by; accepted: accent, age"),
        (lambda f: f.write(), {"bands": {"agge": (18,)}}, "no column 'agge' to group by; did you mean 'age'?"),
        (lambda f: f.write(), {"groups": None}, "nothing says which groups to compare"),
        (lambda f: f.write(), {"groups": None}, "columns that could be groups: accent, age"),
        (lambda f: f.write(), {"references": {"gender": "m"}}, "no group attribute 'gender'; accepted: accent"),
        (lambda f: f.write([{**ROW, "slots": "x"}]), {"groups": ("slots",)}, "'slots' has the name of a column"),
    ],
)
def test_a_bad_table_is_one_sentence(folder, write, options, message):
    write(folder)
    with pytest.raises(InputError, match=re.escape(message)):
        corpus(folder, **options).utterances()


@pytest.mark.parametrize("limits", [(40, 18), (18, 18), ()])
def test_limits_of_bands_ascend(folder, limits):
    with pytest.raises(ValueError, match="bands"):
        corpus(folder, bands={"age": limits})


def test_the_fingerprint_does_not_depend_on_where_the_folder_lies(folder, tmp_path_factory):
    before = corpus(folder).fingerprint()
    moved = tmp_path_factory.mktemp("moved") / "folder"
    shutil.copytree(folder.path, moved)
    assert FolderCorpus(manifest=moved / "manifest.csv", groups=("accent",)).fingerprint() == before


@pytest.mark.parametrize("change", ["audio", "text", "group", "gone"])
def test_the_fingerprint_follows_rows_and_bytes(folder, voice, change):
    before = corpus(folder).fingerprint()
    if change == "audio":
        folder.sound("c.wav", voice(seed=9))
    elif change == "gone":
        (folder.path / "c.wav").unlink()
    else:
        key = {"text": "text", "group": "accent"}[change]
        folder.write([*folder.rows[:2], {**folder.rows[2], key: "other"}])
    assert corpus(folder).fingerprint() != before


def test_a_pickled_corpus_carries_its_configuration_only_and_loads_in_a_fresh_process(folder):
    made = corpus(folder)
    rows, sums = made.utterances(), made.fingerprint()
    content = pickle.dumps((made, rows))
    again, table = pickle.loads(content)
    assert not {"_utterances", "source", "card"} & set(vars(again))
    assert again.fingerprint() == sums
    script = "import pickle, sys; c, t = pickle.load(sys.stdin.buffer); print(sum(len(b) for b in c.load(t)))"
    done = subprocess.run([sys.executable, "-c", script], input=content, check=True, capture_output=True)
    assert done.stdout.split() == [b"3"]
    assert table.equals(rows)


def test_no_rows_give_no_batch(folder):
    made = corpus(folder)
    assert list(made.load(made.utterances().slice(0, 0))) == []
