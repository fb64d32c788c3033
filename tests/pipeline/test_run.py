"""`callgap run` from the corpus to the report, `score`, `show`, `publish` and `list`."""

import json
import re

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from runs import TINY, callgap, digest

from callgap import group_records, records


def test_the_command_ends_with_the_verdicts_and_the_path_of_the_report(finished):
    path, printed = finished
    assert str(path / "report.html") in printed.splitlines()[-1]
    assert "recognizing" in printed
    assert json.loads((path / "report.json").read_text())["headline"].split(":")[0] in printed.replace("\n", " ")


def test_the_run_directory_holds_every_table_with_its_schema(finished):
    path, _ = finished
    for name in ("hypotheses", "scores", "outcomes", "timings", "covariates"):
        assert pq.read_schema(path / f"{name}.parquet").equals(getattr(records, name.upper())), name
    utterances = pq.read_table(path / "utterances.parquet")
    assert utterances.schema.equals(records.utterances_schema(["accent"]))
    for name in ("groups", "contrasts"):
        assert list(pd.read_csv(path / f"{name}.csv").columns) == getattr(group_records, name.upper()).names
    for name in ("config.yaml", "run.json", "report.json", "report.md", "report.html"):
        assert (path / name).stat().st_size > 0


def test_every_utterance_is_heard_once_per_grammar_and_scored_once_per_normalizer_and_unit(finished):
    path, _ = finished
    hypotheses = pq.read_table(path / "hypotheses.parquet").to_pandas()
    assert not hypotheses.duplicated(["utterance_id", "grammar_id"]).any()
    assert set(hypotheses["utterance_id"]) == set(
        pq.read_table(path / "utterances.parquet")["utterance_id"].to_pylist()
    )
    scores = pq.read_table(path / "scores.parquet").to_pandas()
    assert (scores.groupby("utterance_id").size() == 6).all()
    assert scores["utterance_id"].nunique() == 60
    assert not scores["utterance_id"].str.endswith("taxi").any()


def test_group_rates_are_ratios_of_the_stored_counts(finished):
    path, _ = finished
    scores = pq.read_table(path / "scores.parquet").to_pandas()
    words = scores[(scores["unit"] == "word") & (scores["normalizer"] == "whisper-english")]
    groups = pd.read_csv(path / "groups.csv").set_index("group")
    for group in ("en-us", "en-gb"):
        mine = words[words["utterance_id"].str.startswith(f"{group}-")]
        errors = mine[["substitutions", "deletions", "insertions"]].sum().sum()
        assert groups.loc[group, "wer"] == pytest.approx(errors / mine["reference_tokens"].sum(), abs=1e-12)
        assert groups.loc[group, "speakers"] == 10
        assert groups.loc[group, "calls"] == 30
        parts = groups.loc[group, ["routed", "misrouted", "not_understood", "human"]]
        assert parts.sum() == pytest.approx(1)


def test_no_verdict_is_offered_that_is_not_proven_and_all_are_graded_synthetic(finished):
    contrasts = pd.read_csv(finished[0] / "contrasts.csv")
    assert set(contrasts["verdict"]) <= {"cannot tell", "insufficient data", "unfit for everyone"}
    assert set(contrasts["evidence_grade"]) == {"S"}
    assert contrasts["reason"].notna().all()
    assert contrasts["what_would_change_it"].notna().all()


def test_provenance_names_versions_seeds_and_fingerprints_and_no_path(finished):
    path, _ = finished
    text = (path / "run.json").read_text()
    notes = json.loads(text)
    assert notes["versions"]["pocketsphinx"]
    assert re.fullmatch(r"[0-9a-f]{64}", notes["fingerprint"])
    assert re.fullmatch(r"[0-9a-f]{64}", notes["policy_sha256"])
    assert notes["seeds"] == {"run": 1, "fairness": 7}
    assert notes["counts_by_status"]["ok"] == len(pq.read_table(path / "hypotheses.parquet"))
    assert notes["seconds"]["recognition"] > 0
    rejection = notes["rejection"]
    assert rejection["in_grammar"] == 60
    assert rejection["out_of_grammar"] == 20 + 40


@pytest.mark.slow
def test_other_batches_workers_and_folders_give_the_same_bytes(finished, tmp_path):
    callgap("run", *TINY, "batch_size=50", f"hydra.run.dir={tmp_path / 'r'}", cwd=tmp_path)
    assert digest(tmp_path / "r") == digest(finished[0])


def test_score_without_overrides_reproduces_the_bytes_in_place(finished):
    before = digest(finished[0])
    callgap("score", finished[0], cwd=finished[0])
    assert digest(finished[0]) == before


def test_score_with_another_normalizer_writes_beside_and_leaves_the_run(finished):
    path, _ = finished
    before = digest(path)
    done = callgap("score", path, "scoring.primary=none", "fairness.resamples=2000", cwd=path.parent)
    made = [p for p in path.parent.glob("finished-score-*") if p.is_dir()]
    assert len(made) == 1
    assert "report:" in done.stdout
    assert digest(path) == before
    assert json.loads((made[0] / "report.json").read_text())["policy"]["primary_normalizer"] == "none"


def test_show_aligns_what_was_said_and_understood(finished):
    printed = callgap("show", finished[0], "en-us-01-balance", cwd=finished[0]).stdout
    assert "REF: what is my balance" in printed
    assert "HYP:" in printed
    assert "call: asked for balance" in printed
    assert "grammar main: ok" in printed


def test_publish_holds_no_path_and_no_speaker_of_the_run(finished, tmp_path):
    callgap("publish", finished[0], "--to", "tiny-table", cwd=tmp_path)
    target = tmp_path / "results" / "tiny-table"
    assert {p.name for p in target.iterdir()} >= {"table.csv", "table.md", "report.html", "run.json", "config.yaml"}
    for file in target.iterdir():
        text = file.read_text()
        assert str(finished[0].parent) not in text
        assert not re.search(r"en-(us|gb)-\d\d", text), file.name
    assert (target / "table.csv").read_bytes() == (finished[0] / "groups.csv").read_bytes()
    assert yaml.safe_load((target / "config.yaml").read_text())["runs"][0]["seed"] == 1


@pytest.mark.slow
def test_a_sweep_makes_one_run_per_value(tmp_path):
    small = ["corpus.speakers_per_group=1", "hydra.sweep.dir=sweep"]
    callgap("run", "-m", *TINY[:3], "channel=clean,g711a", *small, cwd=tmp_path)
    tables = [pd.read_csv(path) for path in sorted((tmp_path / "sweep").glob("*/groups.csv"))]
    assert [set(table["condition"]) for table in tables] == [{"clean"}, {"g711a"}]
    callgap("publish", "sweep", "--to", "both", cwd=tmp_path)
    published = pd.read_csv(tmp_path / "results" / "both" / "table.csv")
    assert published["condition"].unique().tolist() == ["clean", "g711a"]
    # A group of one speaker has counts and no rate.
    groups = published.set_index("group").loc[["en-us", "en-gb"]]
    assert (groups["standing"] == "counts only").all()
    assert (groups["words"] > 0).all()
    rates = ["wer", "cer", "routed", "misrouted", "not_understood", "human", "not_completed", "false_reject"]
    assert groups[[*rates, "false_accept", "wer_lower", "wer_upper", "wer_speaker_mean"]].isna().all().all()
    contrasts = pd.read_csv(tmp_path / "results" / "both" / "contrasts.csv")
    assert set(contrasts["verdict"]) == {"insufficient data"}
