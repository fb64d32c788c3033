"""Where work is done changes nothing of what comes out."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from callgap.engine import LocalEngine
from callgap.errors import InputError


@dataclass(frozen=True)
class Square:
    def __call__(self, job):
        return job * job, os.getpid()


@dataclass(frozen=True)
class Faulty:
    def __call__(self, job):
        raise InputError(f"job {job} is at fault")


@dataclass(frozen=True)
class Dying:
    def __call__(self, job):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("workers", [0, 2])
def test_every_job_is_done_once(workers):
    results = list(LocalEngine(workers).map(Square(), list(range(20))))
    assert sorted(value for value, _ in results) == [n * n for n in range(20)]
    here = {process == os.getpid() for _, process in results}
    assert here == {workers == 0}


@dataclass(frozen=True)
class Marking:
    """Leaves a file for each job that was begun."""

    folder: str

    def __call__(self, job):
        (Path(self.folder) / str(job)).touch()
        return job


def test_jobs_wait_until_results_are_taken(tmp_path):
    results = LocalEngine(1).map(Marking(str(tmp_path)), list(range(30)))
    taken = [next(results) for _ in range(3)]
    time.sleep(0.3)
    assert len(list(tmp_path.iterdir())) <= len(taken) + 2
    assert sorted([*taken, *results]) == list(range(30))


def test_no_jobs_give_nothing():
    assert list(LocalEngine(2).map(Square(), [])) == []


@pytest.mark.parametrize("workers", [0, 1])
def test_a_fault_of_the_input_reaches_the_caller_as_it_is(workers):
    with pytest.raises(InputError, match="job 3 is at fault"):
        list(LocalEngine(workers).map(Faulty(), [3]))


def test_a_dead_worker_is_an_error_that_says_how_to_go_on():
    with pytest.raises(RuntimeError, match="resume="):
        list(LocalEngine(1).map(Dying(), [1, 2]))
