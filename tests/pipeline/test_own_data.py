"""A user's own data through a whole run: what is wrong with it is counted or said, and nothing is lost."""

import csv
import json
import os

import numpy as np
import pytest
import soundfile
from runs import callgap

RATE = 16000
ECHO = ["recognizer=command", "recognizer.command=[echo,good,morning,'{wav}']", "recognizer.id=echo", "ivr=none"]


def speech(seconds=0.5, rate=RATE, channels=1, seed=0):
    noise = np.random.default_rng(seed).standard_normal((round(seconds * rate), channels)) * 0.1
    return noise.astype(np.float32)


def write(folder, rows, encoding="utf-8"):
    folder.mkdir(exist_ok=True)
    with (folder / "manifest.csv").open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, ["path", "text", "speaker_id", "accent"])
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


def recorded(folder, speakers=("x1", "x2", "y1", "y2")):
    """One good recording per speaker; the accent is the first letter of the speaker."""
    folder.mkdir(exist_ok=True)
    rows = []
    for number, speaker in enumerate(speakers):
        soundfile.write(folder / f"{speaker}.wav", speech(seed=number), RATE)
        rows.append({"path": f"{speaker}.wav", "text": "good morning", "speaker_id": speaker, "accent": speaker[0]})
    return rows


def spoil(folder):
    """One row of speaker y1 for every fault that a recording or a row can have, by its reason."""
    soundfile.write(folder / "nan.wav", np.full((8000, 1), np.nan, np.float32), RATE, subtype="FLOAT")
    soundfile.write(folder / "silent.wav", np.zeros((8000, 1), np.float32), RATE)
    soundfile.write(folder / "empty.wav", np.zeros((0, 1), np.float32), RATE)
    soundfile.write(folder / "nine.wav", speech(channels=9), RATE)
    soundfile.write(folder / "slow.wav", speech(rate=4000), 4000)
    (folder / "text.wav").write_text("this is no sound")
    whole = (folder / "y1.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "wordless.wav").write_bytes(whole)
    (folder / "zero.wav").write_bytes(whole[:22] + b"\0\0" + whole[24:])
    places = {
        "missing_audio": "nowhere.wav", "truncated_audio": "cut.wav", "empty_audio": "empty.wav",
        "silent_audio": "silent.wav", "not_finite": "nan.wav", "unreadable_audio": "text.wav",
        "several_channels": "nine.wav", "low_sample_rate": "slow.wav",
    }  # fmt: skip
    row = {"text": "good morning", "speaker_id": "y1", "accent": "y"}
    rows = [row | {"path": path} for path in places.values()]
    rows += [row | {"path": "zero.wav"}, row | {"path": "wordless.wav", "text": " - "}]
    return rows, {**dict.fromkeys(places, 1), "unreadable_audio": 2, "empty_reference": 1}


def run(manifest, path, *overrides, check=True):
    arguments = [*ECHO, "corpus=folder", f"corpus.manifest={manifest}", "corpus.groups=[accent]", "engine.workers=0"]
    return callgap("run", *arguments, f"hydra.run.dir={path}", *overrides, cwd=path.parent, check=check)


def group(path, name):
    report = json.loads((path / "report.json").read_text())
    return next(row for row in report["groups"] if row["group"] == name), report


def test_a_bad_row_never_stops_a_run_and_is_counted_for_its_group_with_its_reason(tmp_path):
    good = recorded(tmp_path / "calls")
    bad, reasons = spoil(tmp_path / "calls")
    run(write(tmp_path / "calls", good + bad), tmp_path / "run")
    row, report = group(tmp_path / "run", "y")
    assert json.loads(row["excluded_reasons"]) == reasons
    assert (row["ok"], row["excluded"]) == (2, sum(reasons.values()))
    assert group(tmp_path / "run", "x")[0]["excluded"] == 0
    assert [r["group"] for r in report["exclusions"] if r["excluded"]] == ["y"]
    page = (tmp_path / "run" / "report.html").read_text()
    assert all(reason.replace("_", " ") in page.replace("_", " ") for reason in reasons)


def test_strict_ends_at_the_first_bad_row_and_the_run_can_go_on_without_it(tmp_path):
    rows = recorded(tmp_path / "calls")
    rows.insert(2, {"path": "gone.wav", "text": "good morning", "speaker_id": "x2", "accent": "x"})
    manifest = write(tmp_path / "calls", rows)
    path = tmp_path / "run"
    stopped = run(manifest, path, "corpus.strict=true", "batch_size=1", check=False)
    assert stopped.exit_code == 2
    said = [line for line in stopped.output.splitlines() if line.startswith("callgap:")]
    assert len(said) == 1
    assert "gone.wav" in said[0]
    assert "missing_audio" in said[0]
    assert len(list((path / "hypotheses").glob("part-*"))) == 3
    run(manifest, path, "corpus.strict=false", "batch_size=1", f"resume={path}")
    assert group(path, "x")[0]["excluded"] == 1


def test_a_speaker_with_two_accents_is_contradictory_and_never_judged(tmp_path):
    rows = recorded(tmp_path / "calls", ("x1", "x2", "y1", "y2", "z"))
    soundfile.write(tmp_path / "calls" / "again.wav", speech(seed=9), RATE)
    rows.append(rows[-1] | {"path": "again.wav", "accent": "x"})
    run(write(tmp_path / "calls", rows), tmp_path / "run", "+corpus.references.accent=x")
    row, report = group(tmp_path / "run", "contradictory")
    assert (row["speakers"], row["utterances"]) == (1, 2)
    assert {r["group"] for r in report["contrasts"]} == {"y"}


def test_without_a_reference_groups_are_described_and_nothing_is_compared(tmp_path):
    done = run(write(tmp_path / "calls", recorded(tmp_path / "calls")), tmp_path / "run")
    _, report = group(tmp_path / "run", "x")
    assert report["contrasts"] == []
    assert "no reference group was declared" in report["headline"]
    assert "described, not compared" in done.output


def latin(folder):
    rows = [row | {"accent": "québécois"} for row in recorded(folder)]
    return write(folder, rows, encoding="latin-1")


def twice(folder):
    rows = recorded(folder)
    return write(folder, [*rows, rows[0]])


def columnless(folder):
    manifest = write(folder, recorded(folder))
    manifest.write_text(manifest.read_text().replace("speaker_id", "who", 1))
    return manifest


@pytest.mark.parametrize(
    ("make", "overrides", "said"),
    [
        (lambda folder: folder / "none.csv", [], ["none.csv", "No such file"]),
        (latin, [], ["manifest.csv", "line 2", "UTF-8"]),
        (twice, [], ["manifest.csv", "x1.wav"]),
        (columnless, [], ["manifest.csv", "speaker_id", "who"]),
        (lambda f: write(f, recorded(f)), ["corpus.groups=[acent]"], ["acent", "'accent'"]),
        (lambda f: write(f, recorded(f)), ["+corpus.references.accent=w"], ["'w'", "x, y"]),
        (lambda f: write(f, recorded(f)), ["corpus.manifst=x"], ["manifst", "'manifest'"]),
        (lambda f: write(f, recorded(f)), ["channel=g71u"], ["g71u", "g711u"]),
    ],
    ids=["missing", "latin-1", "duplicate", "column", "group", "reference", "key", "choice"],
)
def test_a_fault_of_the_whole_input_is_one_sentence_and_nothing_is_begun(tmp_path, make, overrides, said):
    manifest = make(tmp_path / "calls")
    arguments = [*ECHO, "corpus=folder", f"corpus.manifest={manifest}", "engine.workers=0"]
    if not any(override.startswith("corpus.groups") for override in overrides):
        arguments.append("corpus.groups=[accent]")
    done = callgap("run", *arguments, *overrides, f"hydra.run.dir={tmp_path}/run", cwd=tmp_path, check=False)
    lines = [line for line in done.output.splitlines() if line.strip()]
    assert done.exit_code == 2, done.output
    assert len(lines) == 1, done.output
    assert lines[0].startswith("callgap: ")
    assert all(part in lines[0] for part in said), lines[0]
    assert not (tmp_path / "run").exists()


def test_a_menu_without_intents_says_how_to_do_without_it(tmp_path):
    manifest = write(tmp_path / "calls", recorded(tmp_path / "calls"))
    arguments = ["corpus=folder", f"corpus.manifest={manifest}", "corpus.groups=[accent]"]
    done = callgap("run", *arguments, cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "or ivr=none for open speech without a menu" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("channel=g711u", "accepted: channel=clean"),
        ("recognizer=pocketsphinx-ngram", "accepted: recognizer=transcripts"),
    ],
)
def test_stored_transcripts_refuse_what_needs_audio(tmp_path, override, said):
    (tmp_path / "table.csv").write_text("utterance_id,text,speaker_id,accent\nu1,yes,s1,x\nu2,no,s2,y\n")
    arguments = ["corpus=table", "corpus.file=table.csv", "corpus.groups=[accent]", "ivr=none"]
    if not override.startswith("recognizer"):
        arguments += ["recognizer=transcripts", "recognizer.file=table.csv"]
    done = callgap("run", *arguments, override, cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert said in done.output
    assert "no audio" in done.output


@pytest.mark.parametrize("recognizer", ["transcripts", "command"])
def test_a_pipe_or_a_device_as_a_recording_is_missing_and_stops_nothing(tmp_path, recognizer):
    rows = recorded(tmp_path / "calls")
    os.mkfifo(tmp_path / "calls" / "pipe.wav")
    row = {"text": "good morning", "speaker_id": "y1", "accent": "y"}
    rows += [row | {"path": "pipe.wav"}, row | {"path": "/dev/zero"}]
    manifest = write(tmp_path / "calls", rows)
    texts = tmp_path / "texts.csv"
    texts.write_text("utterance_id,text\n" + "".join(f"{r['path']},good morning\n" for r in rows))
    stored = ["recognizer.file=texts.csv"] if recognizer == "transcripts" else ECHO[1:3]
    arguments = ["corpus=folder", f"corpus.manifest={manifest}", "corpus.groups=[accent]", "engine.workers=0"]
    arguments += ["ivr=none", f"recognizer={recognizer}", *stored]
    callgap("run", *arguments, "hydra.run.dir=run", cwd=tmp_path)
    assert json.loads(group(tmp_path / "run", "y")[0]["excluded_reasons"]) == {"missing_audio": 2}


def test_a_run_without_a_single_text_says_so_first(tmp_path):
    manifest = write(tmp_path / "calls", recorded(tmp_path / "calls"))
    run(manifest, tmp_path / "run", "recognizer.command=['false','{wav}']")
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["headline"] == "Nothing was understood of anybody: none of 4 utterances has a text (4 failed)."


def test_a_sweep_with_a_run_that_failed_never_passes_the_gate_and_is_not_published(tmp_path):
    manifest = write(tmp_path / "calls", recorded(tmp_path / "calls"))
    arguments = [*ECHO, "corpus=folder", f"corpus.manifest={manifest}", "corpus.groups=[accent]", "engine.workers=0"]
    # Four speakers: the office of open-plan wants six.
    done = callgap("run", "-m", *arguments, "channel=clean,open-plan", "hydra.sweep.dir=s", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    gate = callgap("gate", "s", cwd=tmp_path, check=False)
    assert gate.exit_code == 3
    assert "the run failed: channel: babble" in gate.output
    published = callgap("publish", "s", "--to", "s", cwd=tmp_path, check=False)
    assert published.exit_code == 2
    assert "failed (channel: babble" in published.output
    callgap("publish", next((tmp_path / "s").glob("0-*")), "--to", "s", cwd=tmp_path)


@pytest.mark.parametrize("name", ["../x", "a/b", "/x", "..", ""])
def test_a_table_is_published_into_the_folder_of_results_only(tmp_path, name):
    run(write(tmp_path / "calls", recorded(tmp_path / "calls")), tmp_path / "run")
    done = callgap("publish", "run", "--to", name, cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "--to" in done.output
    assert not (tmp_path / "results").exists()


def test_a_published_copy_of_ones_own_recordings_holds_no_text_no_speaker_and_no_path(tmp_path):
    rows = recorded(tmp_path / "miller", ("xavier", "xenia", "yves", "yara"))
    rows = [row | {"text": "my name is quentin"} for row in rows]
    write(tmp_path / "miller", rows)
    tool = tmp_path / "tool.sh"
    tool.write_text("#!/bin/sh\necho good morning\n")
    tool.chmod(0o755)
    # As a user would: a folder named after somebody, a key on the command line.
    given = ["recognizer=command", f"recognizer.command=['{tool}','--key=k3y-of-ours','{{wav}}']", "ivr=none"]
    given += ["corpus=folder", "corpus.manifest=miller/manifest.csv", "corpus.groups=[accent]", "engine.workers=0"]
    callgap("run", *given, "hydra.run.dir=run", cwd=tmp_path)
    callgap("publish", "run", "--to", "own", cwd=tmp_path)
    for file in (tmp_path / "results" / "own").iterdir():
        text = file.read_text()
        for secret in ("quentin", "xavier", "yara", "miller", "k3y-of-ours", "tool.sh", str(tmp_path)):
            assert secret not in text, (file.name, secret)
