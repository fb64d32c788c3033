"""`callgap compare`: systems of the same utterances side by side, and refusals of what is not comparable."""

import pytest
from runs import callgap
from spoken import rows, write

from callgap.comparing import compare_runs
from callgap.finished import Finished


def heard(wrong, lost=0):
    """Rows of one system: of the second accent every `wrong`-th speaker misheard; the first `lost` rows are missing."""
    return list(rows(wrong=wrong))[lost:]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three audited systems: good, poor in Scotland, and the good one with two texts lost."""
    folder = tmp_path_factory.mktemp("compare")
    write(folder / "said.csv", rows(), ("id", "text", "speaker", "accent", "gender"))
    for name, table in (("good", heard(99)), ("poor", heard(1)), ("partly", heard(99, lost=2))):
        write(folder / f"{name}.csv", table, ("id", "hyp"))
    files = ["said.csv", "good.csv", "poor.csv", "partly.csv"]
    callgap("audit", *files, "--reference-group=accent=us", "--output=made", cwd=folder)
    return folder


def test_ranks_worst_groups_and_what_was_left_out_are_told(made):
    done = callgap("compare", "made/good", "made/poor", "--attribute=accent", cwd=made)
    lines = [line for line in done.stdout.splitlines() if line.lstrip().startswith("over all speakers: ")]
    assert len(lines) == 1
    assert "good is lower than poor by " in lines[0]
    assert "accent, wer: 48 utterances of all systems" in done.stdout
    assert "scotland" in done.stdout
    assert "left out" not in done.stdout
    done = callgap("compare", "made", "--attribute=accent", cwd=made)
    assert "2 utterances were left out: not every system gave a text for them" in done.stdout


def test_a_loss_is_left_out_and_counted_as_wrong_beside_it(made):
    runs = [Finished.open(made / "made" / name) for name in ("good", "partly")]
    found = compare_runs(runs, "accent")
    (overall,) = [row for row in found.rows() if row["estimand"] == "overall"]
    assert (found.utterances, found.left_out, overall["utterances_left_out"]) == (46, 2, 2)
    words = sum(len(row["text"].split()) for row in rows())
    lost = sum(len(row["text"].split()) for row in list(rows())[:2])
    assert overall["difference"] == 0.0
    assert overall["difference_lost_deleted"] == pytest.approx(-lost / words)
    assert overall["finding"] == "cannot tell"


def test_no_speaker_is_named(made):
    done = callgap("compare", "made", cwd=made)
    assert not any(row["speaker"] in done.stdout for row in rows())


def test_what_cannot_be_compared_is_one_sentence(made):
    refused("made/good", message="found 1 run; accepted: two or more", cwd=made)
    refused("made/good", "made/good", message="two runs are of 'good, clean'", cwd=made)
    refused("made", "--attribute=age", message="--attribute: found 'age'; accepted: ", cwd=made)
    refused("made", "--endpoint=routed", message="--endpoint: found 'routed'; did you mean", cwd=made)
    refused("made", "--endpoint=misrouted", message="no utterance counts for 'misrouted' in all of", cwd=made)
    refused("made/good", "nowhere", message="nowhere is no run directory", cwd=made)


def test_runs_of_other_recordings_are_refused(made):
    other = [row | {"text": "no " + row["text"]} for row in rows()]
    write(made / "other.csv", other)
    callgap("audit", "other.csv", "--reference-group=accent=us", "--output=elsewhere", cwd=made)
    message = "has another speaker, text or accent in other than in good; accepted: runs on the same corpus"
    refused("made/good", "elsewhere/other", message=message, cwd=made)


def refused(*arguments, message, cwd):
    done = callgap("compare", *arguments, cwd=cwd, check=False)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
