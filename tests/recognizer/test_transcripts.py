"""Texts of a file are found by the utterance's id; what is absent, null or empty is told apart."""

import hashlib
import json
import pickle
import re

import pytest
import torch

from callgap.assembly import units
from callgap.audio import batch_of
from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.recognizer import Transcripts
from callgap.records import OK, Context, ItemStatus, Status

CONTEXT = Context("fr-FR")


def written(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def looked_up(recognizer, *ids, statuses=None):
    batch = batch_of([torch.zeros(0)] * len(ids), 16000, ids, statuses)
    found = recognizer.transcribe(batch, CONTEXT)
    assert found.utterance_ids == ids
    return list(found.hypotheses)


def refused(file, **options):
    with pytest.raises(InputError) as caught:
        Transcripts(file=file, **options).check([], "en-US")
    return str(caught.value)


@pytest.fixture
def table(tmp_path):
    rows = [
        {"utterance_id": "a", "text": "hello there"},
        {"utterance_id": "b", "text": ""},
        {"utterance_id": "c", "text": None},
    ]
    return written(tmp_path / "whisper-large.jsonl", *rows)


def test_it_does_not_hear(table):
    assert Transcripts(file=table).hears is False


def test_a_text_an_empty_text_a_null_and_an_absent_row_are_four_things(table):
    a, b, c, d = looked_up(Transcripts(file=table), "a", "b", "c", "d")
    assert (a.text, a.status, a.n_best) == ("hello there", OK, ("hello there",))
    assert (b.text, b.status, b.n_best) == ("", OK, ())
    missing = ItemStatus(Status.MISSING, "no_transcript")
    assert [(h.text, h.status) for h in (c, d)] == [(None, missing)] * 2


def test_an_excluded_utterance_stays_excluded(table):
    gone = ItemStatus(Status.EXCLUDED, "no_reference")
    (found,) = looked_up(Transcripts(file=table), "a", statuses=[gone])
    assert (found.text, found.status) == (None, gone)


def test_a_configuration_names_file_key_and_column(tmp_path):
    file = tmp_path / "out.csv"
    file.write_text("clip,prediction\nx,bonjour\n", encoding="utf-8")
    overrides = [f"recognizer.file={file}", "recognizer.key=clip", "recognizer.column=prediction"]
    recognizer = units(plain(composed(["recognizer=transcripts", *overrides])))["recognizer"]
    assert [h.text for h in looked_up(recognizer, "x")] == ["bonjour"]


def test_stems_ignore_folders_and_endings_on_both_sides(tmp_path):
    file = written(tmp_path / "t.jsonl", {"utterance_id": "wav/common_voice_7.wav", "text": "yes"})
    ids = ("clips/common_voice_7.mp3", "common_voice_7")
    assert [h.text for h in looked_up(Transcripts(file=file, stems=True), *ids)] == ["yes", "yes"]
    assert [h.text for h in looked_up(Transcripts(file=file), *ids)] == [None, None]


def test_statuses_reasons_and_confidences_are_taken_from_their_columns(tmp_path):
    rows = [
        {"utterance_id": "a", "text": "yes", "status": "ok", "reason": None, "p": 0.25},
        {"utterance_id": "b", "text": "", "status": "ok", "reason": "no_speech", "p": None},
        {"utterance_id": "c", "text": None, "status": "failed", "reason": "http_500", "p": None},
        {"utterance_id": "d", "text": "ignored", "status": "refused", "reason": None, "p": None},
        {"utterance_id": "e", "text": None, "status": "ok", "reason": None, "p": None},
    ]
    file = written(tmp_path / "t.jsonl", *rows)
    found = looked_up(Transcripts(file=file, status="status", reason="reason", confidence="p"), *"abcde")
    assert [(h.text, h.status.status, h.status.reason, h.confidence) for h in found] == [
        ("yes", Status.OK, None, 0.25),
        ("", Status.OK, "no_speech", None),
        (None, Status.FAILED, "http_500", None),
        (None, Status.REFUSED, "not_stated", None),
        (None, Status.MISSING, "no_transcript", None),
    ]


def test_columns_that_are_not_named_say_nothing(tmp_path):
    file = written(tmp_path / "t.jsonl", {"utterance_id": "a", "text": "yes", "status": "failed", "confidence": "?"})
    (found,) = looked_up(Transcripts(file=file), "a")
    assert (found.text, found.status, found.confidence) == ("yes", OK, None)


def test_the_identity_is_the_file_s_name_or_what_is_given_and_always_its_bytes(table):
    found = Transcripts(file=table).identity()
    assert found["id"] == "whisper-large"
    stored = f"sha256:{hashlib.sha256(table.read_bytes()).hexdigest()}"
    assert found["revision"] == stored
    given = {"id": "asr", "revision": "3", "locale": "fr-FR"}
    assert Transcripts(file=table, **given).identity() == given | {"revision": f"3, {stored}"}


def test_a_copy_sent_to_another_process_finds_the_same(table):
    recognizer = Transcripts(file=table)
    recognizer.check([], "en-US")
    table.unlink()
    assert [h.text for h in looked_up(pickle.loads(pickle.dumps(recognizer)), "a")] == ["hello there"]


def test_two_rows_of_one_utterance_are_named(tmp_path):
    rows = [{"utterance_id": u, "text": "x"} for u in ("a.wav", "b.wav", "a.mp3")]
    file = written(tmp_path / "t.jsonl", *rows)
    Transcripts(file=file).check([], "en-US")
    assert refused(file, stems=True) == f"{file}, rows 1, 3: 'a' stands in the column 'utterance_id' more than once"


def test_a_missing_column_is_named_with_its_neighbor(table):
    assert "no column 'txt'; did you mean 'text'?" in refused(table, column="txt")
    assert "no column 'probability'" in refused(table, confidence="probability")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"utterance_id": None, "text": "x"}, "row 1: the column 'utterance_id' names no utterance"),
        ({"utterance_id": "a", "text": "x", "s": "OK"}, "row 1: found the status 'OK'; accepted: failed, missing, ok"),
        ({"utterance_id": "a", "text": "x", "s": "excluded"}, "row 1: found the status 'excluded'"),
        ({"utterance_id": "a", "text": "x", "s": None}, "row 1: found the status ''"),
        ({"utterance_id": "a", "text": "x", "s": "ok", "p": "high"}, "row 1: found the confidence 'high'"),
        ({"utterance_id": "a", "text": "x", "s": "ok", "p": "nan"}, "row 1: found the confidence 'nan'"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path, row, message):
    file = written(tmp_path / "t.jsonl", {"s": "ok", "p": None} | row)
    assert message in refused(file, status="s", confidence="p").replace("did you mean 'ok'? ", "")


def test_a_file_that_is_not_there_or_not_utf8_is_one_sentence_before_anything_runs(tmp_path):
    assert re.search("cannot be read: No such file", refused(tmp_path / "none.csv"))
    latin = tmp_path / "latin.csv"
    latin.write_bytes("utterance_id,text\na,caf\xe9\n".encode("latin-1"))
    assert "line 2: the bytes are not UTF-8" in refused(latin)
