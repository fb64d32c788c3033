"""`callgap corpus init` and `check`, from a folder of recordings to one that a run can use."""

import numpy as np
import soundfile
from runs import callgap


def record(folder, speakers=2):
    noise = np.random.default_rng(1).standard_normal(16000) * 0.1
    for number in range(speakers):
        place = folder / f"speaker{number}"
        place.mkdir(parents=True)
        soundfile.write(place / "a.wav", noise, 16000)
        (place / "a.txt").write_text("hello there")


def test_init_writes_a_manifest_and_a_card_and_says_what_is_left(tmp_path):
    record(tmp_path / "calls")
    printed = callgap("corpus", "init", "calls", cwd=tmp_path).stdout
    assert "2 recordings are listed in calls/manifest.csv." in printed
    assert "callgap corpus check calls/manifest.csv" in printed
    again = callgap("corpus", "init", "calls", cwd=tmp_path, check=False)
    assert (again.exit_code, "is there already and is never overwritten" in again.stderr) == (2, True)


def test_check_says_whether_a_run_can_use_the_corpus(tmp_path):
    record(tmp_path / "calls")
    rows = ["path,text,speaker_id,accent", "speaker0/a.wav,hello,a,x", "speaker1/a.wav,hello,b,y"]
    manifest = tmp_path / "calls" / "manifest.csv"
    manifest.write_text("\n".join(rows) + "\n")
    done = callgap("corpus", "check", "calls", cwd=tmp_path)
    assert "2 utterances of 2 speakers" in done.stdout
    assert "A run can use this corpus if it is told the groups" in " ".join(done.stdout.split())
    manifest.write_text("\n".join(rows[:2]) + "\n")
    done = callgap("corpus", "check", "calls", cwd=tmp_path, check=False)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == "No run can use this corpus yet."


def test_what_is_no_corpus_is_one_sentence(tmp_path):
    for command in ("init", "check"):
        done = callgap("corpus", command, "nowhere", cwd=tmp_path, check=False)
        assert done.exit_code == 2
        assert len(done.stderr.strip().splitlines()) == 1
