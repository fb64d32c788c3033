"""Token sequences of unequal length, and how texts become them."""

from callgap_kernels.tokens.encode import UNITS, EncodedPairs, encode_pairs
from callgap_kernels.tokens.ragged import Ragged

__all__ = ["UNITS", "EncodedPairs", "Ragged", "encode_pairs"]
