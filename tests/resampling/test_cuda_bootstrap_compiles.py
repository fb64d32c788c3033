"""The kernel of the bootstrap compiles for an H200 without one at hand; nothing here runs it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from callgap_kernels.resampling.triton_kernel import BLOCK, DRAWS_PER_CALL, count_draws_kernel

WARPS = 4
LANES = 32 * WARPS
TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    signature = {**dict.fromkeys(count_draws_kernel.arg_names, "i32"), "counts": "*fp64", "BLOCK": "constexpr"}
    source = ASTSource(count_draws_kernel, signature, {"BLOCK": BLOCK})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_CACHE_DIR", str(tmp_path_factory.mktemp("triton")))
        return triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": WARPS})


@pytest.fixture(scope="module")
def cubin(compiled: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cubin") / "kernel.cubin"
    path.write_bytes(compiled.asm["cubin"])
    return path


def dump(option: str, cubin: Path) -> str:
    return subprocess.run([TOOLS / "cuobjdump", option, cubin], check=True, capture_output=True, text=True).stdout


def test_the_kernel_compiles_for_sm_90(compiled: Any) -> None:
    assert compiled.asm["cubin"][:4] == b"\x7fELF"
    assert "sm_90" in compiled.asm["ptx"]


def test_philox_is_computed_in_unsigned_32_bit_words(compiled: Any) -> None:
    # Per call nine rounds of two high halves, and one that the group alone decides is a scalar; four for the draws.
    high_halves = re.findall(r"tt\.mulhiui .* : (\S+)", compiled.asm["ttir"])
    types = [kind for kind in high_halves if kind != "i32"]
    assert set(types) == {f"tensor<{BLOCK}xi32>"}
    assert len(high_halves) == 2 * 10 + DRAWS_PER_CALL


def test_nothing_is_spilled(cubin: Path) -> None:
    usage = dump("-res-usage", cubin)
    assert "STACK:0 " in usage
    assert "LOCAL:0 " in usage


def test_a_draw_is_one_float64_reduction_and_less_than_40_instructions(cubin: Path) -> None:
    operations = re.findall(r"/\*[0-9a-f]{4}\*/\s+(?:@!?U?P\w+ )?([A-Z0-9.]+)", dump("-sass", cubin))
    draws = DRAWS_PER_CALL * BLOCK // LANES
    reductions = [operation for operation in operations if operation.startswith(("RED", "ATOM"))]
    assert reductions == ["REDG.E.ADD.F64.RN.STRONG.GPU"] * draws
    assert sum(operation != "NOP" for operation in operations) < 40 * draws
