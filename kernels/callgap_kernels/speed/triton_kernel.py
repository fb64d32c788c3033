"""Integer arithmetic alone, to learn how much of it a GPU does in a second."""

import triton
import triton.language as tl

# Three shifts and three exclusive ors: one round of Marsaglia's xorshift32 (2003).
OPERATIONS_PER_ROUND = 6


@triton.jit
def shift_and_mix(out, rounds, BLOCK: tl.constexpr):  # noqa: N803
    """Run rounds of xorshift32 on one 32-bit number per lane, starting from the lane's number plus one."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    state = (lane + 1).to(tl.uint32)
    for _ in range(rounds):
        state = state ^ (state << 13)
        state = state ^ (state >> 17)
        state = state ^ (state << 5)
    tl.store(out + lane, state.to(tl.int32, bitcast=True))
