"""`callgap sample`: what it does not take is one sentence that names file and row, and exit status 2."""

import json
import re
import shutil

import pytest
import sampled
import soundfile
from runs import callgap
from sampled import fill, read, rows_of, sheet, truth, write
from spoken import rows as transcripts
from spoken import write as write_table


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run, and a sample of it whose two sheets are filled."""
    folder = tmp_path_factory.mktemp("refused")
    sampled.recordings(folder / "calls")
    path = sampled.run(folder / "calls")
    output, _ = sampled.draw(path, folder / "sample", "--per-group=5")
    fill(output, truth)
    return path, output


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made[0], tmp_path / "run")


@pytest.fixture
def sample(made, tmp_path):
    """A copy of the filled sample."""
    return shutil.copytree(made[1], tmp_path / "sample")


def refused(done):
    """The one sentence, without line ends."""
    assert done.exit_code == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("callgap: ")
    return lines[0]


def changed(path, change):
    """Write a sheet again with its rows changed."""
    write(path, change(rows_of(path)))
    return path


def at(place, **cells):
    """A change of one row."""
    return lambda rows: [row | cells if n == place else row for n, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (at(2, sample="other"), r"row 3: found the sample 'other', accepted: '[a-z]{8}', the code of this one"),
        (at(2, item="item-0999"), r"row 3: found the item 'item-0999', which this sample does not hold"),
        (at(2, text=""), r"row 3: item-0003 was skipped: write its text, or x into cannot_be_heard"),
        (at(2, cannot_be_heard="perhaps"), r"row 3: found 'perhaps' in cannot_be_heard; accepted: 1, true, x, y, yes"),
        (at(2, cannot_be_heard="X"), r"row 3: item-0003 has a text and is marked cannot_be_heard; keep one"),
        (at(2, text="", remark="a dog barks"), r"row 3: item-0003 has a remark alone"),
        (lambda rows: [*rows, rows[0]], r"row 1 and \S+sheet-1.csv, row \d+: both are of item-0001; keep one of them"),
        (
            lambda rows: [{k: v for k, v in row.items() if k != "text"} for row in rows],
            r"sheet-1.csv: there is no column 'text'; .*accepted: cannot_be_heard, item, remark, sample",
        ),
    ],
)
def test_a_sheet_at_fault_is_refused_with_its_row(made, sample, change, sentence):
    done = read(sample, changed(sheet(sample), change), sheet(sample, 2), check=False)
    assert re.search(sentence, refused(done))
    assert not (made[0] / "reference_error.csv").exists()


def test_the_same_item_in_two_sheets_is_refused(sample, tmp_path):
    copy = shutil.copy(sheet(sample), tmp_path / "again.csv")
    told = refused(read(sample, sheet(sample), copy, check=False))
    assert f"{sheet(sample)}, row 1 and {copy}, row 1: both are of item-0001" in told


def test_a_sheet_of_another_sample_is_refused(made, sample, tmp_path):
    other, _ = sampled.draw(made[0], tmp_path / "other", "--per-group=5", "--seed=9")
    assert "accepted: " in refused(read(sample, sheet(other), check=False))


def test_sheets_without_an_answer_are_refused(made, tmp_path):
    other, _ = sampled.draw(made[0], tmp_path / "other", "--per-group=5")
    assert "no row of the sheets is filled in yet" in refused(read(other, check=False))


def test_a_sheet_in_another_encoding_is_refused_with_its_line(sample):
    sheet(sample).write_bytes(sheet(sample).read_bytes().replace(b"please", b"pl\xe9ase", 1))
    assert "the bytes are not UTF-8; save the file as UTF-8" in refused(read(sample, check=False))


def test_a_sheet_with_semicolons_and_empty_rows_is_read_as_spreadsheets_write_it(made, sample):
    text = sheet(sample).read_text(encoding="utf-8-sig")
    sheet(sample).write_text(text.replace(",", ";") + ";;;;\n;;;;\n", encoding="utf-8-sig")
    shutil.copytree(made[0], sample.parent / "run")
    read(sample, f"--run={sample.parent / 'run'}")
    assert (sample.parent / "run" / "reference_error.csv").exists()


def test_a_changed_key_is_refused(sample):
    place = sample / "keep-from-transcribers" / "key.csv"
    place.write_text(place.read_text().replace("eastern-", "western-", 1))
    assert "key.csv is not the key that was drawn" in refused(read(sample, check=False))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1}'])
def test_a_folder_without_a_readable_sample_is_refused(sample, content):
    (sample / "keep-from-transcribers" / "sample.json").write_text(content)
    assert "keep-from-transcribers" in refused(read(sample, check=False))
    shutil.rmtree(sample)
    assert "holds no sample" in refused(read(sample, check=False))


def test_a_run_of_other_recordings_and_one_that_has_gone_are_refused(run, sample):
    notes = json.loads((run / "run.json").read_text())
    notes["corpus"]["fingerprint"] = "other"
    (run / "run.json").write_text(json.dumps(notes))
    assert "is a run of other recordings than those" in refused(read(sample, f"--run={run}", check=False))
    place = sample / "keep-from-transcribers" / "sample.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"run": str(run / "gone")}))
    assert "is not there any more: say where with --run" in refused(read(sample, check=False))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--attribute=acent"], "--attribute: found 'acent'; did you mean 'accent'? accepted: accent"),
        (["--attribute=accent", "--group=east"], "did you mean 'eastern'? accepted: eastern, lonely, western"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(run, options, sentence):
    done = callgap("sample", "draw", run, *options, cwd=run.parent, check=False)
    assert sentence in refused(done)
    assert [p.name for p in run.parent.iterdir()] == ["run"]


def test_a_folder_that_cannot_be_made_is_told_by_its_option(run):
    done = callgap("sample", "draw", run, "--attribute=accent", "--output=/proc/x", cwd=run.parent, check=False)
    assert "--output /proc/x cannot be made: No such file or directory" in refused(done)


def test_a_folder_that_is_there_is_never_overwritten(run, sample):
    before = sheet(sample).read_bytes()
    done = callgap("sample", "draw", run, "--attribute=accent", f"--output={sample}", cwd=run.parent, check=False)
    assert f"{sample} is there already and is never overwritten" in refused(done)
    assert sheet(sample).read_bytes() == before


def test_a_run_that_was_not_finished_is_refused(run):
    (run / "hypotheses.parquet").unlink()
    done = callgap("sample", "draw", run, "--attribute=accent", cwd=run.parent, check=False)
    assert "the run was not finished" in refused(done)


def test_recordings_that_changed_since_the_run_are_refused(tmp_path):
    sampled.recordings(tmp_path / "calls")
    path = sampled.run(tmp_path / "calls")
    place = tmp_path / "calls" / "eastern-caller00.wav"
    samples, rate = soundfile.read(place)
    soundfile.write(place, samples / 2, rate)
    done = callgap("sample", "draw", path, "--attribute=accent", cwd=tmp_path, check=False)
    assert "the recordings are not those of the run any more" in refused(done)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["calls", "run"]


def test_transcripts_without_audio_are_refused(tmp_path):
    write_table(tmp_path / "calls.csv", transcripts())
    callgap("audit", "calls.csv", "--reference-group=accent=us", "--output=made", cwd=tmp_path)
    done = callgap("sample", "draw", "made/calls", "--attribute=accent", cwd=tmp_path, check=False)
    assert "made/calls is a run of transcripts without audio: nothing in it can be heard" in refused(done)
