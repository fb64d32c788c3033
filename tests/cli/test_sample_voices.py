"""`callgap sample` over real people: six who say digits, in files that bear their first names."""

import json

import numpy as np
import pytest
import soundfile
from runs import callgap
from sampled import draw, fill, key, read

from callgap.corpus.fsdd import DIGITS, read_speakers
from callgap.reference_error import differential_reference_error


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """A finished run of two takes; the recognizer hears the same digit always."""
    if not (data / "fsdd" / "recordings").is_dir():
        pytest.skip("no recordings of the Free Spoken Digit Dataset: set CALLGAP_DATA")
    folder = tmp_path_factory.mktemp("fsdd")
    callgap(
        "run", "corpus=fsdd", f"corpus.root={data / 'fsdd'}", "corpus.takes=2", "recognizer=command",
        "recognizer.command=[echo,nine,'{wav}']", "recognizer.id=echo", "ivr=none", "fairness=speech",
        "fairness.resamples=1000", "engine.workers=0", f"hydra.run.dir={folder / 'run'}", cwd=folder,
    )  # fmt: skip
    return folder / "run"


def test_no_first_name_and_no_file_name_reaches_a_transcriber(run, data, tmp_path):
    output, _ = draw(run, tmp_path / "sample", "--per-group=12")
    names = [name.lower().encode() for name in read_speakers(data / "fsdd")]
    given = [path for folder in output.glob("transcriber-*") for path in folder.iterdir()]
    assert len(given) > len(key(output))
    for path in given:
        content = path.name.encode() + path.read_bytes().lower()
        assert [name for name in names if name in content] == []


def test_a_sample_of_everything_goes_round(run, data, tmp_path):
    output, _ = draw(run, tmp_path / "sample", "--transcribers=1")
    names = sorted(read_speakers(data / "fsdd"))
    for item, utterance in key(output).items():
        digit, speaker, take = utterance.split("_")
        source = data / "fsdd" / "recordings" / f"{digit}_{names[int(speaker[1:]) - 1]}_{take}.wav"
        found, wanted = (soundfile.read(p, dtype="int16")[0] for p in (output / f"transcriber-1/{item}.wav", source))
        np.testing.assert_array_equal(found, wanted)
    # Suppose that one speaker says "oh" for zero: two takes of twenty, of a word each.
    fill(output, lambda u: "oh" if u.startswith("0_s01") else DIGITS[int(u[0])])
    read(output)
    rows = json.loads((run / "reference_error.json").read_text())["accent"]["rows"]
    people = read_speakers(data / "fsdd")
    errors = {row["group"]: row["errors"] for row in rows if row["normalizer"] == "basic"}
    assert errors == {p["accent"]: 2 if p["accent"] == people[names[0]]["accent"] else 0 for p in people.values()}
    assert sum(row["utterances"] for row in rows if row["normalizer"] == "basic") == 6 * 10 * 2
    assert {row.standing for row in differential_reference_error(run).values()} <= {"counts only", "described"}
