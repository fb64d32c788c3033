"""Limits beside other libraries': the same rates, limits within chance, and no time of a wrong one."""

from dataclasses import replace

import numpy as np
import pytest

from callgap_kernels.resampling.draws import resample_counts
from callgap_kernels.speed import intervals
from callgap_kernels.speed.cases import UNEQUAL_GROUPS, draw_speakers, draw_unequal_speakers
from callgap_kernels.speed.intervals import PEERS, Limits, Peer, by_group, ratio, require_agreement
from callgap_kernels.speed.measure import WrongResultError

FEW = draw_unequal_speakers((12, 30))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 400)
    # The last one takes milliseconds for one resample of one group.
    monkeypatch.setattr(intervals, "PEERS", (*PEERS[:-1], replace(PEERS[-1], resamples=20)))
    monkeypatch.setattr(intervals, "draw_speakers", lambda *_, endpoints: draw_speakers(40, 2, endpoints))
    monkeypatch.setattr(intervals, "draw_unequal_speakers", lambda: FEW)


def limits_of(speakers, peer: Peer, resamples: int) -> Limits:
    return Limits(*np.array([peer.limits(*group, resamples) for group in by_group(speakers)]).T)


def test_speakers_of_unequal_weight_are_what_the_table_says() -> None:
    speakers = draw_unequal_speakers()
    assert len(speakers.group) == sum(UNEQUAL_GROUPS) == 735
    assert np.bincount(speakers.group).tolist() == list(UNEQUAL_GROUPS)
    assert (speakers.errors <= speakers.words).all()
    assert np.quantile(speakers.words, 0.99) / np.median(speakers.words) > 6


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_agrees_and_would_be_caught_disagreeing(peer: Peer) -> None:
    resamples = min(peer.resamples, 1_000)
    found = limits_of(FEW, peer, resamples)
    require_agreement(peer.name, found, FEW, resamples)
    middle, half = (found.lower + found.upper) / 2, (found.upper - found.lower) / 2
    # As limits are that take a speaker's utterances for independent speakers, and the other way round.
    for factor in (0.2, 5):
        wrong = Limits(found.rate, middle - factor * half, middle + factor * half)
        with pytest.raises(WrongResultError, match=rf"^{peer.name}: a limit of group 0 is \d\.\d+ standard errors off"):
            require_agreement(peer.name, wrong, FEW, resamples)
    other = Limits(found.rate + 1e-15, found.lower, found.upper)
    with pytest.raises(WrongResultError, match="the rate of group 0 is not its errors over its words"):
        require_agreement(peer.name, other, FEW, resamples)


def test_a_limit_that_is_no_number_is_refused() -> None:
    rate = np.array([ratio(errors, words) for errors, words in by_group(FEW)])
    drawn = [counts @ e / (counts @ w) for e, w in by_group(FEW) for counts in [resample_counts(1, 0, 0, 999, len(e))]]
    lower, upper = np.quantile(drawn, [0.025, 0.975], axis=1)
    require_agreement("right", Limits(rate, lower, upper), FEW, 999)
    with pytest.raises(WrongResultError, match="wrong: a limit of group 0 is nan standard errors off"):
        require_agreement("wrong", Limits(rate, lower, np.full(2, np.nan)), FEW, 999)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_every_library_is_timed_on_both_cases_with_ratios_to_each_other() -> None:
    rows = list(intervals.beside_peers("cpu", rounds=1))
    names = ["callgap", "scipy", "confidence-intervals", "confidence-intervals by condition"]
    assert [row.contender for row in rows] == 2 * names
    assert len({row.case for row in rows}) == 2
    assert [row.pairs for row in rows[:4]] == [800, 800, 800, 40]
    assert all(set(row.ratio) == set(names) - {row.contender} for row in rows)
    assert rows[0].ratio["confidence-intervals by condition"][1] > 1


@pytest.mark.usefixtures("small")
def test_a_wrong_peer_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def lie(errors, words, resamples):
        asked.append(resamples)
        return float(ratio(errors, words)), 0.0, 1.0

    monkeypatch.setattr(intervals, "PEERS", (Peer("liar", lie, 100),))
    with pytest.raises(WrongResultError, match="liar: a limit of group 0"):
        next(intervals.beside_peers("cpu", rounds=3))
    # One call per group, for the check; none was timed.
    assert asked == [100, 100]
