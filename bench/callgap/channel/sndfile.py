"""Codecs of libsndfile, in memory."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import soundfile
from jaxtyping import Float32, Int16

from callgap.channel.carry import NotCarriedError
from callgap.errors import InputError


def require(title: str, container: str, subtype: str) -> None:
    """Check that libsndfile knows a codec.

    Raises:
        InputError: it does not.
    """
    if subtype not in soundfile.available_subtypes(container):
        raise InputError(f"{title} needs a libsndfile that can encode it; libsndfile {version()} cannot")


def version() -> str:
    """The version of libsndfile."""
    return str(soundfile.__libsndfile_version__)


def encode(
    samples: Int16[np.ndarray, " sample"] | Float32[np.ndarray, " sample"],
    sample_rate: int,
    container: str,
    subtype: str,
    **options: Any,
) -> bytes:
    """Encode.

    Args:
        samples: int16, or float32 in [-1, 1].
        sample_rate: Hz.
        container: libsndfile's name of the file format.
        subtype: libsndfile's name of the codec.
        options: for libsndfile's encoder.

    Returns:
        The bytes of a file.

    Raises:
        NotCarriedError: libsndfile refuses.
    """
    raw = io.BytesIO()
    try:
        soundfile.write(raw, samples, sample_rate, format=container, subtype=subtype, **options)
    except soundfile.LibsndfileError:
        raise NotCarriedError(f"{subtype.lower()}_not_encoded") from None
    return raw.getvalue()


def decode(content: bytes, dtype: str) -> Any:
    """Decode.

    Args:
        content: bytes of a file, which names its codec.
        dtype: `int16` or `float32`.

    Returns:
        `[sample]` of that type, with the padding of the codec's last block.

    Raises:
        NotCarriedError: libsndfile refuses.
    """
    try:
        samples, _ = soundfile.read(io.BytesIO(content), dtype=dtype)
    except soundfile.LibsndfileError:
        raise NotCarriedError("not_decoded") from None
    return samples
