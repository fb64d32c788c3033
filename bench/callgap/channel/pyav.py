"""Codecs of FFmpeg through PyAV, in memory. PyAV is optional: the extra `codecs` brings it."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
from jaxtyping import Float32, Int16

from callgap.channel.carry import NotCarriedError
from callgap.errors import InputError, first_line


def require(title: str, *codecs: tuple[str, str]) -> None:
    """Check that PyAV is there and knows the codecs.

    Args:
        title: of what needs them.
        codecs: name in FFmpeg, and `w` for the encoder or `r` for the decoder.

    Raises:
        InputError: PyAV is not installed, cannot be loaded, or was built without a codec.
    """
    try:
        import av
    except ModuleNotFoundError:
        raise InputError(
            f"{title} needs the package 'av', which is not installed: pip install 'callgap[codecs]'"
        ) from None
    except ImportError as error:
        raise InputError(f"{title} needs the package 'av', which cannot be loaded: {first_line(error)}") from None
    for name, mode in codecs:
        try:
            av.Codec(name, mode)
        except ValueError:
            kind = "encoder" if mode == "w" else "decoder"
            raise InputError(f"{title} needs FFmpeg's {kind} {name}, which PyAV {av.__version__} lacks") from None


def version() -> str:
    """The version of PyAV."""
    import av

    return str(av.__version__)


def encode(
    pcm: Int16[np.ndarray, " sample"], sample_rate: int, container: str, codec: str, bits_per_second: int
) -> bytes:
    """Encode.

    Args:
        pcm: 16-bit samples.
        sample_rate: Hz.
        container: FFmpeg's name of the file format.
        codec: FFmpeg's name of the encoder.
        bits_per_second: at which it works.

    Returns:
        The bytes of a file.

    Raises:
        NotCarriedError: FFmpeg refuses.
    """
    import av

    raw = io.BytesIO()
    try:
        with av.open(raw, "w", format=container) as output:
            stream = output.add_stream(codec, rate=sample_rate, layout="mono")
            stream.codec_context.format = "s16"
            stream.codec_context.bit_rate = bits_per_second
            output.start_encoding()
            size = stream.codec_context.frame_size or len(pcm)
            for begin in range(0, len(pcm), size):
                frame = av.AudioFrame.from_ndarray(pcm[None, begin : begin + size].copy(), format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = sample_rate, begin, Fraction(1, sample_rate)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    except av.FFmpegError:
        raise NotCarriedError(f"{codec}_not_encoded") from None
    return raw.getvalue()


def decode(content: bytes, container: str) -> Int16[np.ndarray, " sample"]:
    """Decode.

    Args:
        content: bytes of a file.
        container: FFmpeg's name of the file format.

    Returns:
        16-bit samples, with the codec's delay and the padding of its last block.

    Raises:
        NotCarriedError: FFmpeg refuses.
    """
    import av

    try:
        with av.open(io.BytesIO(content), format=container) as source:
            parts = [_pcm(frame.to_ndarray().ravel()) for frame in source.decode(audio=0)]
    except av.FFmpegError:
        raise NotCarriedError(f"{container}_not_decoded") from None
    return np.concatenate([np.zeros(0, np.int16), *parts])


def _pcm(
    decoded: Int16[np.ndarray, " sample"] | Float32[np.ndarray, " sample"],
) -> Int16[np.ndarray, " sample"]:
    if decoded.dtype == np.int16:
        return decoded
    # Some decoders compute in floats, full scale at 1.
    pcm: Int16[np.ndarray, " sample"] = np.clip(np.rint(decoded * np.float32(32768)), -32768, 32767).astype(np.int16)
    return pcm
