"""What the resampling refuses, and that it says where."""

import re

import numpy as np
import pytest
import torch

from callgap_kernels import BootstrapT, bootstrap_t
from callgap_kernels.resampling.inputs import SpeakerSums

GOOD: dict[str, object] = {
    "numerator": np.array([[1], [2], [3], [4]]),
    "denominator": np.array([[10], [10], [10], [10]]),
    "group": np.array([0, 0, 1, 1]),
    "contrasts": np.array([[1, 0]]),
    "seed": 1,
    "resamples": 99,
}


def run(**changed: object) -> BootstrapT:
    return bootstrap_t(**{**GOOD, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"numerator": np.array([1, 2, 3, 4])}, "numerator has shape (4,); accepted is [speaker, endpoint]"),
        ({"numerator": np.empty((0, 1))}, "numerator has shape (0, 1)"),
        ({"numerator": np.ones((4, 2))}, "numerator has shape (4, 2) and denominator (4, 1)"),
        ({"numerator": np.array([["1"], ["2"], ["3"], ["4"]])}, "numerator has dtype <U1"),
        ({"numerator": np.ones((4, 1), dtype=bool)}, "numerator has dtype bool"),
        ({"numerator": np.array([[1.0], [np.nan], [3.0], [4.0]])}, "numerator[1, 0] is not finite"),
        ({"numerator": np.array([[1], [2], [2**53], [4]])}, "numerator[2, 0] is too large"),
        ({"denominator": np.array([[10], [10], [10], [-1]])}, "denominator[3, 0] is negative"),
        ({"denominator": np.array([[10], [np.inf], [10], [10]])}, "denominator[1, 0] is not finite"),
        ({"group": np.array([0, 0, 1])}, "group has shape (3,); accepted is one number per speaker, (4,)"),
        ({"group": np.array([0.0, 0.0, 1.0, 1.0])}, "group has dtype float64; accepted are integers"),
        ({"group": np.array([0, -1, 1, 1])}, "group[1] is negative"),
        ({"group": np.array([0, 0, 2, 2])}, "group 1 has no speaker"),
        ({"contrasts": np.array([1, 0])}, "contrasts has shape (2,); accepted is [contrast, 2]"),
        ({"contrasts": np.array([[1, 0], [2, 0]])}, "contrasts[1, 0] is not a group; accepted is 0 to 1"),
        ({"contrasts": np.array([[1, 0], [1, 1]])}, "contrasts[1] compares a group with itself"),
        ({"seed": -1}, "seed is -1"),
        ({"alpha": 0.0}, "alpha is 0.0"),
        ({"resamples": 38}, "resamples is 38; alpha=0.05 needs at least 39"),
        ({"resamples": 2**32}, "resamples is 4294967296; accepted are fewer than 2**32"),
        ({"tile": 0}, "tile is 0"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": 1.5}, "threads is 1.5; accepted is a whole number"),
        ({"seed": 1.5}, "seed is 1.5; accepted is a whole number"),
        ({"seed": True}, "seed is True; accepted is a whole number"),
        ({"alpha": "5%"}, "alpha is '5%'; accepted is a number between 0 and 1"),
        (
            {"numerator": np.array([[1e-160], [1.0], [2.0], [3.0]])},
            "numerator[0, 0] is 1e-160; accepted are 0 and magnitudes",
        ),
        ({"denominator": np.array([[1.0], [1e301], [2.0], [3.0]])}, "denominator[1, 0] is 1e+301; accepted are 0 and"),
        ({"device": "gpu"}, 'device is \'gpu\'; accepted are "cpu", "cuda" and "cuda:N"'),
    ],
)
def test_a_broken_input_is_refused_by_place(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        run(**changed)


def test_the_fewest_resamples_are_enough() -> None:
    assert run(resamples=39).resamples == 39


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.float32, torch.float64])
def test_tensors_convert_without_loss(dtype: torch.dtype) -> None:
    numerator = torch.tensor([[16_777_216], [1]], dtype=dtype)
    sums = SpeakerSums.from_arrays(numerator, numerator, torch.tensor([0, 0]), torch.empty((0, 2), dtype=torch.int64))
    assert sums.numerator.dtype == np.float64
    assert sums.numerator.ravel().tolist() == [16_777_216.0, 1.0]
