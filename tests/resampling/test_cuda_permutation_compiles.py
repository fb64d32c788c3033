"""The kernels of the permutation tests compile for an H200 without one at hand; nothing here runs them."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from callgap_kernels.resampling.permutation.triton_kernel import (
    LANES,
    MOST_GROUPS,
    STEPS_PER_CALL,
    WARPS,
    permute_labels_kernel,
    sum_rates_kernel,
)

TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
FLOATS = dict.fromkeys(("numerator", "denominator", "factor", "bound", "rate", "variance"), "*fp64")
ONE_LANE_PER_THREAD = f"sizePerThread = [1], threadsPerWarp = [32], warpsPerCTA = [{WARPS}], order = [0]"


@pytest.fixture(scope="module", autouse=True)
def fresh_cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_CACHE_DIR", str(tmp_path_factory.mktemp("triton")))
        yield


def compiled(kernel: Any, pointers: dict[str, str], constants: dict[str, Any], **options: Any) -> Any:
    signature = {**dict.fromkeys(kernel.arg_names, "i32"), **pointers, **dict.fromkeys(constants, "constexpr")}
    target = GPUTarget("cuda", 90, 32)
    return triton.compile(
        ASTSource(kernel, signature, constants), target=target, options={"num_warps": WARPS, **options}
    )


@pytest.fixture(scope="module", params=["*i8", "*i32"])
def permuting(request: pytest.FixtureRequest) -> Any:
    pointers = {"labels": request.param, "steps": "*i32"}
    return compiled(permute_labels_kernel, pointers, {"LANES": LANES}, num_stages=1)


@pytest.fixture(scope="module", params=[(groups, wanted) for groups in (2, 4, MOST_GROUPS) for wanted in (True, False)])
def summing(request: pytest.FixtureRequest) -> Any:
    groups, studentized = request.param
    constants = {"GROUPS": groups, "STUDENTIZED": studentized, "LANES": LANES}
    return compiled(sum_rates_kernel, {"labels": "*i8", **FLOATS}, constants, enable_fp_fusion=False)


def assert_registers_suffice(kernel: Any, folder: Path) -> None:
    cubin = folder / "kernel.cubin"
    cubin.write_bytes(kernel.asm["cubin"])
    command = [TOOLS / "cuobjdump", "-res-usage", cubin]
    usage = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for memory in ("STACK", "LOCAL", "SHARED"):
        assert f"{memory}:0 " in usage


def test_the_shuffle_compiles_for_sm_90_without_spills(permuting: Any, tmp_path: Path) -> None:
    assert "sm_90" in permuting.asm["ptx"]
    assert_registers_suffice(permuting, tmp_path)


def test_sums_compile_for_sm_90_without_spills(summing: Any, tmp_path: Path) -> None:
    assert "sm_90" in summing.asm["ptx"]
    assert_registers_suffice(summing, tmp_path)


def test_a_lane_reads_back_what_it_wrote_itself(permuting: Any) -> None:
    # One layout of one element per thread: no other thread takes part in a column.
    layouts = re.findall(r"^#\w+ = #ttg\.\w+<\{(.*)\}>$", permuting.asm["ttgir"], re.MULTILINE)
    assert layouts == [ONE_LANE_PER_THREAD]
    assert "convert_layout" not in permuting.asm["ttgir"]
    assert "shared" not in permuting.asm["ttgir"].replace("ttg.shared = 0", "")


def test_nothing_is_read_ahead_of_a_store(permuting: Any) -> None:
    # Two loads and two stores per step, in the order of the source, and none through the read-only cache.
    order = re.findall(r"tt\.(load|store) %\w+, [^:]*: tensor<", permuting.asm["ttgir"])
    assert order == ["load", "load", "store", "store"] * STEPS_PER_CALL
    assert not re.findall(r"cp\.async|ld\.global\.nc", permuting.asm["ptx"])


def test_philox_is_computed_in_unsigned_32_bit_words(permuting: Any) -> None:
    # Per call ten rounds of two high halves, those that no lane decides as scalars; four for the steps.
    high_halves = re.findall(r"tt\.mulhiui .* : (\S+)", permuting.asm["ttir"])
    assert {kind for kind in high_halves if kind != "i32"} == {f"tensor<{LANES}xi32>"}
    assert len(high_halves) == 2 * 10 + STEPS_PER_CALL


def test_no_product_is_fused_with_a_sum(summing: Any) -> None:
    assert "fma.rn.f64" not in summing.asm["ptx"]
