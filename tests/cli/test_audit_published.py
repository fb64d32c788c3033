"""Tables as others have published them are audited without an option, and their own figures come out."""

import json

import jiwer
import numpy as np
import pandas as pd
import pytest
from runs import callgap

from callgap.collating import collate
from callgap.columns import Wanted

AZURE = "intron-open-test-microsoft_azure_speech_api-wer-0.4759-5471"
WHISPER = "intron-open-test-openai_whisper_large-wer-0.39-5471"
# Their authors split words at plain spaces only, so that here and there two words are one.
OTHER_SPACE = r"\S[^\S ]+\S"


@pytest.fixture
def artie(data):
    """The references, and the nine systems whose tables have a header."""
    folder = data / "artie-bias"
    systems = [path for path in sorted(folder.glob("predictions/**/*.tsv")) if "original" not in path.name]
    return folder / "data" / "artie-bias-corpus.tsv", systems


def test_artie_is_nine_systems_on_1712_utterances(artie):
    said, heard = artie
    found = collate([said, *heard], Wanted())
    assert found.utterances == 1712
    assert found.groups == ("age", "gender", "accent")
    assert [system.texts for system in found.systems] == [1712] * 9
    # Audio was converted for all but the first DeepSpeech: ids end in .mp3 there and in .wav here.
    assert [system.name for system in found.systems if not system.stems] == ["deepspeech-v0-5-1"]
    assert "google-en-US-dec-4-2019" in {system.name for system in found.systems}
    assert found.merged is None


def test_the_word_error_rate_of_artie_is_jiwers(artie, tmp_path):
    said, heard = artie
    system = next(path for path in heard if path.parent.name == "en-US" and "google" in path.parts)
    options = ["--reference-group", "accent=us", "--normalizer", "none", "--output", "made"]
    callgap("audit", said, system, *options, cwd=tmp_path)
    run = tmp_path / "made" / system.stem
    groups = pd.read_csv(run / "groups.csv", keep_default_na=False).set_index(["attribute", "group"])
    everyone = groups.loc[("everyone", "everyone")]
    tables = [pd.read_csv(path, sep="\t", keep_default_na=False) for path in (said, system)]
    for table in tables:
        table.index = table["path"].str.rpartition(".")[0]
    joined = tables[0].join(tables[1]["prediction"], how="left")
    assert float(everyone["wer"]) == pytest.approx(jiwer.wer([*joined["sentence"]], [*joined["prediction"]]), abs=1e-9)
    assert (everyone["speakers"], everyone["utterances"]) == (969, 1712)
    speakers = tables[0].groupby("accent")["client_id"].nunique()
    for group, label in (("us", "us"), ("indian", "indian"), ("unknown", "NA")):
        assert groups.loc[("accent", group), "speakers"] == speakers[label], group


def test_afrispeech_is_two_systems_on_5471_utterances(data):
    folder = data / "afrispeech200"
    found = collate(sorted(folder.glob("*.csv")), Wanted())
    assert found.utterances == 5471
    assert found.groups == ("gender", "age_group", "accent", "country")
    assert [(system.key, system.column, system.texts) for system in found.systems] == [("idx", "prediction", 5471)] * 2


@pytest.mark.slow
@pytest.mark.parametrize(("name", "published"), [(AZURE, 0.4759), (WHISPER, 0.39)])
def test_the_word_error_rates_of_afrispeech_are_its_authors(data, tmp_path, name, published):
    file = data / "afrispeech200" / f"{name}.csv"
    callgap("audit", file, "--group=gender", "--normalizer=none", "--output=made", cwd=tmp_path)
    run = tmp_path / "made" / name
    theirs = pd.read_csv(file, keep_default_na=False, dtype={"idx": str}).set_index("idx")
    scores = pd.read_parquet(run / "scores.parquet").query("normalizer == 'none' and unit == 'word'")
    scores = scores.set_index("utterance_id").loc[theirs.index]
    errors = scores["substitutions"] + scores["deletions"] + scores["insertions"]
    other = theirs["reference"].str.contains(OTHER_SPACE) | theirs["prediction"].str.contains(OTHER_SPACE)
    assert other.sum() < 0.01 * len(theirs)
    np.testing.assert_allclose((errors / scores["reference_tokens"])[~other], theirs["wer"][~other], atol=1e-12)
    # The file's name says the pooled rate, not the mean of its column.
    assert errors.sum() / scores["reference_tokens"].sum() == pytest.approx(published, abs=3e-4)
    groups = pd.read_csv(run / "groups.csv", keep_default_na=False).set_index(["attribute", "group"])
    assert groups.loc[("gender", "contradictory"), "speakers"] == 156
    assert json.loads((run / "run.json").read_text())["counts_by_status"]["ok"] == 5471
