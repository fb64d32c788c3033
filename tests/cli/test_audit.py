"""`callgap audit`: tables that people have, in every combination of parts, become runs that every command takes."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from runs import callgap
from spoken import rows, trn, write

TABLE = list(rows())
WORDS = 12 * 2 * (5 + 7)
WRONG = 4 * 2
SCOTLAND_WER = WRONG / (12 * (5 + 7))


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The folder of an audit of one table, and what was printed."""
    folder = tmp_path_factory.mktemp("audit")
    write(folder / "calls.csv", TABLE)
    done = callgap("audit", "calls.csv", "--reference-group", "accent=us", cwd=folder)
    return folder / "audit-calls", done.stdout


def audit(folder, *arguments):
    callgap("audit", *arguments, "--output", "made", cwd=folder)
    return folder / "made"


def wer(run, group="scotland"):
    groups = pd.read_csv(run / "groups.csv", keep_default_na=False, dtype=str).set_index(["attribute", "group"])
    return float(groups.loc[("accent", group), "wer"])


def stored(run):
    return json.loads((run / "report.json").read_text(encoding="utf-8"))


def test_one_table_becomes_a_run_and_a_report(audited):
    folder, printed = audited
    assert {path.name for path in folder.iterdir()} == {"calls", "report.html", "report.md"}
    assert f"audit: {folder.name}/report.html" in printed
    assert "groups: accent (against us), gender" in printed
    assert wer(folder / "calls") == pytest.approx(SCOTLAND_WER, abs=1e-12)
    assert wer(folder / "calls", "us") == 0
    report = stored(folder / "calls")
    assert report["attributes"]["accent"]["reference"] == "us"
    assert report["attributes"]["gender"]["reference"] is None
    assert {row["attribute"] for row in report["contrasts"]} == {"accent"}
    assert report["provenance"]["recognizer"]["id"] == "calls"


def test_score_show_gate_and_publish_take_the_runs_of_an_audit(audited, tmp_path):
    run = audited[0] / "calls"
    assert "HYP:" in callgap("show", run, "scotland00-0", cwd=tmp_path).stdout
    before = (run / "contrasts.csv").read_bytes()
    callgap("score", run, cwd=tmp_path)
    assert (run / "contrasts.csv").read_bytes() == before
    assert callgap("gate", audited[0], cwd=tmp_path, check=False).exit_code == 3
    callgap("publish", audited[0], "--to", "calls", cwd=tmp_path)
    for file in (tmp_path / "results" / "calls").iterdir():
        assert str(audited[0].parent) not in file.read_text(encoding="utf-8"), file.name


def test_without_a_reference_group_groups_are_described_and_nothing_is_compared(tmp_path):
    write(tmp_path / "calls.csv", TABLE)
    printed = callgap("audit", "calls.csv", cwd=tmp_path).stdout
    assert "no --reference-group: groups are described, nothing is compared" in printed
    assert stored(tmp_path / "audit-calls" / "calls")["contrasts"] == []
    assert wer(tmp_path / "audit-calls" / "calls") == pytest.approx(SCOTLAND_WER, abs=1e-12)


def jsonl(path):
    path.write_text("".join(json.dumps(row) + "\n" for row in TABLE), encoding="utf-8")


def parquet(path):
    pq.write_table(pa.Table.from_pylist(TABLE), path)


@pytest.mark.parametrize(
    ("name", "save"),
    [("t.tsv", lambda path: write(path, TABLE)), ("t.jsonl", jsonl), ("t.parquet", parquet)],
    ids=["tsv", "jsonl", "parquet"],
)
def test_every_format_gives_the_same_counts(audited, tmp_path, name, save):
    save(tmp_path / name)
    run = audit(tmp_path, name) / "t"
    assert pq.read_table(run / "scores.parquet") == pq.read_table(audited[0] / "calls" / "scores.parquet")


def test_options_name_the_columns_and_the_normalizer(tmp_path):
    names = {"id": "turn", "text": "gold", "hyp": "text", "speaker": "who", "accent": "home"}
    write(tmp_path / "t.csv", TABLE, names=names)
    options = ["--reference=gold", "--hypothesis=text", "--speaker=who", "--utterance=turn", "--group=home,gender"]
    run = audit(tmp_path, "t.csv", *options, "--normalizer=basic", "--reference-group=home=us,gender=m") / "t"
    report = stored(run)
    assert report["policy"]["primary_normalizer"] == "basic"
    assert {name: a["reference"] for name, a in report["attributes"].items()} == {"home": "us", "gender": "m"}


def test_a_normalizer_of_another_language_brings_its_scoring(tmp_path):
    write(tmp_path / "t.csv", TABLE)
    run = audit(tmp_path, "t.csv", "--normalizer=whisper-multilingual", "--language=fr-CA") / "t"
    assert stored(run)["policy"]["primary_normalizer"] == "whisper-multilingual"
    assert stored(run)["card"]["language"] == "fr-CA"


def test_references_hypotheses_and_speakers_in_files_of_their_own(tmp_path):
    write(tmp_path / "said.csv", TABLE, ["id", "text", "speaker"])
    write(tmp_path / "one.csv", TABLE, ["id", "hyp"])
    write(tmp_path / "two.tsv", TABLE, ["id", "text"], {"text": "asr"})
    people = {row["speaker"]: row for row in TABLE}.values()
    write(tmp_path / "people.csv", people, ["speaker", "accent", "gender"])
    made = audit(tmp_path, "people.csv", "one.csv", "two.tsv", "said.csv", "--reference-group=accent=us")
    assert not (made / "input").exists()
    assert wer(made / "one") == pytest.approx(SCOTLAND_WER, abs=1e-12)
    assert wer(made / "two") == 0
    page = (made / "report.html").read_text(encoding="utf-8")
    assert page.count('class="cell"') == 2


def test_speakers_and_groups_that_only_a_system_names_are_merged_into_the_input(tmp_path):
    write(tmp_path / "said.csv", TABLE, ["id", "text"])
    write(tmp_path / "heard.csv", TABLE, ["id", "hyp", "speaker", "accent"])
    made = audit(tmp_path, "said.csv", "heard.csv")
    merged = pd.read_csv(made / "input" / "references.csv")
    assert list(merged.columns) == ["utterance_id", "text", "speaker_id", "accent"]
    assert wer(made / "heard") == pytest.approx(SCOTLAND_WER, abs=1e-12)


def test_a_table_of_speakers_with_other_names_is_merged(tmp_path):
    write(tmp_path / "heard.csv", TABLE, ["id", "text", "hyp", "speaker"])
    people = {row["speaker"]: row for row in TABLE}.values()
    write(tmp_path / "people.csv", people, ["speaker", "accent"], {"speaker": "spk"})
    made = audit(tmp_path, "heard.csv", "people.csv")
    assert wer(made / "heard") == pytest.approx(SCOTLAND_WER, abs=1e-12)


def test_the_first_trn_holds_the_references_and_ids_begin_with_the_speaker(tmp_path):
    trn(tmp_path / "ref.trn", TABLE, "text")
    trn(tmp_path / "hyp.trn", TABLE, "hyp")
    people = {row["speaker"]: row for row in TABLE}.values()
    write(tmp_path / "people.csv", people, ["speaker", "accent"])
    made = audit(tmp_path, "ref.trn", "hyp.trn", "people.csv")
    speakers = pq.read_table(made / "hyp" / "utterances.parquet")["speaker_id"].to_pylist()
    assert speakers == [row["speaker"] for row in TABLE]
    assert wer(made / "hyp") == pytest.approx(SCOTLAND_WER, abs=1e-12)


def test_a_table_of_utterances_says_otherwise_than_the_ids_of_a_trn(tmp_path):
    trn(tmp_path / "ref.trn", TABLE, "text")
    trn(tmp_path / "hyp.trn", TABLE, "hyp")
    write(tmp_path / "who.csv", [row | {"speaker": row["accent"]} for row in TABLE], ["id", "speaker", "accent"])
    made = audit(tmp_path, "who.csv", "ref.trn", "hyp.trn")
    assert set(pq.read_table(made / "hyp" / "utterances.parquet")["speaker_id"].to_pylist()) == {"us", "scotland"}


def test_a_trn_beside_a_table_with_references_is_a_system(tmp_path):
    write(tmp_path / "said.csv", TABLE, ["id", "text", "speaker", "accent"])
    trn(tmp_path / "hyp.trn", TABLE, "hyp")
    assert wer(audit(tmp_path, "hyp.trn", "said.csv") / "hyp") == pytest.approx(SCOTLAND_WER, abs=1e-12)


def test_an_utterance_that_a_system_lacks_is_missing_and_never_an_empty_text(tmp_path):
    write(tmp_path / "one.csv", TABLE)
    write(tmp_path / "two.csv", TABLE[:-3], ["id", "hyp"])
    printed = callgap("audit", "one.csv", "two.csv", cwd=tmp_path).stdout
    assert "two.csv, 3 utterances are missing" in printed
    run = tmp_path / "audit-one" / "two"
    assert json.loads((run / "run.json").read_text())["counts_by_status"]["missing"] == 3
    assert pq.read_table(run / "scores.parquet").to_pandas()["hits"].isna().sum() == 3 * 6


def test_ids_that_differ_in_folder_and_ending_are_compared_without_them(tmp_path):
    write(tmp_path / "said.csv", [row | {"id": f"clips/{row['id']}.mp3"} for row in TABLE])
    write(tmp_path / "two.csv", [row | {"id": f"{row['id']}.wav"} for row in TABLE], ["id", "hyp"])
    printed = callgap("audit", "said.csv", "two.csv", cwd=tmp_path).stdout
    assert "two.csv, ids compared without folders and endings" in printed
    counts = json.loads((tmp_path / "audit-said" / "two" / "run.json").read_text())["counts_by_status"]
    assert (counts["ok"], counts["missing"]) == (len(TABLE), 0)


def test_systems_of_one_name_are_told_apart_by_their_folders(tmp_path):
    write(tmp_path / "said.csv", TABLE, ["id", "text", "speaker", "accent"])
    files = [f"systems/{maker}/{place}/may.csv" for maker in ("a", "b") for place in ("en-US", "en-IN")]
    for file in files:
        write(tmp_path / file, TABLE, ["id", "hyp"])
    made = audit(tmp_path, "said.csv", *files)
    names = {path.name for path in made.iterdir() if path.is_dir()}
    assert names == {"a-en-US-may", "a-en-IN-may", "b-en-US-may", "b-en-IN-may"}


@pytest.mark.parametrize("name", ["it's [a], {b} & c=d, 100%.csv", "ütt \\ x.csv", "a,b=c.csv", "#1 !.csv"])
def test_a_path_may_hold_any_character(tmp_path, name):
    write(tmp_path / "dir (1), é" / name, TABLE)
    run = audit(tmp_path, f"dir (1), é/{name}") / name.removesuffix(".csv")
    assert wer(run) == pytest.approx(SCOTLAND_WER, abs=1e-12)
    callgap("score", run, "fairness.resamples=1000", cwd=tmp_path)


def test_an_age_in_years_makes_no_groups_unless_asked_for(tmp_path):
    table = [row | {"age": 20 + place} for place, row in enumerate(TABLE)]
    write(tmp_path / "t.csv", table, ["id", "text", "hyp", "speaker", "age", "gender"])
    printed = callgap("audit", "t.csv", cwd=tmp_path).stdout
    assert "groups: gender\n" in printed
    assert "not grouped by, since they hold numbers: age" in printed


@pytest.mark.parametrize("options", [[], ["--group=age"]])
def test_numbers_are_grouped_in_bands_where_they_are_asked_for(tmp_path, options):
    table = [row | {"age": 20 + int(row["speaker"][-2:]) * 4} for row in TABLE]
    write(tmp_path / "t.csv", table, ["id", "text", "hyp", "speaker", "age"])
    given = ["--band=age=18,30,45,60", "--reference-group=30-44", *options]
    printed = callgap("audit", "t.csv", *given, cwd=tmp_path).stdout
    assert "groups: age in bands from 18, 30, 45, 60 (against 30-44)" in printed
    groups = pd.read_csv(tmp_path / "audit-t" / "t" / "groups.csv").query("attribute == 'age_band'")
    assert dict(zip(groups["group"], groups["speakers"], strict=True)) == {
        "18-29": 6, "30-44": 8, "45-59": 6, "60 and over": 4
    }  # fmt: skip


def test_bands_of_a_table_of_speakers_are_compared_beside_other_groups(tmp_path):
    write(tmp_path / "a.csv", TABLE, ["id", "text", "hyp", "speaker"])
    people = {row["speaker"]: row | {"age": 20 + place} for place, row in enumerate(TABLE)}.values()
    write(tmp_path / "b.csv", people, ["speaker", "age", "gender"])
    given = ["--band=age=40", "--group=gender", "--reference-group=age=under 40,gender=m"]
    printed = callgap("audit", "a.csv", "b.csv", *given, cwd=tmp_path).stdout
    assert "groups: age in bands from 40 (against under 40), gender (against m)" in printed
