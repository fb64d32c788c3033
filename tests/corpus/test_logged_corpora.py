"""EVI, SLURP and logs of calls as corpora: who called what for, and what stands in the way of a conclusion."""

import hashlib
import json

import pytest
from logged import CALLS, call_rows, dialogue, right, write_calls, write_evi, write_slurp
from omegaconf import OmegaConf

from callgap.configuration import composed
from callgap.corpus.call_log import CallLog
from callgap.corpus.evi import EviCorpus
from callgap.corpus.slurp import SlurpCorpus
from callgap.errors import InputError

COLUMNS = {"utterance_id": "call_id", "speaker_id": "caller", "intent": "expected"}
WITHHELD = "655fcc84e80a2419a2996669cda5ce69"


def evi(folder, many=0, others=5, speaker="many", **options):
    dialogues = [dialogue(f"m{n}", speaker, "r1", {}) for n in range(many)]
    dialogues += [dialogue(f"o{n}", f"s{n}", "r2", right("r2")) for n in range(others)]
    return EviCorpus(root=write_evi(folder, dialogues), **options)


def test_every_turn_is_a_row_that_says_what_was_asked_for_and_by_which_attempt(tmp_path):
    said = evi(tmp_path).utterances()
    assert said.num_rows == 45
    assert said["item"].to_pylist()[:9] == ["postcode"] * 3 + ["name"] * 3 + ["dob"] * 3
    assert said["take"].to_pylist()[:9] == [0, 1, 2] * 3
    assert said["text"].null_count == said["words"].null_count == 45
    assert set(said["fault"].to_pylist()) == {None}
    assert len(set(said["utterance_id"].to_pylist())) == 45


def test_an_id_of_far_more_dialogues_than_any_other_is_found_and_its_turns_are_excluded(tmp_path):
    corpus = evi(tmp_path, many=20)
    said = corpus.utterances().to_pylist()
    assert {row["speaker_id"] for row in said if row["fault"] == "placeholder_speaker"} == {"unknown"}
    assert sum(row["fault"] == "placeholder_speaker" for row in said) == 180
    (fault,) = corpus.faults()
    assert fault["utterances"] == 180
    assert fault["share"] == 0.8
    assert "20 of 25 dialogues" in fault["detail"]
    assert "many" not in fault["detail"].replace("many callers", "")


def test_kept_it_is_one_speaker_and_the_fault_still_says_so(tmp_path):
    corpus = evi(tmp_path, many=20, placeholder="kept")
    assert set(corpus.utterances()["fault"].to_pylist()) == {None}
    assert "kept as if one person's" in corpus.faults()[0]["detail"]


def test_nineteen_times_as_many_dialogues_are_still_one_caller(tmp_path):
    assert evi(tmp_path, many=19).faults() == []


def test_the_id_of_withheld_numbers_is_told_as_such(tmp_path):
    assert hashlib.md5(b"+266696687", usedforsecurity=False).hexdigest() == WITHHELD
    assert "ANONYMOUS" in evi(tmp_path, many=20, speaker=WITHHELD).faults()[0]["detail"]


def test_a_dialogue_about_no_record_is_excluded(tmp_path):
    write_evi(tmp_path, [dialogue("d", "s", "r1", {}), dialogue("e", "t", "r9", {})])
    assert EviCorpus(root=tmp_path).utterances()["fault"].to_pylist() == [None] * 9 + ["no_such_record"] * 9


@pytest.mark.parametrize(("old", "new"), [("postcode\t0", "street\t0"), ("postcode\t0", "postcode\tfirst")])
def test_a_turn_of_another_layout_is_refused_with_its_row(tmp_path, old, new):
    path = evi(tmp_path).root / "dialogues.en.tsv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=r"dialogues\.en\.tsv.*row 1: found the item .*accepted: postcode, name, dob"):
        EviCorpus(root=tmp_path).utterances()


def test_a_file_that_is_missing_or_lacks_a_column_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.pl\.(tsv|csv) cannot be read"):
        EviCorpus(root=tmp_path, part="pl").utterances()
    evi(tmp_path)
    (tmp_path / "records.en.csv").write_text("id\nr1\n")
    with pytest.raises(InputError, match=r"records\.en\.csv: the column 'scenario_id' is missing"):
        EviCorpus(root=tmp_path).utterances()


@pytest.mark.parametrize(("part", "many", "dialogues"), [("en", 273, 1407), ("pl", 349, 1991)])
def test_of_the_public_corpus_the_placeholder_is_found(data, part, many, dialogues):
    if not (data / "evi").is_dir():
        pytest.skip("no copy of EVI")
    corpus = EviCorpus(root=data / "evi", part=part)
    (fault,) = corpus.faults()
    assert f"{many} of {dialogues:,} dialogues" in fault["detail"]
    assert "ANONYMOUS" in fault["detail"]
    assert corpus.card.language == {"en": "en-GB", "pl": "pl-PL"}[part]
    counted = corpus.utterances()["fault"].to_pylist()
    assert counted.count("placeholder_speaker") == 9 * many
    assert 0 < counted.count("no_such_record") < 0.02 * len(counted)


@pytest.mark.parametrize("name", ["evi-en-gb", "evi-pl-pl", "slurp"])
def test_the_files_that_were_used_are_pinned_and_another_is_refused(data, tmp_path, name):
    content = OmegaConf.to_container(composed([f"corpus={name}", f"corpus.root={data / name.split('-')[0]}"]).corpus)
    kind = {"evi": EviCorpus, "slurp": SlurpCorpus}[name.split("-")[0]]
    content.pop("_target_")
    if not (data / name.split("-")[0]).is_dir():
        pytest.skip(f"no copy of {name}")
    assert kind(**content).utterances().num_rows
    for file in content["sha256"]:
        for other in content["sha256"]:
            (tmp_path / other).write_bytes((data / name.split("-")[0] / other).read_bytes())
        (tmp_path / file).write_bytes((tmp_path / file).read_bytes() + b"\n")
        with pytest.raises(InputError, match=rf"{file}: its SHA-256 is \w+, accepted by corpus\.sha256: \w+; corpus"):
            kind(**content | {"root": tmp_path}).utterances()


def test_recordings_are_paired_and_those_without_a_pair_are_excluded(tmp_path):
    corpus = SlurpCorpus(root=write_slurp(tmp_path))
    said = corpus.utterances().to_pylist()
    assert {row["distance"] for row in said} == {"close", "distant"}
    assert [row["utterance_id"] for row in said if row["fault"]] == ["audio-alone.flac"]
    pairs = {}
    for row in said:
        pairs.setdefault(row["speaker_id"], set()).add((row["distance"], row["text"], row["intent"]))
    assert all(len(of) == 2 for pair, of in pairs.items() if pair != "audio-alone")
    (fault,) = corpus.faults()
    assert (fault["speakers"], fault["utterances"], fault["consequence"]) == (12, 24, "not judged")


def test_two_recordings_of_one_name_and_other_prompts_are_no_pair(tmp_path):
    path = write_slurp(tmp_path) / "test.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0]["recordings"], rows[1]["recordings"] = rows[0]["recordings"][:1], rows[0]["recordings"][1:]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    faults = {row["utterance_id"]: row["fault"] for row in SlurpCorpus(root=tmp_path).utterances().to_pylist()}
    assert faults["audio-0.flac"] == faults["audio-0-headset.flac"] == "no_pair"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "line 14: accepted: a JSON object"),
        ('{"slurp_id": 5}', "line 14: accepted: a JSON object"),
        ("[1]", "line 14: accepted: a JSON object"),
        (
            '{"slurp_id": 5, "sentence": "x", "scenario": "a", "action": "b", "recordings": [{"file":"audio-1.flac"}]}',
            r"line 14: found 'audio-1\.flac'; accepted: each \.flac file once",
        ),
    ],
)
def test_a_line_of_another_layout_is_refused_with_its_number(tmp_path, line, said):
    path = write_slurp(tmp_path) / "test.jsonl"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InputError, match=said):
        SlurpCorpus(root=tmp_path).utterances()


def test_a_log_of_calls_is_a_corpus_without_words(tmp_path):
    rows = [*call_rows()]
    rows[0]["expected"], rows[1]["caller"], rows[2]["accent"] = " ", "NA", ""
    path = write_calls(tmp_path / "calls.csv", rows)
    said = CallLog(file=path, columns=COLUMNS, groups=("accent",)).utterances()
    assert said["text"].null_count == said["words"].null_count == said.num_rows == len(rows)
    assert said["fault"].to_pylist()[:4] == ["nothing_expected", "missing_speaker", None, None]
    assert said["accent"].to_pylist()[2] is None
    assert said["intent"].to_pylist()[3:] == [row["expected"] for row in rows[3:]]


def test_a_log_without_ids_numbers_its_rows(tmp_path):
    path = write_calls(tmp_path / "calls.csv", columns=CALLS[1:])
    columns = {"speaker_id": "caller", "intent": "expected"}
    said = CallLog(file=path, columns=columns, groups=("accent",)).utterances()
    assert said["utterance_id"].to_pylist()[:2] == ["row-000001", "row-000002"]
    with pytest.raises(InputError, match="the column 'intent' is missing"):
        CallLog(file=path, columns={"speaker_id": "caller"}, groups=("accent",)).utterances()
