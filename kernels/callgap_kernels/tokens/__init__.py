"""Token sequences of unequal length, and how texts become them."""

from callgap_kernels.tokens.ragged import Ragged
from callgap_kernels.tokens.text import UNITS, encode_distinct_pairs, split_tokens

__all__ = ["UNITS", "Ragged", "encode_distinct_pairs", "split_tokens"]
