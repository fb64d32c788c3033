"""What a published number rests on: versions, commit, device. Never a path, a user or a host."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from callgap import __version__
from callgap.resources import conf_dir

_PACKAGES = (
    "torch", "torchaudio", "triton", "numpy", "numba", "scipy", "pyarrow", "pandas", "hydra-core", "soundfile",
    "pocketsphinx", "espeakng-loader", "whisper-normalizer", "num2words", "jiwer", "av", "datasets",
    "transformers", "tokenizers", "safetensors", "urllib3", "faster-whisper", "ctranslate2", "onnxruntime",
    "resemblyzer", "speechmos", "pesq", "pystoi", "pyworld", "noisereduce",
)  # fmt: skip


def provenance() -> dict[str, Any]:
    """Versions and machine of this process.

    Returns:
        `callgap`, `commit` (None outside a checkout; `+changed` where files differ from it), `versions`, `python`,
        `device` and `started` (UTC, ISO 8601).
    """
    return {
        "callgap": __version__,
        "commit": _commit(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
        "python": platform.python_version(),
        "device": _device(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _device() -> str:
    if torch.cuda.is_available():
        return f"cpu {platform.machine()}, cuda {torch.cuda.get_device_name()}"
    return f"cpu {platform.machine()}"


def _commit() -> str | None:
    root = conf_dir().parent
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(
            root, "status", "--porcelain", "--untracked-files=no", "--", "bench", "kernels", "conf", "datasets"
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+changed" if changed else "")


def _git(root: object, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()
