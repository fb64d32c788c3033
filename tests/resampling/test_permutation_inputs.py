"""What the permutation test refuses, and that it says where."""

import re

import numpy as np
import pytest
import torch

from callgap_kernels.resampling.permutation import Permutation, permute

GOOD: dict[str, object] = {
    "numerator": np.array([[1], [2], [3], [4]]),
    "denominator": np.array([[10], [10], [10], [10]]),
    "group": np.array([0, 0, 1, 1]),
    "contrasts": np.array([[1, 0]]),
    "seed": 1,
    "resamples": 99,
}


def run(**changed: object) -> Permutation:
    return permute(**{**GOOD, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"numerator": np.ones((4, 2))}, "numerator has shape (4, 2) and denominator (4, 1)"),
        ({"denominator": np.array([[10], [10], [10], [-1]])}, "denominator[3, 0] is negative"),
        ({"group": np.array([0, 0, 2, 2])}, "group 1 has no speaker"),
        ({"contrasts": np.array([[1, 0], [2, 0]])}, "contrasts[1, 0] is not a group; accepted is 0 to 1"),
        ({"contrasts": np.array([[1, 1]])}, "contrasts[0] compares a group with itself"),
        ({"strata": np.array([0, 0, 1])}, "strata has shape (3,); accepted is one number per speaker, (4,)"),
        ({"strata": np.array([0.0, 0.0, 1.0, 1.0])}, "strata has dtype float64; accepted are integers"),
        ({"strata": np.array(["a", "a", "b", "b"])}, "strata has dtype <U1; accepted are integers"),
        ({"seed": -1}, "seed is -1; accepted is a whole number from 0 to 18446744073709551615"),
        ({"seed": 2**64}, "seed is 18446744073709551616"),
        ({"resamples": 0}, "resamples is 0; accepted is a whole number from 1 to 4294967296"),
        ({"resamples": 2**32 + 1}, "resamples is 4294967297; accepted is a whole number from 1 to"),
        ({"seed": 1.5}, "seed is 1.5; accepted is a whole number"),
        ({"resamples": None}, "resamples is None; accepted is a whole number"),
        ({"statistic": "mean"}, "statistic is 'mean'; accepted are 'studentized', 'difference'"),
        ({"device": "tpu"}, "device is 'tpu'; accepted are"),
    ],
)
def test_a_broken_permutation_input_is_refused_by_place(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        run(**changed)


def test_tensors_are_taken() -> None:
    tensors = {name: torch.tensor(GOOD[name]) for name in ("numerator", "denominator", "group", "contrasts")}
    result = run(**tensors, strata=torch.tensor([0, 1, 0, 1]))
    assert result.difference.p.item() == run(strata=np.array([0, 1, 0, 1])).difference.p.item()


def test_the_result_says_how_it_was_made() -> None:
    result = run(statistic="difference")
    assert (result.seed, result.resamples, result.statistic) == (1, 99, "difference")
