"""Published error rates are looked up by the utterance's id; what is no rate is refused in one sentence."""

import pickle
import re

import pytest
import torch
from rated import rated_rows, write_rated

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.recognizer import PublishedRates
from callgap.recognizer.published_rates import system_of
from callgap.records import OK, Context, ItemStatus, Status

ROWS = list(rated_rows(speakers=2))


def looked_up(recognizer, *ids, statuses=None):
    batch = batch_of([torch.zeros(0)] * len(ids), 16000, ids, statuses)
    return list(recognizer.transcribe(batch, Context("en-US")).hypotheses)


def made(tmp_path, rows=ROWS, **options):
    file = write_rated(tmp_path / "t.csv", rows)
    return PublishedRates(file=file, **{"key": "segment_filename", "column": "clean_ibm_wer", **options})


def test_a_rate_has_no_text_and_is_ok(tmp_path):
    recognizer = made(tmp_path)
    assert recognizer.hears is False
    for row in ROWS:
        (found,) = looked_up(recognizer, row["segment_filename"])
        assert (found.text, found.status, found.error_rate) == (None, OK, float(row["clean_ibm_wer"]))


def test_an_empty_cell_and_an_absent_row_are_missing_and_not_0(tmp_path):
    rows = [ROWS[0] | {"clean_ibm_wer": ""}, *ROWS[1:]]
    missing = ItemStatus(Status.MISSING, "no_error_rate")
    for found in looked_up(made(tmp_path, rows), ROWS[0]["segment_filename"], "nobody"):
        assert (found.status, found.error_rate) == (missing, None)


def test_an_excluded_utterance_stays_excluded(tmp_path):
    gone = ItemStatus(Status.EXCLUDED, "empty_reference")
    (found,) = looked_up(made(tmp_path), ROWS[0]["segment_filename"], statuses=[gone])
    assert (found.status, found.error_rate) == (gone, None)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("-0.1", "found '-0.1'; accepted: word errors per word, a number from 0 on"),
        ("nan", "found 'nan'; accepted: word errors per word"),
        ("inf", "found 'inf'; accepted: word errors per word"),
        ("0,35", "found '0,35'; accepted: word errors per word"),
        ("35 %", "found '35 %'; accepted: word errors per word"),
        ("35", "found '35', more than 20 errors per word; accepted: 0.35 where 35 % is meant"),
    ],
)
def test_a_cell_that_is_no_rate_is_named(tmp_path, cell, message):
    rows = [ROWS[0], ROWS[1] | {"clean_ibm_wer": cell}, *ROWS[2:]]
    with pytest.raises(InputError, match=re.escape(f"t.csv, row 2, column 'clean_ibm_wer': {message}")):
        made(tmp_path, rows).check([], "en-US")


def test_a_rate_of_a_recognizer_in_a_loop_is_taken_where_the_user_says_that_it_is_one(tmp_path):
    rows = [ROWS[0] | {"clean_ibm_wer": "35"}]
    (found,) = looked_up(made(tmp_path, rows, largest=100), ROWS[0]["segment_filename"])
    assert found.error_rate == 35.0


def test_a_column_that_is_not_there_and_an_id_that_stands_twice_are_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no column 'clean_imb_wer'; did you mean 'clean_ibm_wer'\?"):
        made(tmp_path, column="clean_imb_wer").check([], "en-US")
    with pytest.raises(InputError, match="row 1 and row 2: both have 'DCB_00_0' in the column 'segment_filename'"):
        made(tmp_path, [ROWS[0], ROWS[0]]).check([], "en-US")
    with pytest.raises(InputError, match="row 1: the column 'segment_filename' names no utterance"):
        made(tmp_path, [ROWS[0] | {"segment_filename": ""}]).check([], "en-US")


def test_the_system_is_called_by_its_column_unless_it_is_named(tmp_path):
    assert made(tmp_path).identity()["id"] == "clean_ibm"
    assert made(tmp_path, id="ibm").identity()["id"] == "ibm"
    assert [system_of(name) for name in ("a_wer", "A_WER", "rate", "_wer")] == ["a", "A", "rate", "_wer"]


def test_a_copy_sent_to_another_process_finds_the_same(tmp_path):
    recognizer = pickle.loads(pickle.dumps(made(tmp_path)))
    (found,) = looked_up(recognizer, ROWS[0]["segment_filename"])
    assert found.error_rate == float(ROWS[0]["clean_ibm_wer"])
