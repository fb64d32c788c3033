"""A program that reads a WAV file: heard if it answers, and alone in its fall if it does not."""

import pickle
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import torch

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.recognizer import Command
from callgap.records import OK, Context, ItemStatus, Status

CONTEXT = Context("fr-BE")


@pytest.fixture
def program(tmp_path):
    """Write a Python program and make the recognizer that runs it."""

    def made(source, *arguments, timeout_s=20.0, **options):
        path = tmp_path / "program.py"
        path.write_text(source, encoding="utf-8")
        command = (sys.executable, "-I", "-S", str(path), "{wav}", *arguments)
        return Command(**{"command": command, "timeout_s": timeout_s, "sample_rate": 16000} | options)

    return made


def answer(recognizer, signal=None):
    batch = batch_of([torch.zeros(1600) if signal is None else signal], 16000, ["u"])
    (found,) = recognizer.transcribe(batch, CONTEXT).hypotheses
    return found


def failure(recognizer):
    found = answer(recognizer)
    assert found.text is None
    return found.status.status.value, found.status.reason


def running(pid):
    try:
        with Path(f"/proc/{pid}/stat").open() as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(seconds, pid):
    deadline = time.monotonic() + seconds
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not running(pid)


def test_plain_output_is_the_text_without_white_space_around_it(program):
    found = answer(program("print('  caf\\u00e9 noir \\n')"))
    assert (found.text, found.status, found.confidence, found.n_best) == ("café noir", OK, None, ("café noir",))
    assert found.latency_s > 0


def test_no_output_is_an_empty_text(program):
    found = answer(program("pass"))
    assert (found.text, found.status, found.n_best) == ("", OK, ())


def test_json_gives_text_confidence_and_alternatives(program):
    found = answer(program("""print('{"text": " oui ", "confidence": 1, "n_best": ["oui", "huit"], "more": 3}')"""))
    assert (found.text, found.status, found.confidence, found.n_best) == ("oui", OK, 1.0, ("oui", "huit"))


def test_a_null_text_is_missing(program):
    assert failure(program("""print('{"text": null}')""")) == ("missing", "no_text")


@pytest.mark.parametrize(
    "printed",
    [
        "{oui}",
        "{}",
        '{"text": 3}',
        '{"text": "oui", "confidence": "high"}',
        '{"text": "oui", "confidence": true}',
        '{"text": "oui", "confidence": NaN}',
        '{"text": "oui", "confidence": 1e999}',
        '{"text": "oui", "n_best": "oui"}',
        '{"text": "oui", "n_best": [null]}',
        '{"text": "\\ud800"}',
        '{"text": "oui"} {"text": "non"}',
        '{"a":' * 100_000,
    ],
    ids=lambda printed: printed[:24],
)
def test_json_that_is_none_or_says_something_else_fails(program, printed):
    assert failure(program(f"print({printed!r})")) == ("failed", "bad_json")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import sys; print('yes'); sys.exit(3)", "exit_3"),
        ("import os, signal; print('yes', flush=True); os.kill(os.getpid(), signal.SIGSEGV)", "signal_11"),
        ("import sys; sys.stdout.buffer.write(b'caf\\xe9')", "not_utf8"),
        ("print('x' * 10_000_000)", "too_much_output"),
        ("while True: print('x' * 1000)", "too_much_output"),
    ],
)
def test_a_failure_has_a_short_reason(program, source, reason):
    assert failure(program(source)) == ("failed", reason)


def test_a_file_that_cannot_be_started_fails(tmp_path):
    path = tmp_path / "program"
    path.write_bytes(b"\x00\x01")
    path.chmod(0o755)
    assert failure(Command((str(path), "{wav}"), 5.0, 16000)) == ("failed", "not_started")


def test_a_megabyte_is_still_read(program):
    assert len(answer(program("print('x' * (2**20 - 1))")).text) == 2**20 - 1


@pytest.mark.parametrize("before", ["", "import os; os.close(1); ", "print('yes', flush=True); "])
def test_a_program_that_does_not_end_is_killed(program, before):
    begin = time.monotonic()
    assert failure(program(f"{before}import time; time.sleep(60)", timeout_s=0.5)) == ("failed", "timeout")
    assert time.monotonic() - begin < 10


FORKING = """
import os, sys, time
if os.fork() == 0:
    if os.fork() == 0:
        with open(sys.argv[2] + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(sys.argv[2] + ".new", sys.argv[2])
        time.sleep(60)
    os._exit(0)
while not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
print("parent", flush=True)
time.sleep(SECONDS)
"""


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc to see other processes")
@pytest.mark.parametrize("seconds", [0, 60])
def test_a_grandchild_is_killed_with_the_program_and_holds_nothing_up(program, tmp_path, seconds):
    note = tmp_path / "grandchild"
    recognizer = program(FORKING.replace("SECONDS", str(seconds)), str(note), timeout_s=4.0)
    begin = time.monotonic()
    found = answer(recognizer)
    assert time.monotonic() - begin < 20
    assert (found.text, found.status.reason) == ((None, "timeout") if seconds else ("parent", None))
    assert gone_within(5, int(note.read_text()))


def test_one_that_fails_does_not_stop_the_others(program):
    source = "import sys, wave; n = wave.open(sys.argv[1]).getnframes(); sys.exit(1) if n == 200 else print(n)"
    excluded = ItemStatus(Status.EXCLUDED, "missing_audio")
    signals = [torch.zeros(n) for n in (100, 200, 0, 300)]
    batch = batch_of(signals, 16000, list("abcd"), [OK, OK, excluded, OK])
    found = program(source).transcribe(batch, CONTEXT)
    assert found.utterance_ids == tuple("abcd")
    assert [h.text for h in found.hypotheses] == ["100", None, None, "300"]
    assert found.hypotheses[2].status == excluded


def test_the_wav_file_has_the_samples_rate_and_width_that_were_promised(program, tmp_path):
    copy = tmp_path / "copy.wav"
    signal = torch.tensor([0.0, 0.5, -0.5, 1.0, -1.0, 2.0])
    answer(program("import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])", str(copy)), signal)
    with wave.open(str(copy), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
        samples = np.frombuffer(file.readframes(10), dtype="<i2")
    assert samples.tolist() == [0, 16384, -16384, 32767, -32767, 32767]


def test_another_rate_is_resampled_to(program):
    source = "import sys, wave; w = wave.open(sys.argv[1]); print(w.getframerate(), w.getnframes())"
    assert answer(program(source, sample_rate=8000), torch.zeros(16000)).text == "8000 8000"


def test_it_runs_in_an_empty_folder_that_is_removed_whatever_it_leaves(program):
    source = (
        "import os; print(os.getcwd(), os.listdir(), sep='|'); os.mkdir('left'); open('left/file', 'w').close();"
        "os.symlink('/', 'link'); os.chmod('left', 0o500)"
    )
    folder, listed = answer(program(source)).text.split("|")
    assert listed == "['utterance.wav']"
    assert Path(folder) != Path.cwd()
    assert not Path(folder).exists()


def test_nothing_of_the_environment_passes_but_what_is_named(program, monkeypatch):
    monkeypatch.setenv("CALLGAP_SECRET", "1")
    monkeypatch.setenv("CALLGAP_MODEL", "large")
    source = "import os; print(*sorted(os.environ))"
    # Python adds LC_CTYPE to its own environment where there is no locale.
    seen = set(answer(program(source, environment=("CALLGAP_MODEL",))).text.split()) - {"LC_CTYPE"}
    assert "CALLGAP_MODEL" in seen
    assert seen <= {"PATH", "LANG", "HOME", "CALLGAP_MODEL"}


def test_it_has_a_session_of_its_own_no_input_and_knows_the_language(program):
    source = "import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read()), sys.argv[2:])"
    found = answer(program(source, "--lang={language}", "{other} $HOME"))
    assert found.text == "True '' ['--lang=fr-BE', '{other} $HOME']"


def test_a_copy_answers_the_same(program):
    assert answer(pickle.loads(pickle.dumps(program("print('yes')")))).text == "yes"


def test_the_identity_is_what_the_user_says():
    given = {"id": "asr", "revision": "2.1", "locale": "fr-FR"}
    assert Command(("asr", "{wav}"), 5.0, 16000, **given).identity() == given
    assert Command(("bin/kaldi.sh", "{wav}"), 5.0, 16000).identity()["id"] == "kaldi"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"command": ("no-such-recognizer", "{wav}")}, "found no program 'no-such-recognizer'"),
        ({"command": (sys.executable, "wav")}, r"wav'; an argument must hold \{wav\}"),
        ({"command": (sys.executable, "asr.py", "{wav}")}, "found 'asr.py'.* write the absolute path"),
        ({"environment": ("CALLGAP_UNSET",)}, "the variable 'CALLGAP_UNSET' is not set"),
    ],
)
def test_what_cannot_run_is_one_sentence_before_anything_does(tmp_path, monkeypatch, options, message):
    (tmp_path / "asr.py").touch()
    monkeypatch.chdir(tmp_path)
    recognizer = Command(**{"command": (sys.executable, "{wav}"), "timeout_s": 5, "sample_rate": 16000} | options)
    with pytest.raises(InputError, match=message):
        recognizer.check([], "en-US")


def test_a_program_in_this_folder_may_be_named_by_a_relative_path(tmp_path, monkeypatch):
    path = tmp_path / "asr.sh"
    path.write_text('#!/bin/sh\necho "$1"\n')
    path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    recognizer = Command(("./asr.sh", "{wav}"), 5.0, 16000)
    recognizer.check([], "en-US")
    assert answer(recognizer).text.endswith("utterance.wav")
