"""One training on two whistling speakers, each left out once."""

import pytest
import tones


@pytest.fixture(scope="session")
def whistling(tmp_path_factory):
    """Overrides of the corpus, and the trained folder."""
    folder = tmp_path_factory.mktemp("training")
    chosen = tones.corpus(folder / "corpus")
    tones.train(chosen, folder / "models" / "whistled")
    return chosen, folder / "models" / "whistled"
