"""Results equal those of outside implementations, and one that did not would be seen."""

import pytest

from callgap.proofs import naive, recomputed, texts
from callgap.proofs.oracle import Oracle
from callgap.proofs.texts import Corpus, against_jiwer, against_sclite, drawn, least_cost, sclite_weights_agree
from callgap_kernels.device import cuda_fault


@pytest.mark.parametrize("compare", recomputed.COMPARISONS, ids=lambda compare: compare.__name__)
def test_a_statistic_equals_another_implementation(compare):
    found = compare()
    assert found.holds, found


@pytest.mark.gpu
def test_the_gpu_agrees():
    found = recomputed.gpu()
    assert len(found) == 2
    assert all(one.holds for one in found), found


def test_without_a_gpu_nothing_is_claimed_of_it():
    assert bool(recomputed.gpu()) == (cuda_fault() is None)


@pytest.mark.parametrize("corpus", drawn(400), ids=lambda corpus: corpus.name)
def test_errors_of_texts_equal_jiwers_and_are_never_more_than_sclites(corpus):
    counted, (bounded, fewer), weighed = against_jiwer(corpus), against_sclite(corpus), sclite_weights_agree(corpus)
    assert counted.holds, counted
    assert bounded.holds, bounded
    assert weighed.holds, weighed
    assert all(one.ours < one.sclite for one in fewer)
    assert bounded.note == f"we count fewer in {len(fewer)}"


def test_real_texts_are_compared_where_they_are(data, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(data))
    corpora, absent = texts.real()
    assert absent == []
    for corpus in corpora:
        few = Corpus(corpus.name, corpus.said[:300], corpus.heard[:300])
        assert against_jiwer(few).holds
        assert against_sclite(few)[0].holds


@pytest.mark.slow
def test_all_texts_are_compared(data, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(data))
    rows, listed, absent = texts.run()
    assert absent == []
    assert all(row.holds for row in rows)
    assert listed


def test_what_sclite_would_charge():
    assert least_cost("a b", "a c") == 4
    assert least_cost("a b", "b c") == 6
    assert least_cost("a", "b c d") == 10


def test_a_difference_is_seen(monkeypatch):
    monkeypatch.setattr(texts, "least_cost", lambda said, heard: 0)
    found = texts.sclite_weights_agree(drawn(50)[2])
    assert found.differ > 40
    assert not found.holds
    assert not Oracle("a", "b", "c", 5, 0, 2e-9, 1e-9).holds
    assert not Oracle("a", "b", "c", 0, 0, 0.0, 0.0).holds


def test_limits_that_take_utterances_for_speakers_cover_half_of_what_they_say():
    found = naive.tried(naive.Task("utterance bootstrap", "even", 30, 30, 60, 3))
    ours = naive.tried(naive.Task("callgap", "even", 30, 30, 60, 3))
    assert found.coverage < 0.75
    assert ours.coverage >= 0.95 - 3 * (0.95 * 0.05 / 60) ** 0.5
