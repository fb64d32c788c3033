"""Which device and which path an operation takes."""

import warnings
from collections.abc import Callable

import pytest
import torch

from callgap_kernels import Ragged, align, count_edits, count_errors
from callgap_kernels import device as devices
from callgap_kernels.edit_distance import dispatch
from callgap_kernels.tier import Tier

PAIR = Ragged.from_sequences([[1, 2, 3]]), Ragged.from_sequences([[1, 3]])


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    devices._warn_once.cache_clear()


def test_the_cpu_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(devices.VARIABLE, raising=False)
    assert devices.choose_device(None).type == "cpu"


@pytest.mark.usefixtures("no_cuda")
def test_cuda_that_cannot_run_says_so_once_and_the_cpu_counts() -> None:
    with pytest.warns(RuntimeWarning, match="callgap_kernels runs on the CPU: torch finds no CUDA device"):
        assert count_edits(*PAIR, device="cuda").deletions.tolist() == [1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert count_edits(*PAIR, device="cuda").deletions.tolist() == [1]


@pytest.mark.usefixtures("no_cuda")
def test_the_variable_chooses_where_no_argument_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(devices.VARIABLE, "cuda:0")
    with pytest.warns(RuntimeWarning, match="runs on the CPU"):
        count_edits(*PAIR)
    devices._warn_once.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        count_edits(*PAIR, device="cpu")


def test_a_card_of_before_volta_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: (6, 1))
    assert devices.cuda_fault() == "cuda has compute capability 6.1, the kernels need 7.0"
    assert devices.cuda_fault("cuda:3") == "there is no cuda:3, torch finds 1 CUDA devices"


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:x", "CPU", "meta"])
def test_an_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"device is '{name}'; accepted are"):
        align(*PAIR, device=name)


def test_an_unknown_device_in_the_variable_is_named_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(devices.VARIABLE, "tpu")
    with pytest.raises(ValueError, match="CALLGAP_DEVICE is 'tpu'; accepted are"):
        count_errors(["a"], ["b"])


@pytest.mark.parametrize(("option", "value"), [("threads", 0), ("ties", "sclite")])
def test_other_options_are_refused(option: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{option} is {value!r}; accepted is"):
        count_edits(*PAIR, **{option: value})


def test_a_number_that_torch_would_wrap_around_is_no_other_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    for name in ("cuda:128", "cuda:256", "cuda:300"):
        assert devices.cuda_fault(name) == f"there is no {name}, torch finds 1 CUDA devices"


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize(
    "call", [lambda: count_errors(["a"], ["a"], device="cuda"), lambda: align(*PAIR, device="cuda")]
)
def test_the_warning_points_to_the_caller(call: Callable[[], object]) -> None:
    with pytest.warns(RuntimeWarning, match="runs on the CPU") as told:
        call()
    assert told[0].filename == __file__


def test_lists_are_no_ragged() -> None:
    with pytest.raises(ValueError, match="reference is list; accepted is Ragged"):
        count_edits([[1]], [[1]])


def test_small_work_is_plain_until_there_was_much_of_it() -> None:
    tier = Tier(worth_s=1.0)
    assert [tier.compiled(0.4) for _ in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("spent_s", [0.0, 1e9])
def test_both_paths_are_taken_and_agree(spent_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    plain_align = dispatch.plain.align

    def spy(*pair: Ragged) -> object:
        taken.append("plain")
        return plain_align(*pair)

    monkeypatch.setattr(dispatch.plain, "align", spy)
    monkeypatch.setattr(dispatch, "_tier", Tier(worth_s=4.0, asked_s=spent_s))
    counts = count_edits(*PAIR)
    assert (counts.hits.tolist(), counts.deletions.tolist()) == ([2], [1])
    assert align(*PAIR).operations.tolist() == [0, 2, 0]
    assert taken == ([] if spent_s else ["plain", "plain"])


def test_a_long_pair_never_fills_the_plain_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "_tier", Tier(worth_s=float("inf")))
    monkeypatch.setattr(dispatch.plain, "align", None)
    said, heard = Ragged.from_sequences([list(range(1_001))]), Ragged.from_sequences([[5]])
    assert count_edits(said, heard).deletions.tolist() == [1_000]
