"""Where an operation runs: an argument, else the variable CALLGAP_DEVICE, else the CPU.

CUDA becomes the default once a measured row of it is published under results/performance/; until then it is asked for.
"""

import os
import re
import sys
import warnings
from functools import cache
from typing import Final

import torch

VARIABLE: Final = "CALLGAP_DEVICE"
DEFAULT: Final = "cpu"
# Volta: independent scheduling of the lanes of a warp, which Triton needs.
OLDEST_CAPABILITY: Final = (7, 0)

_ACCEPTED = re.compile(r"cpu|cuda(?::(\d+))?")


def choose_device(device: str | None) -> torch.device:
    """Choose where an operation runs.

    A CUDA device that cannot run says so once, as a RuntimeWarning, and the CPU takes its place: the results are the
    same.

    Args:
        device: "cpu", "cuda" or "cuda:N"; None leaves the choice to the variable CALLGAP_DEVICE, and to the CPU where
            that is not set.

    Returns:
        A device that can run.

    Raises:
        ValueError: If the name is another one.
    """
    name = device if device is not None else os.environ.get(VARIABLE) or DEFAULT
    require_device_name("device" if device is not None else VARIABLE, name)
    if name == "cpu":
        return torch.device("cpu")
    fault = cuda_fault(name)
    if fault:
        _warn_once(fault)
        return torch.device("cpu")
    return torch.device(name)


def require_device_name(source: str, name: object) -> None:
    """Refuse what names no device.

    Args:
        source: Where the name stood.
        name: What stood there.

    Raises:
        ValueError: If it is neither "cpu", "cuda" nor "cuda:N".
    """
    if not isinstance(name, str) or not _ACCEPTED.fullmatch(name):
        raise ValueError(f'{source} is {name!r}; accepted are "cpu", "cuda" and "cuda:N"')


def cuda_fault(name: str = "cuda") -> str | None:
    """Say why a CUDA device cannot run the kernels.

    Args:
        name: "cuda" or "cuda:N".

    Returns:
        One sentence, or None if it can.
    """
    try:
        import triton  # noqa: F401
    except ImportError as error:
        return f"Triton cannot be imported ({error})"
    if not torch.cuda.is_available():
        return "torch finds no CUDA device"
    # torch itself takes a large number modulo 256.
    index = int(name.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        return f"there is no {name}, torch finds {torch.cuda.device_count()} CUDA devices"
    capability = torch.cuda.get_device_capability(index)
    if capability < OLDEST_CAPABILITY:
        found, needed = (".".join(map(str, version)) for version in (capability, OLDEST_CAPABILITY))
        return f"{name} has compute capability {found}, the kernels need {needed}"
    return None


@cache
def _warn_once(fault: str) -> None:
    frame, depth = sys._getframe(), 1
    while frame.f_back and frame.f_globals["__name__"].startswith("callgap_kernels"):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(f"callgap_kernels runs on the CPU: {fault}", RuntimeWarning, stacklevel=depth)
