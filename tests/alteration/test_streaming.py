"""A program that alters a voice while it speaks, held to the look-ahead that it states."""

import sys

import pytest
import torch

from callgap.alteration import StreamingCommand
from callgap.audio import batch_of

# Delays by as many samples as its argument says, and turns the sign.
DELAY = """
import array, sys
late = array.array("h", bytes(2 * int(sys.argv[1])))
while piece := sys.stdin.buffer.read1(65536):
    late.frombytes(piece)
    count = len(late) - int(sys.argv[1])
    sys.stdout.buffer.write(array.array("h", [-s for s in late[:count]]).tobytes())
    sys.stdout.buffer.flush()
    del late[:count]
"""


# Says nothing before it has heard so many samples.
WITHHOLD = """
import sys
held = b""
while piece := sys.stdin.buffer.read1(65536):
    held += piece
    if len(held) > 2 * int(sys.argv[1]):
        count = len(held) - 2 * int(sys.argv[1])
        sys.stdout.buffer.write(held[:count])
        sys.stdout.buffer.flush()
        held = held[count:]
sys.stdout.buffer.write(held)
"""


@pytest.fixture
def program(tmp_path):
    def made(source, *arguments, **options):
        path = tmp_path / "program.py"
        path.write_text(source, encoding="utf-8")
        command = (sys.executable, "-I", "-S", str(path), *arguments)
        given = {
            "command": command,
            "chunk_s": 0.02,
            "stated_look_ahead_s": 0.05,
            "timeout_s": 60.0,
            "sample_rate": 8000,
        }
        return StreamingCommand(**given | options)

    return made


def noise(length):
    return 0.5 * torch.rand(length, generator=torch.Generator().manual_seed(1)) - 0.25


def outcome(unit, length=2000):
    altered = unit.alter(batch_of([noise(length)], 8000, ["u"]))
    return altered.statuses[0].reason


@pytest.mark.parametrize("length", [1, 159, 160, 161, 2000])
def test_the_stated_delay_is_removed(program, length):
    altered = program(DELAY, "400").alter(batch_of([noise(length)], 8000, ["u"]))
    assert altered.statuses[0].reason is None
    assert (altered.signal(0) + noise(length)).abs().max() < 1 / 32767


def test_every_chunk_is_timed(program):
    found = program(DELAY, "400").streamed(noise(2000))
    # 2,000 samples and 400 of silence, 160 at a time.
    assert len(found.chunk_seconds) == 15
    assert all(seconds >= 0 for seconds in found.chunk_seconds)
    assert len(found.signal) == 2000


def test_one_that_needs_more_of_the_future_than_it_states_fails(program):
    assert outcome(program(WITHHOLD, "800", timeout_s=4.0)) == "timeout"
    assert outcome(program(WITHHOLD, "400")) is None


def test_one_that_needs_less_is_shifted_by_what_it_states(program):
    # It is early: what it says is aligned as if it were as late as it states.
    altered = program(DELAY, "0").alter(batch_of([noise(2000)], 8000, ["u"]))
    assert (altered.signal(0)[:1600] + noise(2000)[400:]).abs().max() < 1 / 32767


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import sys; sys.exit(4)", "exit_4"),
        ("import sys; sys.stdin.buffer.read(100)", "ended_early"),
        ("import sys\nwhile True: sys.stdout.buffer.write(bytes(1000))", "too_much_output"),
        ("import sys\nfor p in iter(lambda: sys.stdin.buffer.read1(), b''):\n sys.stdout.buffer.write(bytes(len(p))); "
         "sys.stdout.buffer.flush()", "silent"),
        (DELAY + "\nsys.stdout.buffer.write(bytes(200))", "longer"),
        (DELAY + "\nsys.exit(5)", "exit_5"),
    ],
)  # fmt: skip
def test_a_failure_has_its_reason(program, source, reason):
    arguments = ["400"] if "argv" in source else []
    assert outcome(program(source, *arguments)) == reason


def test_the_look_ahead_counts_the_chunk(program):
    assert program(DELAY, "400").look_ahead_s == pytest.approx(0.07)
