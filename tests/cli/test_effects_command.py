"""`callgap effects`: runs before and after an alteration, by group, and refusals of what is not comparable."""

import json
import shutil

import numpy as np
import pytest
import yaml
from altered import SENTENCES, SPEAKERS, altered_run, measure_voices, texts
from runs import callgap

from callgap import effect_measures
from callgap.effect_pairs import labels, pairs
from callgap.effect_records import EFFECTS
from callgap.effects import effect_rows
from callgap.effects_told import sentences
from callgap.errors import InputError
from callgap.finished import Finished
from callgap.records import table
from callgap.scoring import WhisperEnglish
from callgap_kernels import count_errors

BEFORE = {"us": 0.2, "scotland": 0.3}
LOST = ("scotland00-0", "scotland01-0", "us00-1")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Runs without an alteration, with one that helps the reference alone, and with one that loses three texts."""
    folder = tmp_path_factory.mktemp("altered") / "runs"
    before = texts(BEFORE, 1)
    helped = {
        u: text if u.startswith("us") else before[u] for u, text in texts({"us": 0.02, "scotland": 0.3}, 2).items()
    }
    heard = {
        "identity": before,
        "brighter": helped,
        "lossy": {u: None if u in LOST else text for u, text in before.items()},
    }
    return {name: altered_run(folder, name, of) for name, of in heard.items()}


def row(rows, measure="wer", group="scotland", **wanted):
    (found,) = [
        r for r in rows if (r["measure"], r["group"]) == (measure, group) and all(r[k] == v for k, v in wanted.items())
    ]
    return found


def test_rows_have_the_columns_of_the_table_and_of_everyone_and_of_each_group(made):
    rows = effect_rows([made["identity"], made["brighter"]])
    assert table(rows, EFFECTS).num_rows == len(rows) == 12
    assert [r["group"] for r in rows] == ["all", "scotland", "us"] * 4
    assert {r["measure"] for r in rows} == {"wer", "content_changed", "cer", "unusable"}
    for r in rows:
        assert (r["before"], r["after"], r["system"], r["condition"]) == ("identity", "brighter", "pocket", "clean")
        assert set(r) == set(EFFECTS.names)


def test_what_is_not_declared_is_counted_beside_and_does_not_widen_the_limits_of_what_is(made, monkeypatch):
    rows = effect_rows([made["identity"], made["brighter"]])
    characters = row(rows, "cer", "us")
    assert characters["change_finding"] == "helped"
    before, after = (made[name].report["groups"] for name in ("identity", "brighter"))
    for when, groups in (("before", before), ("after", after)):
        (own,) = [group for group in groups if (group["attribute"], group["group"]) == ("accent", "us")]
        for measure in ("cer", "unusable"):
            assert row(rows, measure, "us")[f"value_{when}"] == pytest.approx(own[measure])
    monkeypatch.setattr(effect_measures, "BESIDE", ())
    alone = effect_rows([made["identity"], made["brighter"]])
    assert [r for r in rows if r["measure"] in ("wer", "content_changed")] == alone


def test_a_converter_that_helps_the_reference_alone_widens_the_gap_and_says_why(made):
    rows = effect_rows([made["identity"], made["brighter"]])
    found = row(rows)
    assert found["finding"] == "widens"
    assert found["reason"] == "the reference group was helped and nothing changed for this group"
    assert (found["change"], found["change_finding"]) == (0.0, "cannot tell")
    assert row(rows, group="us")["change_finding"] == "helped"
    assert row(rows, group="us")["finding"] is None
    assert row(rows, group="all")["speakers"] == len(SPEAKERS)
    own = {name: run.report["contrasts"][0] for name, run in made.items()}
    for when, name in (("before", "identity"), ("after", "brighter")):
        assert found[f"gap_{when}"] == pytest.approx(own[name]["difference"])
        assert found[f"gap_{when}_upper"] == own[name]["difference_upper"]


def test_words_heard_otherwise_are_counted_from_the_text_before(made):
    found = row(effect_rows([made["identity"], made["brighter"]]), "content_changed", "us")
    normalize = WhisperEnglish()
    heard = [
        {u: normalize(text) for u, text in texts_of(made[name]).items() if u.startswith("us")}
        for name in ("identity", "brighter")
    ]
    counts = count_errors(list(heard[0].values()), list(heard[1].values()))
    errors = (counts.substitutions + counts.deletions + counts.insertions).sum().item()
    assert found["value_after"] == pytest.approx(errors / sum(len(text.split()) for text in heard[0].values()))
    assert (found["value_before"], found["ratio"], found["change_finding"]) == (0.0, None, "higher")
    scots = row(effect_rows([made["identity"], made["brighter"]]), "content_changed")
    assert (scots["change"], scots["finding"], scots["reason"]) == (0.0, "cannot tell", "too few events for limits")


def named(report, alteration):
    report["provenance"]["choices"]["alteration"] = alteration


def texts_of(run):
    rows = run.directory.read_table("hypotheses.parquet").to_pylist()
    return {r["utterance_id"]: r["text"] for r in rows if r["text"] is not None}


def test_nothing_changed_is_0_and_cannot_be_told(made, tmp_path):
    same = edited(made["identity"], tmp_path / "same", lambda config, report: named(report, "again"))
    for found in effect_rows([made["identity"], same]):
        assert found["change"] == 0.0
        assert found["change_lower"] is None
        assert found["finding"] in (None, "cannot tell")
        assert found["change_finding"] == "cannot tell"
        assert found["left_out_reasons"] is None


def test_lost_texts_are_left_out_counted_and_charged(made):
    rows = effect_rows([made["identity"], made["lossy"]])
    found = row(rows)
    assert (found["utterances"], found["left_out"]) == (32 * len(SENTENCES) - 2, 2)
    assert json.loads(found["left_out_reasons"]) == {"missing:no_transcript": 2}
    assert found["change"] == 0.0
    assert row(rows, group="us")["left_out"] == 1


def test_a_finding_that_holds_only_without_lost_texts_is_withheld(made, tmp_path):
    # Nobody is understood worse in what has a text, and of the reference half of all texts are lost.
    after = texts({"us": 0.2, "scotland": 0.05}, 3, lost=[f"{s}-{n}" for s in SPEAKERS[32:] for n in (0, 1)])
    found = row(effect_rows([made["identity"], altered_run(tmp_path / "half", "half", after)]))
    assert found["gap_change_upper"] < 0
    assert found["finding"] == "cannot tell"
    assert found["change_finding"] == "cannot tell"
    assert found["reason"].startswith("found 'reverses' without the utterances that were lost, 'widens' with these")


def test_voices_are_told_once_without_a_system_and_similarity_begins_at_1(made, tmp_path):
    runs = {}
    for name in ("identity", "brighter"):
        shutil.copytree(made[name].directory.path, tmp_path / name)
        runs[name] = Finished.open(tmp_path / name)
    measure_voices(runs["identity"], seed=0)
    measure_voices(runs["brighter"], {"scotland": 3.0}, skip=("scotland00-0", "scotland00-1"))
    rows = [r for r in effect_rows(list(runs.values())) if r["kind"] == "level"]
    assert {r["measure"] for r in rows} == {"dnsmos_overall", "f0_mean", "similarity", "distance_to_reference"}
    assert {(r["system"], r["condition"], r["margin"], r["ratio"]) for r in rows} == {(None, None, None, None)}
    pitch = row(rows, "f0_mean")
    assert pitch["change"] == pytest.approx(3.0, abs=0.1)
    assert (pitch["change_finding"], pitch["finding"]) == ("higher", "higher")
    assert (pitch["left_out"], json.loads(pitch["left_out_reasons"])) == (2, {"excluded:after_silent": 2})
    assert row(rows, "dnsmos_overall")["change"] == 0.0
    alike = row(rows, "similarity", "us")
    assert (alike["value_before"], alike["change_finding"]) == (1.0, "lower")
    assert 0.5 < alike["value_after"] < 1.0
    assert [r["group"] for r in rows if r["measure"] == "distance_to_reference"] == ["scotland", "us"]
    assert row(rows, "distance_to_reference")["value_before"] > 0


def test_identical_voices_have_a_similarity_of_exactly_1(made, tmp_path):
    runs = []
    for name in ("identity", "brighter"):
        shutil.copytree(made[name].directory.path, tmp_path / name)
        runs.append(Finished.open(tmp_path / name))
        measure_voices(runs[-1], seed=0)
    levels = [r for r in effect_rows(runs) if r["kind"] == "level"]
    assert len(levels) == 11
    for found in levels:
        assert found["change"] == 0.0
        assert found["change_finding"] == "cannot tell"


def test_voices_of_which_only_the_prosody_was_measured_have_no_identity(made, tmp_path):
    runs = []
    for name in ("identity", "brighter"):
        shutil.copytree(made[name].directory.path, tmp_path / name)
        runs.append(Finished.open(tmp_path / name))
        measure_voices(runs[-1], columns=("f0_mean_hz",))
    assert {r["measure"] for r in effect_rows(runs) if r["kind"] == "level"} == {"f0_mean"}


def test_tables_and_sentences(made):
    folder = made["identity"].directory.path.parent
    done = callgap(
        "effects", folder / "identity", folder / "brighter", "--measure=wer", "--attribute=accent", cwd=folder
    )
    title = "brighter against identity (pocket, clean): accent, wer"
    assert f"{title}: errors fall for us by " in done.stdout
    why = "the reference group was helped and nothing changed for this group"
    assert f"{title}: the gap between scotland and us widens ({why})" in done.stdout
    assert "content_changed" not in done.stdout
    assert not any(speaker in done.stdout for speaker in SPEAKERS)
    whole = callgap("effects", folder, cwd=folder)
    assert "lossy against identity (pocket, clean): accent, wer: nothing can be told" in whole.stdout


def test_a_gap_that_only_moves_from_one_group_to_another_is_told_so(made):
    rows = effect_rows([made["identity"], made["brighter"]])
    widened = row(rows)
    narrowed = widened | {"group": "wales", "finding": "narrows", "reason": "this group was helped and nothing changed"}
    told = list(sentences([widened, narrowed, row(rows, group="us")]))
    assert told[-1].endswith(": accent, wer: the gap moves from wales to scotland")
    assert not any("moves from" in line for line in sentences([widened]))


def test_another_baseline_is_taken_by_its_name(made):
    rows = effect_rows(list(made.values()), before="lossy")
    assert {(r["before"], r["after"]) for r in rows} == {("lossy", "identity"), ("lossy", "brighter")}
    assert row(rows, after="brighter")["finding"] == "widens"


def test_what_cannot_be_compared_is_one_sentence(made, tmp_path):
    folder = made["identity"].directory.path.parent
    refused("identity", message="effects: found 1 run; accepted: two or more that differ", cwd=folder)
    refused(
        "brighter", "lossy", message="none of 2 runs has alteration=identity; name another with --before", cwd=folder
    )
    refused(".", "--before=nothing", message="--before: none of 3 runs is 'nothing'; accepted: brighter", cwd=folder)
    refused("identity", "identity", message="effects: two runs are 'identity' of pocket over clean", cwd=folder)
    refused("identity", "lossy", "lossy", message="effects: two runs are 'lossy' of pocket over clean", cwd=folder)
    refused(".", "--attribute=age", message="--attribute: found 'age'; accepted: accent, all", cwd=folder)
    refused(".", "--measure=loudness", message="--measure: found 'loudness'; ", cwd=folder)
    refused("identity", "nowhere", message="nowhere is no run directory", cwd=folder)


def test_runs_that_differ_in_more_than_the_alteration_are_refused(made, tmp_path):
    first = made["identity"]
    for name, edit, message in (
        (
            "seeded",
            lambda config, report: config.update(seed=2),
            r"identity. that is alike in all else; .* another seed",
        ),
        ("other", in_another_corpus, "the nearest has another corpus"),
        ("grouped", with_another_reference, "the reference groups are not the same"),
    ):
        with pytest.raises(InputError, match=message):
            pairs([first, edited(made["brighter"], tmp_path / name, edit)])


def in_another_corpus(config, report):
    report["provenance"]["corpus"]["fingerprint"] = "of other recordings"


def with_another_reference(config, report):
    report["attributes"]["accent"]["reference"] = "scotland"


def edited(run, folder, edit):
    """A copy of a run whose configuration and report were changed."""
    shutil.copytree(run.directory.path, folder)
    config, report = run.directory.config(), run.directory.report()
    edit(config, report)
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return Finished.open(folder)


def test_labels_tell_units_apart_by_what_differs_and_show_no_path():
    pitch = [{"_target_": "P", "semitones": value, "estimator": "dio"} for value in (2.0, 4.0)]
    files = [{"path": path} for path in ("/data/one", "/data/two")]
    choices = ["pitch-shift", "pitch-shift", "identity", "files", "files", "pitch-shift"]
    assert labels(choices, [*pitch, {}, *files, pitch[0]]) == [
        *("pitch-shift semitones=2.0", "pitch-shift semitones=4.0", "identity", "files path=1", "files path=2"),
        "pitch-shift semitones=2.0",
    ]
    chains = [{"links": [{"snr_db": snr, "seed": seed}, {"reduction": 1.0}]} for snr, seed in ((15, 1), (5, 2))]
    assert labels(["chain", "chain"], chains) == ["chain links.1.snr_db=15", "chain links.1.snr_db=5"]
    commands = [{"command": ["convert", secret]} for secret in ("one", "two")]
    assert labels(["command", "command"], commands) == ["command command.2=1", "command command.2=2"]
    assert labels(["denoise", "denoise"], [{"gain": 1}, {"gain": 1}]) == ["denoise", "denoise"]


def test_every_pair_has_its_own_limits_and_all_share_the_error_rate(made):
    """The limits of word errors rest on two measures and two attributes, everyone's being one of them."""
    rows = effect_rows([made["identity"], made["brighter"]])
    narrow = row(rows)
    assert narrow["gap_change_lower"] < narrow["gap_change"] < narrow["gap_change_upper"]
    assert np.isclose(narrow["gap_after"] - narrow["gap_before"], narrow["gap_change"])


def refused(*arguments, message, cwd):
    done = callgap("effects", *arguments, cwd=cwd, check=False)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def lost_of(group):
    before = texts(BEFORE, 1)
    return {u: None if u.startswith(group) else text for u, text in before.items()}


def test_a_group_of_which_nothing_is_left_is_named_with_the_reasons(tmp_path):
    runs = tmp_path / "runs"
    altered_run(runs, "identity", texts(BEFORE, 1))
    altered_run(runs, "half", lost_of("scotland"))
    done = callgap("effects", runs, cwd=tmp_path)
    count = len(SPEAKERS) // 2 * len(SENTENCES)
    said = " ".join(done.output.split())
    assert (
        "half against identity (pocket, clean): nothing of accent scotland is left to compare, and everyone is" in said
    )
    assert f"is the others alone: {count:,} " in said
    assert "accent us" not in said
    assert said.count("utterances are left out") == 1
    assert f"all, wer: {count} of {2 * count} utterances are left out (missing:no_transcript {count})" in said
    rows = effect_rows([Finished.open(runs / name) for name in ("identity", "half")])
    lost = row(rows, group="scotland")
    assert (lost["speakers"], lost["utterances"], lost["left_out"]) == (0, 0, count)
    assert json.loads(lost["left_out_reasons"]) == {"missing:no_transcript": count}
    assert (lost["change_finding"], lost["finding"], lost["gap_after"]) == ("cannot tell", "cannot tell", None)
    assert table(rows, EFFECTS).num_rows == len(rows)


@pytest.mark.slow
def test_where_nobody_is_left_it_is_said_and_published_with_the_reason(tmp_path):
    runs = tmp_path / "runs"
    # Each loses the group that the other has.
    altered_run(runs, "identity", lost_of("us"))
    altered_run(runs, "gone", lost_of("scotland"))
    done = callgap("effects", runs, cwd=tmp_path)
    said = " ".join(done.output.split())
    assert "gone against identity (pocket, clean): of nobody is anything left to compare: 128 missing" in said
    callgap("publish", runs, "--to", "gone", cwd=tmp_path)
    page = " ".join((tmp_path / "results" / "gone" / "table.md").read_text().split())
    assert "What the alteration changed" in page
    assert "of nobody is anything left to compare" in page


@pytest.mark.slow
def test_the_page_names_a_group_that_was_lost(tmp_path):
    runs = tmp_path / "runs"
    altered_run(runs, "identity", texts(BEFORE, 1))
    altered_run(runs, "half", lost_of("scotland"))
    callgap("publish", runs, "--to", "half", cwd=tmp_path)
    for name in ("table.md", "report.html"):
        page = " ".join((tmp_path / "results" / "half" / name).read_text().split())
        assert "nothing of accent scotland is left to compare, and everyone is the others alone" in page
