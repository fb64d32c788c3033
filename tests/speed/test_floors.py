"""The integer floor does the arithmetic that it is said to do, and compiles for the GPU without one."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from callgap_kernels.speed.cases import Shape
from callgap_kernels.speed.floors import Rates, floor_rows, measure_rates

LANES, ROUNDS = 32, 5

INTERPRETED = f"""
import torch
from callgap_kernels.speed.triton_kernel import shift_and_mix
out = torch.full(({LANES},), -7, dtype=torch.int32)
shift_and_mix[(2,)](out, {ROUNDS}, BLOCK={LANES // 2})
print(*out.tolist())
"""


def mixed() -> list[int]:
    state = np.arange(1, LANES + 1, dtype=np.uint32)
    for _ in range(ROUNDS):
        state ^= state << np.uint32(13)
        state ^= state >> np.uint32(17)
        state ^= state << np.uint32(5)
    return state.view(np.int32).tolist()


def test_the_kernel_is_xorshift() -> None:
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    command = [sys.executable, "-c", INTERPRETED]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert list(map(int, run.stdout.split())) == mixed()


def test_the_kernel_compiles_for_hopper_without_a_gpu() -> None:
    triton = pytest.importorskip("triton")
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from callgap_kernels.speed.triton_kernel import shift_and_mix

    signature = {"out": "*i32", "rounds": "i32", "BLOCK": "constexpr"}
    source = ASTSource(shift_and_mix, signature=signature, constexprs={(2,): 256})
    compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32))
    assert compiled.asm["cubin"].startswith(b"\x7fELF")


def test_floors_are_bytes_and_instructions_over_what_was_measured() -> None:
    rates = Rates(bytes_per_s=4e12, operations_per_s=16e12)
    copy, integers = floor_rows(rates, "ids", Shape("40 words", 40), 1_000_000, "cuda")
    assert copy.us[1] == pytest.approx((40 * 8 + 32) / 4e12 * 1e6)
    assert integers.us[1] == pytest.approx(40 * 104 / 32 / 16e12 * 1e6)
    _, long = floor_rows(rates, "ids", Shape("65 words", 65), 1, "cuda")
    assert long.us[1] == pytest.approx(65 * 2 * 104 / 32 / 16e12 * 1e6)


@pytest.mark.gpu
def test_a_real_device_has_rates() -> None:
    rates = measure_rates("cuda")
    assert rates.bytes_per_s > 1e11
    assert rates.operations_per_s > 1e12
    assert torch.cuda.is_available()
