"""The committed tables come out of the committed configurations again, to the byte."""

from pathlib import Path

import pytest
from runs import callgap

RESULTS = Path(__file__).resolve().parents[2] / "results"


@pytest.mark.slow
def test_fsdd_ivr_digits_reproduces(data, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLGAP_DATA", str(data))
    callgap("run", "-m", "experiment=fsdd-ivr-digits", "hydra.sweep.dir=sweep", cwd=tmp_path)
    callgap("publish", "sweep", "--to", "fsdd-ivr-digits", cwd=tmp_path)
    for name in ("table.csv", "contrasts.csv", "table.md"):
        made = (tmp_path / "results" / "fsdd-ivr-digits" / name).read_bytes()
        assert made == (RESULTS / "fsdd-ivr-digits" / name).read_bytes(), name
