"""Calls whose end is known, through the whole pipeline and into a published table that names nobody."""

import json

import pandas as pd
import pytest
from logged import PEOPLE, dialogue, right, write_evi, write_slurp
from runs import callgap

WORDLESS = ["engine.workers=0", "batch_size=1000"]


def heard(number):
    """A third of the callers is heard at once, a third at the second attempt, and a third as somebody else."""
    return (right("r1"), right("r1", 1), right("r2"))[number % 3]


@pytest.fixture(scope="module")
def evi(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evi")
    dialogues = [dialogue(f"dialogue{n}", f"speaker{n}", "r1", heard(n)) for n in range(12)]
    dialogues += [dialogue(f"withheld{n}", "stand-in", "r1", {}) for n in range(20)]
    write_evi(folder / "data", dialogues)
    callgap(
        *("run", "-m", "experiment=ivr-evi", "corpus=evi-en-gb", "corpus.root=data", "corpus.sha256=null", *WORDLESS),
        "hydra.sweep.dir=sweep",
        cwd=folder,
    )
    callgap("publish", "sweep", "--to", "evi", cwd=folder)
    return folder / "results" / "evi"


def test_shares_within_attempts_are_those_that_were_planted(evi):
    calls = pd.read_csv(evi / "calls.csv").set_index(["condition", "group", "endpoint"]).sort_index()
    for condition, group in (("each-item", "dob"), ("each-item", "name"), ("whole-record", "everyone")):
        found = calls.loc[condition, group]
        assert found.loc["not_within_1", "rate"] == pytest.approx(2 / 3)
        for endpoint in ("not_within_2", "not_within_3", "not_completed", "misrouted"):
            assert found.loc[endpoint, "rate"] == pytest.approx(1 / 3)
        assert found.loc["not_completed", "calls"] == 12
    assert "item" not in set(calls.loc["whole-record"]["attribute"])


def test_the_placeholder_is_shown_and_its_turns_are_counted_as_excluded(evi):
    faults = pd.read_csv(evi / "faults.csv").set_index("fault")
    assert set(faults.loc[["placeholder_speaker"], "utterances"]) == {180}
    table = pd.read_csv(evi / "table.csv")
    assert set(table[table["attribute"] == "everyone"]["excluded"]) == {180}
    assert "20 of 32 dialogues" in (evi / "table.md").read_text()


def test_nothing_of_a_person_is_published(evi):
    secrets = {cell for person in PEOPLE.values() for cell in person}
    secrets |= {cell.replace(" ", "") for cell in secrets} | {"stand-in", "speaker1", "dialogue1", "withheld1"}
    for file in evi.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not [cell for cell in secrets if cell in text], file.name
        assert "data/records" not in text


def test_items_are_described_and_nothing_is_judged(evi):
    assert len(pd.read_csv(evi / "contrasts.csv")) == 0
    conditions = pd.read_csv(evi / "conditions.csv")
    assert set(conditions["attribute"]) == {"item"}
    assert "never judged" in (evi / "table.md").read_text().splitlines()[0]


@pytest.fixture(scope="module")
def slurp(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slurp")
    write_slurp(folder / "data")
    options = ["corpus.root=data", "corpus.sha256=null", *WORDLESS, "hydra.sweep.dir=sweep"]
    callgap("run", "-m", "experiment=ivr-slurp-distance", *options, cwd=folder)
    callgap("publish", "sweep", "--to", "slurp", cwd=folder)
    return folder


def test_the_gap_between_microphones_is_all_recognition_where_the_prompts_are_the_same(slurp):
    conditions = (
        pd.read_csv(slurp / "results" / "slurp" / "conditions.csv").set_index(["condition", "endpoint"]).sort_index()
    )
    heard, reference = (conditions.loc[name, "not_completed"] for name in ("heard-text", "reference-text"))
    assert (heard["value"], heard["reference"], heard["speakers"]) == ("distant", "close", 12)
    assert heard["rate"] == pytest.approx(4 / 12)
    assert heard["reference_rate"] == pytest.approx(1 / 12)
    assert reference["rate"] == reference["reference_rate"] == pytest.approx(1 / 12)
    assert conditions.loc[("heard-text", "wer"), "difference"] > 0


def test_pairs_that_stand_for_speakers_are_told_before_any_number(slurp):
    told = (slurp / "results" / "slurp" / "table.md").read_text()
    assert "Nobody says who speaks" in told.split("## ")[0]
    faults = pd.read_csv(slurp / "results" / "slurp" / "faults.csv").set_index("fault")
    assert set(faults.loc[["no_speaker_ids"], "consequence"]) == {"not judged"}


def test_a_recording_without_a_prediction_is_lost_and_no_failure_of_the_menu(tmp_path):
    folder = write_slurp(tmp_path / "data")
    path = folder / "multi_slurp_hermit_predictions.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if json.loads(line)["file"] != "audio-5.flac") + "\n")
    options = ["corpus.root=data", "corpus.sha256=null", *WORDLESS, "hydra.run.dir=made"]
    callgap("run", "experiment=ivr-slurp-distance", *options, cwd=tmp_path)
    conditions = pd.read_csv(tmp_path / "made" / "conditions.csv").set_index("endpoint")
    assert (conditions.loc["not_completed", "speakers"], conditions.loc["not_completed", "left_out"]) == (11, 1)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["corpus=call-log", "recognizer=call-log", "corpus.file=c.csv"], "ivr=bank: corpus=call-log holds calls"),
        (["recognizer=call-log", "recognizer.file=c.csv", "corpus=table", "corpus.file=c.csv", "ivr=none",
          "fairness=speech"], "recognizer=call-log has no texts to give"),
        (["corpus=call-log", "recognizer=call-log", "corpus.file=c.csv", "ivr=call-log"], "'wer' is counted in texts"),
        (["experiment=ivr-evi", "corpus.root=none"], "cannot be read"),
        (["experiment=ivr-evi", "corpus.root=other"], "dialogues.en.tsv: its SHA-256 is"),
        (["experiment=ivr-slurp-distance", "corpus.root=other"], "test.jsonl: its SHA-256 is"),
        (["experiment=ivr-evi", "corpus.part=fr"], "corpus.part"),
        (["experiment=ivr-evi", "ivr.attempts=0"], "ivr.attempts"),
        (["experiment=ivr-evi", "verdict=default"], "verdict.margins has no margin for the endpoint 'not_within_1'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused_in_one_sentence(tmp_path, overrides, said):
    (tmp_path / "other").mkdir()
    write_evi(tmp_path / "other", [dialogue("d", "s", "r1", {})])
    write_slurp(tmp_path / "other")
    (tmp_path / "c.csv").write_text("call_id,caller,expected,reached,accent\n1,a,x,x,n\n")
    done = callgap("run", *overrides, "hydra.run.dir=made", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
