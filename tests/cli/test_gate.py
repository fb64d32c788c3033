"""`callgap gate`: the exit status follows the stored verdicts, and nothing is written."""

import hashlib
import json
import shutil

import pyarrow as pa
import pyarrow.csv
import pytest
import yaml
from runs import callgap
from spoken import rows, write

from callgap.configuration import composed, plain
from callgap.group_records import CONTRASTS

ALIKE, WORSE, UNSURE = "within margin", "disadvantaged", "cannot tell"


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A finished run of real words and invented speakers: two groups of twelve."""
    folder = tmp_path_factory.mktemp("gate")
    write(folder / "calls.csv", rows())
    callgap("audit", "calls.csv", "--reference-group=accent=us", "--output=made", cwd=folder)
    callgap("score", "made/calls", "fairness.endpoints=[wer,unusable,empty]", cwd=folder)
    return next((folder / "made").glob("calls-score-*"))


@pytest.fixture
def run(compared, tmp_path):
    """Makes a copy whose stored contrasts are edited."""

    def make(name="run", policy=None, of_person=True, **columns):
        path = tmp_path / name
        shutil.copytree(compared, path)
        table = stored(path)
        for column, value in columns.items():
            # One value per endpoint, the same under every normalizer.
            values = value * (len(table) // len(value)) if isinstance(value, list) else [value] * len(table)
            place = table.column_names.index(column)
            table = table.set_column(place, CONTRASTS.field(column), pa.array(values, CONTRASTS.field(column).type))
        pa.csv.write_csv(table, path / "contrasts.csv")
        report = json.loads((path / "report.json").read_text())
        report["policy"] |= policy or {}
        report["attributes"]["accent"]["of_person"] = of_person
        (path / "report.json").write_text(json.dumps(report))
        return path

    return make


def stored(path):
    kinds = {field.name: field.type for field in CONTRASTS}
    options = pa.csv.ConvertOptions(column_types=kinds, strings_can_be_null=True, quoted_strings_can_be_null=False)
    return pa.csv.read_csv(path / "contrasts.csv", convert_options=options)


def gate(*arguments, cwd):
    return callgap("gate", *arguments, cwd=cwd, check=False)


def digest(path):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in path.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([ALIKE, ALIKE, ALIKE], 0),
        (["does better", ALIKE, "does better"], 0),
        ([ALIKE, WORSE, UNSURE], 1),
        (["unfit for everyone", ALIKE, ALIKE], 1),
        ([ALIKE, "gap, size uncertain", ALIKE], 3),
        ([ALIKE, UNSURE, ALIKE], 3),
        ([ALIKE, ALIKE, "insufficient data"], 3),
        ([ALIKE, ALIKE, None], 3),
    ],
)
def test_the_gravest_verdict_decides(run, tmp_path, verdicts, status):
    path = run(verdict=verdicts)
    before = digest(path)
    done = gate("run", cwd=tmp_path)
    assert done.exit_code == status
    assert done.stdout.splitlines()[-1].startswith(f"gate: exit status {status}: ")
    assert digest(path) == before


def test_a_line_names_attribute_group_endpoint_limits_and_grade(run, tmp_path):
    run(
        verdict=[WORSE, ALIKE, UNSURE],
        difference=[0.12] * 3,
        difference_lower=[0.08] * 3,
        difference_upper=[0.16] * 3,
        evidence_grade="B",
    )
    lines = gate("run", cwd=tmp_path).stdout.splitlines()
    assert lines[0] == (
        "run: disadvantaged: accent scotland against us, words wrong: +12.0 points (8.0 to 16.0; margin 5), "
        "12 and 12 speakers, grade B"
    )
    assert len(lines) == 2


def test_an_unfit_system_is_said_to_fail_everyone(run, tmp_path):
    run(verdict="unfit for everyone", reason="the reference group us itself has 90% of its words wrong")
    done = gate("run", cwd=tmp_path)
    assert "it fails everyone: the reference group us itself has 90% of its words wrong" in done.stdout
    assert done.exit_code == 1


def test_what_a_fault_forbids_to_judge_is_told_with_the_reason(run, tmp_path):
    run(verdict=None, reason="It is described and not judged.")
    done = gate("run", cwd=tmp_path)
    assert (
        "run: not judged: accent scotland against us, words wrong: It is described and not judged; grade" in done.stdout
    )
    assert "None" not in done.stdout
    assert done.exit_code == 3


def test_every_disadvantage_is_listed_and_of_other_verdicts_the_first_with_a_count(run, tmp_path):
    run("worse", verdict=WORSE)
    run("open", verdict=UNSURE)
    assert gate("worse", cwd=tmp_path).stdout.count("disadvantaged: ") == 3
    assert "(and 2 more)" in gate("open", cwd=tmp_path).stdout


@pytest.mark.parametrize("verdict", [WORSE, ALIKE, "unfit for everyone"])
def test_synthetic_voices_leave_it_open_unless_allowed(run, tmp_path, verdict):
    run(verdict=verdict, evidence_grade="S")
    done = gate("run", cwd=tmp_path)
    assert done.exit_code == 3
    assert "synthetic voices (grade S) are no evidence about people" in done.stdout
    assert gate("run", "--allow-synthetic", cwd=tmp_path).exit_code == (0 if verdict == ALIKE else 1)


def test_of_several_runs_1_comes_before_3_before_0(run, tmp_path):
    for name, verdict in (("good", ALIKE), ("open", UNSURE), ("bad", WORSE)):
        run(name, verdict=verdict)
    assert gate("good", "good", cwd=tmp_path).exit_code == 0
    assert gate("good", "open", cwd=tmp_path).exit_code == 3
    assert gate("good", "open", "bad", cwd=tmp_path).exit_code == 1
    assert "found in 1 of 3 runs" in gate("bad", "open", "good", cwd=tmp_path).stdout


def test_a_folder_of_runs_stands_for_all_of_them(run, tmp_path):
    run("sweep/0", verdict=ALIKE)
    run("sweep/1", verdict=WORSE)
    assert gate("sweep", cwd=tmp_path).exit_code == 1


def test_only_persons_declared_endpoints_and_the_primary_normalizer_count(run, tmp_path):
    run("channel", verdict=WORSE, of_person=False)
    run("endpoints", verdict=[WORSE, ALIKE, ALIKE], policy={"endpoints": ["unusable", "empty"]})
    run("normalizer", verdict=[WORSE, ALIKE, ALIKE], normalizer=["none", None, None])
    done = gate("channel", cwd=tmp_path)
    assert (done.exit_code, "nothing was compared" in done.stdout) == (3, True)
    assert gate("endpoints", cwd=tmp_path).exit_code == 0
    assert gate("normalizer", cwd=tmp_path).exit_code == 0


def test_a_run_that_compared_nothing_is_open(tmp_path):
    write(tmp_path / "calls.csv", rows(speakers=2))
    callgap("audit", "calls.csv", cwd=tmp_path)
    done = gate("audit-calls", cwd=tmp_path)
    assert (done.exit_code, "nothing was compared" in done.stdout) == (3, True)


def test_a_policy_judges_the_stored_contrasts_again_and_writes_nothing(run, tmp_path):
    path = run(group_rate=[0.3, 0.0, 0.0])
    report = json.loads((path / "report.json").read_text())
    next(row for row in report["groups"] if row["group"] == "us")["wer"] = 0.2
    (path / "report.json").write_text(json.dumps(report))
    fields = {key: value for key, value in plain(composed([]))["verdict"].items() if key != "_target_"}
    (tmp_path / "strict.yaml").write_text(yaml.safe_dump(fields | {"unfit_wer": 0.1}))
    before = digest(path)
    assert gate("run", cwd=tmp_path).exit_code == 3
    assert gate("run", "--policy=default", cwd=tmp_path).exit_code == 3
    done = gate("run", "--policy=strict.yaml", cwd=tmp_path)
    assert done.exit_code == 1
    assert "the reference group us itself has 20% of its words wrong, more than 10%" in done.stdout
    assert digest(path) == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "--policy: p.yaml cannot be read"),
        ("- 1", "--policy: p.yaml holds no fields of a policy, found list"),
        ("a: [", "--policy: p.yaml cannot be read"),
        ("{}", "p.yaml: verdict.margins"),
        ("{margins: {wer: 0.05}, ratio_flag: 1.2, unfit_wer: 0.5, unfit_not_completed: 0.3}", "margins has none for"),
        ("{margins: {wer: 7}, ratio_flag: 1.2, unfit_wer: 0.5, unfit_not_completed: 0.3}", "verdict.margins.wer: foun"),
        ("{_target_: os.system, command: ls}", "key _target_: found 'os.system'; accepted: callgap.verdict.Policy"),
    ],
)
def test_a_policy_file_that_is_none_is_one_sentence(run, tmp_path, content, message):
    run()
    if content is not None:
        (tmp_path / "p.yaml").write_text(content)
    refused("run", "--policy=p.yaml", message=message, cwd=tmp_path)


def test_a_run_that_cannot_be_read_is_one_sentence(run, tmp_path):
    for name in ("unfinished", "damaged", "empty", "lost"):
        run(name)
    (tmp_path / "unfinished" / "report.json").unlink()
    (tmp_path / "damaged" / "report.json").write_text("{")
    (tmp_path / "empty" / "report.json").write_text("{}")
    (tmp_path / "lost" / "contrasts.csv").unlink()
    refused("nowhere", message="nowhere is no run directory", cwd=tmp_path)
    refused("unfinished", message="unfinished has no report.json: the run was not finished", cwd=tmp_path)
    refused("damaged", message="damaged/report.json is damaged", cwd=tmp_path)
    refused("empty", message="empty/report.json lacks the key policy", cwd=tmp_path)
    refused("lost", message="lost/contrasts.csv is missing or damaged", cwd=tmp_path)
    refused("lost", "--policy=lenient", message="--policy: found 'lenient'; accepted: calls, default", cwd=tmp_path)


def refused(*arguments, message, cwd):
    done = gate(*arguments, cwd=cwd)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
