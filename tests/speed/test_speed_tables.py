"""The speed benchmark: what it draws, that it refuses wrong results, and what it writes."""

import csv

import jiwer
import numpy as np
import pytest
import torch

from callgap_kernels import count_errors
from callgap_kernels.speed import run, scoring
from callgap_kernels.speed.cases import SHAPES, draw_ids, draw_speakers, draw_texts
from callgap_kernels.speed.machine import provenance
from callgap_kernels.speed.measure import Contender, Timed, WrongResultError, time_case
from callgap_kernels.speed.peers import PEERS, Comparable, Peer
from callgap_kernels.speed.writing import write

IVR, INTERVIEW, _ = SHAPES


def accept(result: object) -> None:
    """A check for contenders whose result does not matter."""


def test_texts_have_the_length_and_the_errors_that_the_table_says() -> None:
    texts = draw_texts(INTERVIEW, 2_000)
    output = jiwer.process_words(texts.references, texts.hypotheses)
    words = output.hits + output.substitutions + output.deletions
    assert words / 2_000 == pytest.approx(51, abs=1)
    assert (output.substitutions + output.deletions + output.insertions) / words == pytest.approx(0.19, abs=0.01)
    assert draw_texts(INTERVIEW, 2_000).hypotheses == texts.hypotheses


def test_ids_and_speakers_are_well_formed() -> None:
    said, heard, offsets = draw_ids(IVR, 100)
    assert (len(said), len(heard), len(offsets)) == (1_400, 1_400, 101)
    speakers = draw_speakers(40, 4, endpoints=2)
    assert speakers.errors.shape == speakers.words.shape == (40, 2)
    assert (speakers.errors <= speakers.words).all()
    assert speakers.contrasts.tolist() == [[1, 0], [2, 0], [3, 0]]


def test_a_ratio_is_taken_within_a_round_and_per_item() -> None:
    spent = []
    slow = Contender("slow", lambda: spent.append(sum(range(200_000))), pairs=2, agree=accept)
    fast = Contender("fast", lambda: spent.append(1), pairs=1, agree=accept)
    first, second = time_case("case", [slow, fast], rounds=3)
    assert len(spent) == 2 * (1 + 3)
    assert second.ratio["slow"][1] > 1 > first.ratio["fast"][1]
    assert first.us[0] <= first.us[1] <= first.us[2]


def test_nothing_is_timed_when_a_result_is_wrong() -> None:
    runs = []

    def refuse(result: object) -> None:
        raise WrongResultError(f"got {result}")

    contenders = [
        Contender("right", lambda: runs.append("right"), 1, accept),
        Contender("wrong", lambda: runs.append("wrong"), 1, refuse),
    ]
    with pytest.raises(WrongResultError, match="got None"):
        time_case("case", contenders, rounds=5)
    assert runs == ["right", "wrong"]


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_agrees_and_would_be_caught_disagreeing(peer: Peer) -> None:
    texts = draw_texts(IVR, 50)
    theirs = peer.compare(peer.run(texts))
    ours = count_errors(texts.references, texts.hypotheses)
    scoring._require_equal(peer.name, theirs, ours, 50)
    others = draw_texts(IVR, 50, seed=8)
    wrong = count_errors(others.references, others.hypotheses)
    with pytest.raises(WrongResultError, match=f"callgap and {peer.name} disagree on 50 pairs"):
        scoring._require_equal(peer.name, theirs, wrong, 50)


def test_counts_that_differ_from_the_reference_are_refused() -> None:
    right, wrong = count_errors(["a b"], ["a"]), count_errors(["a b"], ["b"])
    scoring._begins_with(right, count_errors(["a b", "c"], ["a", ""]))
    scoring._begins_with(right, wrong)
    with pytest.raises(WrongResultError, match="callgap: substitutions differ"):
        scoring._begins_with(right, count_errors(["a b"], ["a c"]))


def test_a_wrong_result_prints_no_time_and_writes_nothing(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    liar = Peer("liar", len, lambda result: Comparable(all_errors=result), at_most=100)
    monkeypatch.setattr(scoring, "PEERS", (liar,))
    monkeypatch.setattr(scoring, "TEXTS", dict.fromkeys(scoring.TEXTS, 20))
    monkeypatch.setattr(torch, "set_num_threads", accept)
    monkeypatch.setattr(run, "compile_at_once", lambda: None)
    assert run.main(["--out", str(tmp_path / "out"), "--rounds", "1", "--largest", "1"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "no time is printed: callgap and liar disagree on 20 pairs\n"
    assert list((tmp_path / "out").iterdir()) == []


def test_a_device_that_cannot_run_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert run.main(["--device", "cuda"]) == 2
    assert capsys.readouterr().err == "--device cuda: torch finds no CUDA device\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--device", "gpu"], '--device is \'gpu\'; accepted are "cpu", "cuda" and "cuda:N"'),
        (["--rounds", "0"], "--rounds is 0; accepted is a whole number from 1 on"),
        (["--largest", "-5"], "--largest is -5; accepted is a whole number from 1 on"),
        (["--out", __file__], f"--out {__file__}: File exists"),
    ],
)
def test_an_option_that_cannot_be_is_refused_before_anything_is_drawn(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(arguments) == 2
    assert capsys.readouterr().err == f"{message}\n"


def test_a_table_holds_every_row_and_what_it_was_measured_with(tmp_path) -> None:
    rows = [
        Timed("texts", "callgap", "cpu", 1_000, (0.4, 0.5, 0.6), {"jiwer": (80.0, 90.0, 95.0)}),
        Timed("texts", "jiwer", "cpu", 100, (40.0, 45.0, 50.0), {"callgap": (0.010, 0.011, 0.012)}),
    ]
    facts = provenance(["numpy"], "cpu")
    page = write("scoring", "Counting", "pair", rows, facts, tmp_path / "new")
    with (tmp_path / "new" / "scoring.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["contender"] for row in table] == ["callgap", "jiwer"]
    assert (table[0]["us_per_item_median"], table[0]["times_jiwer_median"]) == ("0.5", "90")
    assert table[1]["times_jiwer_median"] == ""
    text = page.read_text(encoding="utf-8")
    assert "| texts | callgap | cpu | 1,000 | 0.5 (0.4-0.6) | 90 |" in text
    assert f"| numpy | {np.__version__} |" in text
    assert f"| commit | {facts['commit']} |" in text
    assert (tmp_path / "new" / "scoring.png").read_bytes().startswith(b"\x89PNG")
