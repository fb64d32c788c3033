"""Stored n-best lists, and systems of which no text is known."""

import hashlib
import json

import pytest
import torch

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.recognizer import StoredLists, Unheard
from callgap.records import OK, Context, ItemStatus, Status


def batch(*names, excluded=()):
    statuses = [ItemStatus(Status.EXCLUDED, "agent") if name in excluded else OK for name in names]
    return batch_of([torch.zeros(0)] * len(names), 16000, list(names), statuses)


def written(tmp_path, *lists, header="call\tturn\tnbest"):
    rows = [f"d{n}\t{n}\t{json.dumps(found) if isinstance(found, list) else found}" for n, found in enumerate(lists)]
    path = tmp_path / "lists.tsv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return StoredLists(file=path, key=("call", "turn"), n_best="nbest")


def test_the_best_alternative_is_the_text_and_all_are_kept(tmp_path):
    lists = written(tmp_path, ["w20 a b", "w20 a bee"], [])
    found = lists.transcribe(batch("d0-0", "d1-1", "d9-9", "d0-0x", excluded={"d0-0x"}), Context("en-GB")).hypotheses
    assert (found[0].text, found[0].n_best) == ("w20 a b", ("w20 a b", "w20 a bee"))
    assert (found[1].text, found[1].n_best, found[1].status) == ("", (), OK)
    assert (found[2].text, found[2].status.status, found[2].status.reason) == (None, "missing", "no_transcript")
    assert (found[3].text, found[3].status.status) == (None, "excluded")


def test_the_identity_carries_the_checksum(tmp_path):
    lists = written(tmp_path, ["a"])
    digest = hashlib.sha256(lists.file.read_bytes()).hexdigest()
    assert lists.identity() == {"id": "lists", "revision": f"sha256:{digest}", "locale": "not stated"}
    unheard = Unheard(file=lists.file, id="acd", revision="of May", locale="fr-FR")
    assert unheard.identity() == {"id": "acd", "revision": f"of May, sha256:{digest}", "locale": "fr-FR"}


@pytest.mark.parametrize("cell", ["secret words", '"a"', "[1]", "{}", "", '["a", null]'])
def test_a_cell_that_is_no_list_of_texts_is_refused_without_being_quoted(tmp_path, cell):
    with pytest.raises(InputError, match=r"lists\.tsv.*row 2.*'nbest': accepted: a JSON list") as refusal:
        written(tmp_path, ["a"], cell).check([], "en")
    assert "secret" not in str(refusal.value)


def test_a_missing_column_and_an_utterance_named_twice_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no column 'nbest'"):
        written(tmp_path, ["a"], header="call\tturn\tlists").check([], "en")
    path = tmp_path / "twice.csv"
    path.write_text("utterance_id,n_best\na,[]\na,[]\n")
    with pytest.raises(InputError, match=r"row 2.*'a' stands in utterance_id more than once"):
        StoredLists(file=path).check([], "en")


def test_a_system_without_texts_owes_none(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("a\n1\n")
    found = Unheard(file=path).transcribe(batch("a", "b", excluded={"b"}), Context("en-US")).hypotheses
    assert [(h.text, h.status.status) for h in found] == [(None, "ok"), (None, "excluded")]
    with pytest.raises(InputError, match=r"none\.csv cannot be read"):
        Unheard(file=tmp_path / "none.csv").check([], "en")
