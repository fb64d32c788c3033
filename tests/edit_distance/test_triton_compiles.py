"""The kernels of edit distance compile for an H200 without one at hand; nothing here runs them."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from callgap_kernels.edit_distance import cuda, triton_kernel

TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
REGISTERS = 65_536
# Rows per word, whether blocks of rows carry into the next, and what both kernels are compiled for.
SHAPES = [(32, False), (64, False), (64, True)]
TILES = ["count_tiles", "write_tiles"]
TYPES = {
    **dict.fromkeys(["reference", "hypothesis", "keys"], "*i32"),
    **dict.fromkeys(["reference_offsets", "hypothesis_offsets", "operation_offsets", "order", "counts"], "*i64"),
    **dict.fromkeys(["prefix", "rows", "columns", "row_counts", "column_counts"], "*i64"),
    **dict.fromkeys(["carries", "operations"], "*u8"),
    **dict.fromkeys(["word_bits", "carried", "planes", "threads"], "constexpr"),
}


@dataclass(frozen=True)
class Compiled:
    """A kernel, its machine instructions and the resources that a program takes."""

    cubin: bytes
    ptx: str
    instructions: list[str]
    innermost_loops: list[list[str]]
    usage: dict[str, int]


Compile = Callable[..., Compiled]
KERNELS = [
    ("trim_ends", {}),
    *(
        pytest.param(
            tiles,
            {"word_bits": word_bits, "carried": carried, "planes": planes},
            marks=() if planes == 16 else pytest.mark.slow,
        )
        for tiles in TILES
        for word_bits, carried in SHAPES
        for planes in cuda.PLANES
    ),
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    folder = tmp_path_factory.mktemp("triton")
    known: dict[str, Compiled] = {}

    def compile_once(name: str, constants: dict[str, Any]) -> Compiled:
        key = f"{name} {constants}"
        if key not in known:
            known[key] = compiled_in(folder, name, constants)
        return known[key]

    return compile_once


def compiled_in(folder: Path, name: str, constants: dict[str, Any]) -> Compiled:
    kernel = getattr(triton_kernel, name)
    word = f"*u{constants.get('word_bits')}"
    types = {argument: TYPES.get(argument, "i32") for argument in kernel.arg_names}
    types.update({argument: word for argument in ("rises", "falls") if argument in types})
    source = ASTSource(kernel, types, {**constants, "threads": triton_kernel.LANES})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_CACHE_DIR", str(folder / "cache"))
        built = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 1})
    cubin = folder / "kernel.cubin"
    cubin.write_bytes(built.asm["cubin"])
    instructions, loops = disassembled(dump("nvdisasm", "-c", cubin))
    usage = {key: int(value) for key, value in re.findall(r"(\w+):(\d+)", dump("cuobjdump", "-res-usage", cubin))}
    return Compiled(built.asm["cubin"], built.asm["ptx"], instructions, loops, usage)


def dump(tool: str, option: str, cubin: Path) -> str:
    return subprocess.run([TOOLS / tool, option, cubin], check=True, capture_output=True, text=True).stdout


def disassembled(listing: str) -> tuple[list[str], list[list[str]]]:
    """Instructions, and those of each loop (from the target of a backward branch to it) that contains no other."""
    instructions: list[str] = []
    labels: dict[str, int] = {}
    for line in listing.splitlines():
        label = re.match(r"\s*(\.L_\S+):", line)
        instruction = re.match(r"\s*/\*[0-9a-f]+\*/\s+(.*?);", line)
        if label:
            labels[label[1]] = len(instructions)
        elif instruction:
            instructions.append(instruction[1].strip())
    loops = []
    for end, instruction in enumerate(instructions):
        branch = re.search(r"BRA.*`\((\.L_\S+)\)", instruction)
        # A branch to itself is what fills up the end of a program.
        if branch and labels[branch[1]] < end:
            loops.append((labels[branch[1]], end + 1))
    inner = [loop for loop in loops if not any(loop != other and contains(loop, other) for other in loops)]
    return instructions, [instructions[start:end] for start, end in inner]


def contains(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def count(kind: str, instructions: list[str]) -> int:
    return sum(re.match(rf"(@!?U?P\w+ )?{kind}\b", instruction) is not None for instruction in instructions)


def column_loop(kernel: Compiled) -> list[str]:
    """What is done per hypothesis token: the one innermost loop that stores two words of bits."""
    (loop,) = (loop for loop in kernel.innermost_loops if count("STG", loop) >= 2)
    return loop


@pytest.mark.parametrize(("name", "constants"), KERNELS)
def test_every_kernel_compiles_for_sm_90_and_spills_nothing_inside_a_loop(
    compiled: Compile, name: str, constants: dict[str, Any]
) -> None:
    kernel = compiled(name, constants)
    assert kernel.cubin[:4] == b"\x7fELF"
    assert ".target sm_90" in kernel.ptx
    # What a tile needs once may be kept in memory.
    assert kernel.usage["STACK"] <= 16
    assert not any(count("(LDL|STL)", loop) for loop in kernel.innermost_loops)


@pytest.mark.parametrize("tiles", TILES)
@pytest.mark.parametrize(("word_bits", "carried"), SHAPES)
def test_a_multiprocessor_has_room_for_the_programs_of_a_launch(
    compiled: Compile, tiles: str, word_bits: int, carried: bool
) -> None:
    kernel = compiled(tiles, {"word_bits": word_bits, "carried": carried, "planes": 16})
    assert kernel.usage["REG"] * triton_kernel.LANES * cuda._PROGRAMS <= REGISTERS


# Per 32 rows and 32 pairs; 153 were expected of Triton when tokens are compared one by one.
@pytest.mark.parametrize(("word_bits", "carried", "most"), [(32, False, 90), (64, False, 62), (64, True, 68)])
def test_a_hypothesis_token_takes_few_instructions(compiled: Compile, word_bits: int, carried: bool, most: int) -> None:
    loop = column_loop(compiled("count_tiles", {"word_bits": word_bits, "carried": carried, "planes": 16}))
    assert len(loop) * 32 / word_bits <= most
