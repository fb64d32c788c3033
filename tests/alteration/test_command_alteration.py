"""A program that alters recordings: taken if it answers, and alone in its fall if it does not."""

import pickle
import sys
import time

import pytest
import torch

from callgap.alteration import Command
from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.records import OK, ItemStatus, Status

HALVE = """
import array, sys, wave
with wave.open(sys.argv[1]) as file:
    shape, samples = file.getparams(), array.array("h", file.readframes(file.getnframes()))
with wave.open(sys.argv[2], "wb") as file:
    file.setparams(shape)
    file.writeframes(array.array("h", [s // 2 for s in samples]).tobytes())
"""


@pytest.fixture
def program(tmp_path):
    """Write a Python program and make the alteration that runs it."""

    def made(source, timeout_s=60.0, **options):
        path = tmp_path / "program.py"
        path.write_text(source, encoding="utf-8")
        command = (sys.executable, "-I", "-S", str(path), "{in}", "{out}")
        return Command(**{"command": command, "timeout_s": timeout_s, "sample_rate": 16000} | options)

    return made


def noise(length=4000, seed=0):
    return 0.5 * torch.rand(length, generator=torch.Generator().manual_seed(seed)) - 0.25


def outcome(unit, signal=None):
    altered = unit.alter(batch_of([noise() if signal is None else signal], 16000, ["u"]))
    return altered.statuses[0].status.value, altered.statuses[0].reason


def test_what_it_writes_is_taken(program):
    altered = pickle.loads(pickle.dumps(program(HALVE))).alter(batch_of([noise()], 16000, ["u"]))
    assert altered.statuses == (OK,)
    assert (altered.signal(0) - noise() / 2).abs().max() < 2 / 32767


def test_another_rate_is_converted_both_ways(program):
    altered = program(HALVE, sample_rate=8000).alter(batch_of([noise(8000)], 16000, ["u"]))
    assert (altered.sample_rate, altered.lengths.tolist()) == (16000, [8000])


WRITE = "import sys; open(sys.argv[2], 'wb').write({!r})"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import sys; sys.exit(3)", "exit_3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal_11"),
        ("pass", "no_file"),
        ("import os, sys; os.symlink('/dev/zero', sys.argv[2])", "no_file"),
        (WRITE.format(b""), "unreadable"),
        (WRITE.format(b"RIFF\xff\xff\xff\x7fWAVEjunk" * 9), "unreadable"),
        (HALVE.replace("samples])", "samples] * 2)"), "longer"),
        (HALVE.replace("samples])", "samples[:3000]])"), "shorter"),
        (HALVE.replace("s // 2", "0"), "silent"),
        (HALVE.replace("s // 2", "max(-32768, min(32767, 8 * s))"), "clipped"),
        (
            HALVE.replace("    file.setparams(shape)", "    file.setparams(shape._replace(nchannels=2))"),
            "several_channels",
        ),
        (
            HALVE.replace("    file.setparams(shape)", "    file.setparams(shape._replace(framerate=4000))"),
            "wrong_rate",
        ),
        (
            HALVE.replace("    file.setparams(shape)", "    file.setparams(shape._replace(framerate=32000))"),
            "wrong_rate",
        ),
    ],
    ids=lambda value: value[-12:] if len(value) < 40 else None,
)
def test_a_failure_has_its_reason(program, source, reason):
    assert outcome(program(source)) == ("failed", reason)


def test_one_that_hangs_is_killed(program):
    begin = time.monotonic()
    assert outcome(program("import time; time.sleep(600)", timeout_s=1.0)) == ("failed", "timeout")
    assert time.monotonic() - begin < 60


def test_one_that_fails_does_not_stop_the_others(program):
    source = HALVE.replace(
        "with wave.open(sys.argv[2]", "sys.exit(1) if len(samples) == 200 else None\nwith wave.open(sys.argv[2]"
    )
    excluded = ItemStatus(Status.EXCLUDED, "missing_audio")
    signals = [noise(300), noise(200), torch.zeros(0), noise(400)]
    altered = program(source).alter(batch_of(signals, 16000, list("abcd"), [OK, OK, excluded, OK]))
    assert altered.statuses == (OK, ItemStatus(Status.FAILED, "exit_1"), excluded, OK)
    assert altered.lengths.tolist() == [300, 0, 0, 400]


def test_the_look_ahead_is_the_whole_utterance_unless_another_is_stated(program):
    assert program(HALVE).look_ahead_s == float("inf")
    assert program(HALVE, stated_look_ahead_s=0.2).look_ahead_s == 0.2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"command": ("no-such-converter", "{in}", "{out}")},
            "alteration.command: found no program 'no-such-converter'",
        ),
        ({"command": (sys.executable, "{in}")}, r"an argument must hold \{out\}, the file to write"),
        ({"environment": ("CALLGAP_UNSET",)}, "alteration.environment: the variable 'CALLGAP_UNSET' is not set"),
    ],
)
def test_what_cannot_run_is_one_sentence(program, options, message):
    with pytest.raises(InputError, match=message):
        program(HALVE, **options).check()
