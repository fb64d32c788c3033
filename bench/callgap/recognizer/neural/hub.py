"""Fetches a checkpoint from the Hugging Face hub, once."""

from __future__ import annotations

import errno
from pathlib import Path

from callgap.errors import InputError, first_line

# No weights in formats that can run code; a checkpoint's own Python files are fetched but do not run unasked.
_PATTERNS = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja", "*.py")


def fetched(checkpoint: str, revision: str, *, offline: bool) -> Path:
    """Where the hub's cache holds a checkpoint, which is asked of the hub only where the cache lacks it.

    Args:
        checkpoint: hub id.
        revision: hash of a commit.
        offline: whether the hub must not be asked.

    Raises:
        InputError: the hub has no such checkpoint, does not give it or cannot be reached, or the disk is full.
    """
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = _snapshot(checkpoint, revision, offline=True)
        if any(folder.glob("*.safetensors")) or offline:
            return folder
    except LocalEntryNotFoundError:
        if offline:
            raise InputError(
                f"recognizer.checkpoint={checkpoint}: revision {revision} is not in the hub's cache, and "
                "recognizer.local_files_only=true forbids to fetch it"
            ) from None
    return _asked(checkpoint, revision)


def _asked(checkpoint: str, revision: str) -> Path:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    name = f"recognizer.checkpoint={checkpoint}"
    try:
        return _snapshot(checkpoint, revision, offline=False)
    except GatedRepoError:
        problem = "its makers want their terms accepted: do so on the hub's page of it and set HF_TOKEN"
    except RepositoryNotFoundError:
        problem = "the hub has no such checkpoint, or shows it only to others; accepted: ORGANIZATION/NAME or a folder"
    except RevisionNotFoundError:
        problem = f"the hub has no revision {revision} of it; accepted: the hash of one of its commits"
    except (OSError, _http_error()) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            problem = "the disk is full where the hub's cache is; make room, or set HF_HOME to a folder on another disk"
        else:
            problem = (
                f"the hub cannot be reached ({first_line(error)}), and its cache lacks the checkpoint; fetch it "
                "elsewhere and give its folder"
            )
    raise InputError(f"{name}: {problem}") from None


def _http_error() -> type[Exception]:
    # The hub's client changes its own client of HTTP between versions.
    from huggingface_hub import errors

    return next(base for base in errors.HfHubHTTPError.__mro__ if base.__module__.startswith(("httpx", "requests")))


def _snapshot(checkpoint: str, revision: str, *, offline: bool) -> Path:
    from huggingface_hub import snapshot_download

    found = snapshot_download(checkpoint, revision=revision, allow_patterns=list(_PATTERNS), local_files_only=offline)
    return Path(found)
