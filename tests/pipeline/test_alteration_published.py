"""A publication of runs before and after an alteration: its tables, its page, and nothing where nothing was altered."""

import json
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from runs import TINY, callgap

from callgap.effect_records import EFFECTS, IDENTITIES, LATENCIES, VALIDATIONS
from callgap.records import table
from callgap.voice_records import VOICES

TABLES = {"effects.csv": EFFECTS, "identities.csv": IDENTITIES, "validations.csv": VALIDATIONS}
TABLES |= {"latencies.csv": LATENCIES}
TITLE = "What the alteration changed"

pytestmark = pytest.mark.slow


def write_voices(run, *, one_voice=False):
    """Voices of a run: a direction for each speaker, or one for everyone."""
    rows = pq.read_table(run / "utterances.parquet", columns=["utterance_id", "speaker_id"]).to_pylist()
    names = sorted({row["speaker_id"] for row in rows})
    random = np.random.default_rng(4)
    centers = random.standard_normal((len(names), 16))
    voices = []
    for row in rows:
        center = centers[0] if one_voice else centers[names.index(row["speaker_id"])]
        vector = center + 0.2 * random.standard_normal(16)
        voices.append(
            {
                "utterance_id": row["utterance_id"],
                "status": "ok",
                "embedding": (vector / np.linalg.norm(vector)).tolist(),
                "dnsmos_overall": 3.0 - one_voice,
            }
        )
    pq.write_table(table(voices, VOICES), run / "voices.parquet")


@pytest.fixture(scope="module")
def altered(finished, tmp_path_factory):
    """A folder with the run as it is and one over a louder presence, which gives everyone one voice."""
    folder = tmp_path_factory.mktemp("altered")
    shutil.copytree(finished[0], folder / "plain")
    callgap("run", *TINY, "alteration=presence", "alteration.gain_db=20", "hydra.run.dir=presence", cwd=folder)
    write_voices(folder / "plain")
    write_voices(folder / "presence", one_voice=True)
    notes = json.loads((folder / "presence" / "run.json").read_text())
    notes["alteration"] = {"look_ahead_s": 0.0, "compute_s_per_s": 0.004, "device": "cpu"}
    (folder / "presence" / "run.json").write_text(json.dumps(notes))
    callgap("publish", "plain", "presence", "--to=table", cwd=folder)
    return folder


def read(folder, name):
    return pd.read_csv(folder / "results" / "table" / name, keep_default_na=False, na_values=[""])


def test_the_tables_have_their_columns_and_the_page_its_section(altered):
    for name, columns in TABLES.items():
        assert list(read(altered, name).columns) == columns.names, name
    for name in ("report.html", "table.md"):
        assert (altered / "results" / "table" / name).read_text().count(TITLE) == 1
    assert not (altered / "results" / "table" / "instead.csv").exists()
    assert "one recognizer was examined" in (altered / "results" / "table" / "table.md").read_text()


def test_effects_are_of_the_runs_own_rates(altered):
    rows = read(altered, "effects.csv")
    (everyone,) = rows[(rows["attribute"] == "all") & (rows["measure"] == "wer")].to_dict("records")
    assert (everyone["before"], everyone["after"]) == ("identity", "presence")
    for name, column in (("plain", "value_before"), ("presence", "value_after")):
        report = json.loads((altered / name / "report.json").read_text())
        (row,) = [row for row in report["groups"] if row["attribute"] == "everyone"]
        assert everyone[column] == pytest.approx(row["wer"])


def test_one_voice_for_everyone_is_told_in_the_table_and_on_the_page(altered):
    (row,) = read(altered, "identities.csv").query("attribute == 'all'").to_dict("records")
    assert row["error_rate_before"] < 0.1
    assert row["error_rate_after"] > 0.3
    assert row["distance_ratio"] < 0.25
    assert "everyone sounds alike" in (altered / "results" / "table" / "report.html").read_text()
    assert "0.004 s of computing" in (altered / "results" / "table" / "report.html").read_text()


def test_no_speaker_is_named(altered):
    speakers = set(pq.read_table(altered / "plain" / "utterances.parquet")["speaker_id"].to_pylist())
    for name in (*TABLES, "table.md"):
        text = (altered / "results" / "table" / name).read_text()
        assert not [speaker for speaker in speakers if speaker in text], name


def test_publishing_again_gives_the_same_bytes(altered):
    callgap("publish", "plain", "presence", "--to=again", cwd=altered)
    for name in (*TABLES, "report.html"):
        first, second = ((altered / "results" / to / name).read_bytes() for to in ("table", "again"))
        assert first.replace(b"table", b"again") == second.replace(b"table", b"again"), name


def test_where_nothing_was_altered_the_tables_are_removed_and_the_page_has_no_section(altered):
    callgap("publish", "plain", "presence", "--to=stale", cwd=altered)
    callgap("publish", "plain", "--to=stale", cwd=altered)
    callgap("publish", "plain", "--to=fresh", cwd=altered)
    stale, fresh = (altered / "results" / name for name in ("stale", "fresh"))
    assert not {path.name for path in stale.iterdir()} & {*TABLES, "instead.csv"}
    assert {path.name for path in stale.iterdir()} == {path.name for path in fresh.iterdir()}
    assert TITLE not in (stale / "report.html").read_text()


def test_an_alteration_without_its_baseline_is_published_as_before(altered):
    callgap("publish", "presence", "--to=alone", cwd=altered)
    assert not (altered / "results" / "alone" / "effects.csv").exists()
    assert TITLE not in (altered / "results" / "alone" / "report.html").read_text()


def test_runs_that_cannot_be_paired_are_published_with_the_reason_and_without_a_path(altered):
    shutil.copytree(altered / "plain", altered / "twice", dirs_exist_ok=True)
    callgap("publish", "plain", "twice", "presence", "--to=twice", cwd=altered)
    page = (altered / "results" / "twice" / "report.html").read_text()
    assert "Nothing can be told: two runs are" in page
    assert str(altered) not in page
    assert not (altered / "results" / "twice" / "effects.csv").exists()
