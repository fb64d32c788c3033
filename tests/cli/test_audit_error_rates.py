"""Error rates that others have published: audited, run, scored again and shown, without one text."""

import json

import numpy as np
import pandas as pd
import pytest
from rated import SYSTEMS, rated_rows, write_rated
from runs import callgap
from spoken import rows as spoken_rows
from spoken import write

ROWS = list(rated_rows())
GROUPS = ["--group", "black_flag,female_flag"]


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rates")
    write_rated(folder / "Matched_WER.csv", ROWS)
    done = callgap("audit", "Matched_WER.csv", *GROUPS, "--reference-group", "black_flag=0", cwd=folder)
    return folder / "audit-Matched_WER", done.stdout


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The run of one system of the experiment."""
    folder = tmp_path_factory.mktemp("run")
    write_rated(folder / "Matched_WER.csv", ROWS)
    system = ["recognizer=koenecke-microsoft", "corpus.root=.", "engine.workers=0", "hydra.run.dir=made"]
    callgap("run", "experiment=koenecke-2020", *system, cwd=folder)
    return folder / "made"


def frame(run, table="groups"):
    return pd.read_csv(run / f"{table}.csv", keep_default_na=False, dtype=str).set_index(["attribute", "group"])


def pooled(system, **flags):
    chosen = [r for r in ROWS if all(r[name] == value for name, value in flags.items())]
    words = np.array([int(r["wordcount"]) for r in chosen])
    rates = np.array([float(r[f"clean_{system}_wer"]) for r in chosen])
    return float((rates * words).sum() / words.sum()), int(words.sum()), float(rates.mean())


def refused(folder, *arguments):
    done = callgap("audit", *arguments, cwd=folder, check=False)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_every_column_of_rates_is_a_system_and_pools_errors_over_words(audited):
    folder, said = audited
    assert "words: column wordcount of Matched_WER.csv, 96 utterances" in said
    for system in SYSTEMS:
        groups = frame(folder / f"clean_{system}")
        for flag in ("0", "1"):
            rate, words, mean = pooled(system, black_flag=flag)
            row = groups.loc[("black_flag", flag)]
            assert float(row["wer"]) == pytest.approx(rate, rel=1e-12)
            assert int(row["words"]) == words
            # The mean of snippets, as their authors give it, is another figure.
            assert float(row["wer"]) != pytest.approx(mean, rel=1e-6)
        assert (row["cer"], row["empty"], row["ok"]) == ("", "", "48")
    assert (folder / "report.html").is_file()


def test_the_gap_of_an_audit_is_that_of_the_pooled_rates_under_the_publishers_normalizer(audited):
    row = frame(audited[0] / "clean_ibm", "contrasts").loc[("black_flag", "1")]
    gap = pooled("ibm", black_flag="1")[0] - pooled("ibm", black_flag="0")[0]
    wer = row[row["endpoint"] == "wer"].iloc[0] if isinstance(row, pd.DataFrame) else row
    assert float(wer["difference"]) == pytest.approx(gap, rel=1e-9)
    assert wer["normalizer"] == "published"
    assert float(wer["difference_lower"]) < gap < float(wer["difference_upper"])


def test_errors_are_kept_as_real_numbers_and_no_count_is_invented(audited):
    scores = pd.read_parquet(audited[0] / "clean_apple" / "scores.parquet")
    theirs = {r["segment_filename"]: float(r["clean_apple_wer"]) * int(r["wordcount"]) for r in ROWS}
    assert scores["errors"].dtype == np.float64
    assert dict(zip(scores["utterance_id"], scores["errors"], strict=True)) == theirs
    assert scores[["hits", "substitutions", "deletions", "insertions", "empty"]].isna().all().all()


def test_figures_as_koenecke_computed_them_stand_beside_the_audit(audited):
    folder, said = audited
    told = (folder / "koenecke-2020.md").read_text(encoding="utf-8")
    assert "replication: audit-Matched_WER/koenecke-2020.md" in said.replace("\n", "")
    rates = pd.DataFrame(ROWS)
    for side in (0, 1):
        own = rates[rates["black_flag"].astype(int) == side]
        means = [
            pd.to_numeric(own[f"clean_{name}_wer"]).mean() for name in ("google", "ibm", "amazon", "msft", "apple")
        ]
        cells = " | ".join(f"{value:.4f}" for value in (*means, np.mean(means)))
        assert f"| black_flag {side} | {cells} | {len(own)} |" in told
    assert "For replication only" in told
    assert "no source holds speakers of both" in told


def test_nothing_is_listed_to_be_read_where_there_is_no_text(audited):
    assert json.loads((audited[0] / "clean_ibm" / "report.json").read_text())["worst"] == []


def test_the_experiment_groups_by_race_gender_and_age_and_names_the_bytes_that_it_read(published):
    groups = frame(published)
    for flag, race in (("0", "white"), ("1", "Black")):
        assert float(groups.loc[("race", race), "wer"]) == pytest.approx(pooled("msft", black_flag=flag)[0], rel=1e-12)
    assert {attribute for attribute, _ in groups.index} == {"everyone", "race", "gender", "age_band"}
    notes = json.loads((published / "run.json").read_text())
    assert notes["recognizer"]["id"] == "microsoft"
    assert notes["corpus"]["revision"].startswith("not stated, sha256:")
    assert notes["normalizers"] == {"published": "the publishers' own: not stated"}


def test_race_that_coincides_with_the_corpus_is_described_and_never_judged(published):
    rows = pd.read_csv(published / "contrasts.csv").query("attribute == 'race'")
    assert rows["difference_lower"].notna().all()
    assert rows["verdict"].isna().all()
    faults = pd.read_csv(published / "faults.csv").query("attribute == 'race'")
    assert "group_is_corpus" in set(faults["fault"])
    assert set(rows["not_judged"]) <= set(faults[faults["fault"] == "group_is_corpus"]["detail"])


def test_scoring_again_gives_the_same_and_no_other_normalizer_is_taken(published):
    before = (published / "groups.csv").read_bytes()
    callgap("score", published, cwd=published.parent)
    assert (published / "groups.csv").read_bytes() == before
    kept = sorted(path.name for path in published.parent.iterdir())
    for override in ("scoring=default", "fairness.endpoints=[cer]"):
        done = callgap("score", published, override, cwd=published.parent, check=False)
        assert done.exit_code == 2
    assert "'cer' is counted in texts" in done.stderr
    assert sorted(path.name for path in published.parent.iterdir()) == kept


def test_an_utterance_is_shown_by_its_rate(published):
    row = ROWS[5]
    shown = callgap("show", published, row["segment_filename"], cwd=published.parent).stdout
    rate = float(row["clean_msft_wer"])
    assert f"published: {rate:g} word errors per word, of {row['wordcount']} words; no text" in shown


def test_an_empty_cell_is_owed_and_counts_in_full_where_the_loss_is_charged(tmp_path):
    rows = [ROWS[0] | {"clean_ibm_wer": ""}, *ROWS[1:]]
    write_rated(tmp_path / "t.csv", rows)
    callgap("audit", "t.csv", *GROUPS, "--error-rate", "clean_ibm_wer", cwd=tmp_path)
    row = frame(tmp_path / "audit-t" / "clean_ibm").loc[("everyone", "everyone")]
    words = np.array([int(r["wordcount"]) for r in rows])
    errors = np.array([float(r["clean_ibm_wer"] or 1) for r in rows]) * words
    assert (row["ok"], row["missing"]) == ("95", "1")
    assert float(row["wer"]) == pytest.approx(errors[1:].sum() / words[1:].sum())
    assert float(row["wer_lost_deleted"]) == pytest.approx(errors.sum() / words.sum())


def test_options_name_columns_and_a_second_file_describes_the_speakers(tmp_path):
    rows = [r | {"said": r["wordcount"], "ours": r["clean_ibm_wer"]} for r in ROWS]
    write_rated(tmp_path / "t.csv", rows, ["segment_filename", "basefile", "said", "ours"])
    people = {r["basefile"]: {"basefile": r["basefile"], "accent": r["source"]} for r in ROWS}
    write_rated(tmp_path / "people.csv", people.values(), ["basefile", "accent"])
    options = ["--error-rate", "ours", "--words", "said", "--speaker", "basefile", "--reference-group", "SAC"]
    callgap("audit", "t.csv", "people.csv", *options, cwd=tmp_path)
    groups = frame(tmp_path / "audit-t" / "ours")
    assert float(groups.loc[("accent", "DCB"), "wer"]) == pytest.approx(pooled("ibm", black_flag="1")[0])


def test_texts_are_scored_where_a_table_holds_both(tmp_path):
    rows = [row | {"own_wer": "0.5"} for row in spoken_rows()]
    write(tmp_path / "t.csv", rows, [*rows[0]])
    done = callgap("audit", "t.csv", cwd=tmp_path)
    assert "references: column text" in done.stdout
    assert (tmp_path / "audit-t" / "t" / "scores.parquet").is_file()


@pytest.mark.parametrize(
    ("cells", "columns", "options", "message"),
    [
        ({"clean_ibm_wer": "-0.2"}, None, GROUPS, "row 1, column 'clean_ibm_wer': found '-0.2'; accepted: word errors"),
        ({"clean_ibm_wer": "nan"}, None, GROUPS, "row 1, column 'clean_ibm_wer': found 'nan'; accepted: word errors"),
        ({"clean_ibm_wer": "high"}, None, GROUPS, "found 'high'; accepted: word errors per word, a number from 0 on"),
        ({"clean_ibm_wer": "35"}, None, GROUPS, "found '35', more than 20 errors per word; accepted: 0.35 where 35 %"),
        ({"wordcount": "-1"}, None, GROUPS, "row 1, column 'wordcount': found '-1'; accepted: a whole number of words"),
        ({}, ["wordcount"], GROUPS, "t.csv has no column for the words; name it with --words"),
        ({}, ["basefile"], GROUPS, "t.csv has no column for the speaker; name it with --speaker"),
        ({}, None, [], "no file has a column to group speakers by (age holds numbers); name one with --group"),
        ({}, None, [*GROUPS, "--normalizer=basic"], "--normalizer basic: t.csv holds error rates and no texts"),
        ({}, None, [*GROUPS, "--error-rate=google"], "--error-rate google: no file has the column 'google'"),
        ({}, None, [*GROUPS, "--words=word"], "--words: no file has the column 'word'; did you mean 'wordcount'?"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_one_sentence_and_writes_nothing(tmp_path, cells, columns, options, message):
    names = [name for name in ROWS[0] if name not in (columns or ())]
    write_rated(tmp_path / "t.csv", [ROWS[0] | cells, *ROWS[1:]], names)
    assert message in refused(tmp_path, "t.csv", *options)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_files_that_do_not_fit_beside_error_rates_are_refused(tmp_path):
    for name in ("a", "b"):
        write_rated(tmp_path / f"{name}.csv", ROWS)
    assert "a.csv and b.csv both hold error rates" in refused(tmp_path, "a.csv", "b.csv", *GROUPS)
    write_rated(tmp_path / "c.csv", [r | {"note": "x"} for r in ROWS], ["note"])
    assert "c.csv plays no part beside error rates" in refused(tmp_path, "a.csv", "c.csv", *GROUPS)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["recognizer=transcripts", "recognizer.file=t.csv"], "corpus=koenecke-2020 holds error rates and no texts"),
        (["scoring=default"], "which have no text; accepted: scoring=published"),
        (["corpus=table", "corpus.file=t.csv", "fairness.attributes=null"], "corpus=table holds texts"),
        (["fairness.endpoints=[wer,empty]"], "'empty' is counted in texts and corpus=koenecke-2020 has none"),
    ],
)
def test_texts_and_rates_are_not_mixed_in_a_run(tmp_path, overrides, message):
    write_rated(tmp_path / "t.csv", ROWS)
    root = [] if "corpus=table" in overrides else ["corpus.root=."]
    write_rated(tmp_path / "Matched_WER.csv", ROWS)
    done = callgap("run", "experiment=koenecke-2020", *overrides, *root, cwd=tmp_path, check=False)
    assert done.exit_code != 0
    assert message in done.output + done.stderr
