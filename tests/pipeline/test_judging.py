"""The policy is fixed before anything is scored, and every contrast is judged with what it needs."""

import copy
import re
from dataclasses import dataclass

import pyarrow as pa
import pytest
from counted import comparison, counted, drawn, policy
from runs import TINY, callgap

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.corpus import Card, load_card
from callgap.errors import InputError
from callgap.fairness import CONTRADICTORY, UNKNOWN
from callgap.judging import check_references, examined, judged, memberships, policy_hash
from callgap.run_directory import RunDirectory


@dataclass(frozen=True)
class Known:
    """A corpus of which nothing but its card is needed."""

    card: Card


@pytest.fixture(scope="module")
def config():
    return plain(composed([]))


@pytest.fixture(scope="module")
def unit(config):
    return units(config)


@pytest.mark.parametrize(
    "change",
    [
        "fairness.alpha=0.01",
        "fairness.endpoints=[wer]",
        "+fairness.references.accent=en-gb",
        "fairness.speaker_cap=3",
        "verdict.margins.wer=0.06",
        "verdict.unfit_wer=0.6",
        "scoring.primary=none",
    ],
)
def test_the_hash_follows_everything_that_a_verdict_rests_on(config, unit, change):
    attributes = examined(unit)
    changed = plain(composed([change]))
    assert policy_hash(changed, attributes) != policy_hash(config, attributes)


def test_the_hash_follows_the_reference_that_the_corpus_declares_and_nothing_else(config, unit):
    attributes = examined(unit)
    name = next(iter(attributes))
    other = attributes | {name: attributes[name].model_copy(update={"reference": "another"})}
    assert policy_hash(config, other) != policy_hash(config, attributes)
    elsewhere = copy.deepcopy(config)
    elsewhere["recognizer"]["anything"] = 1
    assert policy_hash(elsewhere, attributes) == policy_hash(config, attributes)
    assert re.fullmatch("[0-9a-f]{64}", policy_hash(config, attributes))


def test_the_hash_is_written_before_anything_is_heard_or_scored(tmp_path, monkeypatch):
    def stop(plan, utterances, directory, batch_size):
        raise InputError("stopped before anything was heard")

    monkeypatch.setattr("callgap.pipeline.jobs_left", stop)
    path = tmp_path / "run"
    done = callgap("run", *TINY, f"hydra.run.dir={path}", cwd=tmp_path, check=False)
    assert "stopped before anything was heard" in done.output
    directory = RunDirectory.open(path)
    stored = directory.config()
    assert directory.provenance()["policy_sha256"] == policy_hash(stored, examined(units(stored)))
    assert not {"hypotheses.parquet", "scores.parquet"} & {file.name for file in path.iterdir()}


def rows_of(evidence, reference, endpoints=("wer",)):
    compared = comparison(endpoints=endpoints).compare(evidence, {"accent": reference}, dict.fromkeys(endpoints, 0.05))
    return judged(compared.groups, compared.contrasts, policy(), load_card("fsdd"))


def test_every_row_has_its_margin_its_grade_and_a_reason():
    rows = rows_of(counted(drawn({"a": 0.1, "b": 0.3}, 12)), "a")
    assert [row["normalizer"] for row in rows] == ["basic", "none"]
    for row in rows:
        assert row["margin"] == 0.05
        assert row["evidence_grade"] in {"B", "C"}
        assert row["verdict"]
        assert row["reason"]
        assert row["what_would_change_it"]


@pytest.mark.parametrize("reference", ["a", "everyone else"])
def test_a_reference_with_too_many_word_errors_is_unfit_whatever_the_endpoint(reference):
    evidence = counted(drawn({"a": 0.6, "b": 0.65, "c": 0.6}, 12))
    for row in rows_of(evidence, reference, ("unusable",)):
        assert row["verdict"] == "unfit for everyone"


def spoken(**columns):
    return pa.table({"speaker_id": [f"s{k}" for k in range(len(next(iter(columns.values()))))], **columns})


def test_small_groups_are_pooled_before_attributes_are_crossed():
    accent = ["en-IN"] * 6 + ["en-PK"] * 6 + ["us"] * 12
    gender = ["f", None] * 12
    plan = comparison(
        intersections=(("accent", "gender"),), parents={"accent": {"en-IN": "SA", "en-PK": "SA"}}, pooling="small"
    )
    found = memberships(spoken(accent=accent, gender=gender), plan, dict.fromkeys(["accent", "accent+gender"]))
    assert set(found) == {"accent", "accent+gender"}
    assert set(found["accent"].values()) == {"SA (pooled)", "us"}
    assert set(found["accent+gender"].values()) == {"SA (pooled) & f", "us & f", UNKNOWN}
    assert CONTRADICTORY not in found["accent"].values()


@pytest.mark.parametrize(
    ("changes", "reference"),
    [
        ([], "USA/neutral & male"),
        (["+fairness.references.accent=DEU/German"], "DEU/German & male"),
        (["+fairness.references.gender=everyone else"], "everyone else"),
    ],
)
def test_an_intersection_is_compared_with_the_intersection_of_its_references(config, changes, reference):
    crossed = plain(composed(["fairness.intersections=[[accent,gender]]", *changes]))
    unit = {**units(crossed), "corpus": Known(load_card("fsdd"))}
    found = examined(unit)["accent+gender"]
    assert found.reference == reference
    assert found.of_person


def test_a_reference_that_nobody_belongs_to_is_one_sentence(unit):
    attributes = examined(unit)
    name = next(iter(attributes))
    columns = {other: ["somebody"] * 3 for other in attributes}
    with pytest.raises(InputError, match=f"fairness.references.{name}: found"):
        check_references(unit, spoken(**columns))
