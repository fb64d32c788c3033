"""What the tests share: hypothesis without chance, and shape checks of the modules that name their shapes."""

import os
from pathlib import Path

import hypothesis
import pytest
from jaxtyping import install_import_hook

from callgap_kernels.device import cuda_fault

hypothesis.settings.register_profile("callgap", derandomize=True, deadline=None)
hypothesis.settings.load_profile("callgap")

CHANNELS = ["band", "carry", "concealment", "g711", "gain", "level", "pyav", "sndfile"]
VOICE = ["contour", "emphasis", "identity", "prosody", "quality", "trials", "validation", "voiceprint"]
SHAPED = [
    *("callgap.audio", "callgap.pitch", "callgap.recognizer.vad", "callgap.fairness.covariates"),
    *(f"callgap.channel.{name}" for name in CHANNELS),
    *(f"callgap.voice.{name}" for name in VOICE),
]
install_import_hook(SHAPED, "beartype.beartype")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and (fault := cuda_fault()):
        pytest.skip(f"needs a GPU: {fault}")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of public corpora; tests that need it skip where it is absent."""
    places = [Path(os.environ["CALLGAP_DATA"])] if "CALLGAP_DATA" in os.environ else []
    checkout = Path(__file__).resolve().parents[1]
    for place in [*places, checkout.parent / "shared" / "data"]:
        if place.is_dir():
            return place
    pytest.skip("no folder of public corpora: set CALLGAP_DATA")
