"""An override that holds an address is not repeated: somebody may have written a key into it."""

import pytest
from runs import callgap

from callgap.overrides import quoted

SECRET = "SECRET123"
REMOTE = ["run", "recognizer=openai-http", "recognizer.model=m"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [*REMOTE, f"recognizer.base_url=http://x?api-key={SECRET}"],
            "'recognizer.base_url=***' cannot be read from character 17 of its value on",
        ),
        ([*REMOTE, f"recognizer.base_url='http://x?k={SECRET}"], "cannot be read from character 1 of its value on"),
        ([*REMOTE, f"recognizer.base_url=[http://x?k={SECRET}]"], "'recognizer.base_url=***' cannot be read"),
        (["run", f"http://x?k={SECRET}"], "'***' cannot be read"),
        (["run", "-m", f"recognizer.base_url=http://x?k={SECRET},http://y"], "'recognizer.base_url=***' cannot be"),
        ([*REMOTE, f"recognizer.base_url=http://{SECRET}@x,http://y"], "recognizer.base_url=***: several values need"),
        ([*REMOTE, "--nowhere", f"recognizer.base_url=http://{SECRET}"], "recognizer.base_url=***` cannot be read"),
        (["run", "--cfg", "job", f"recognizer.base_url=http://x?k={SECRET}"], "'recognizer.base_url=***' cannot be"),
        (["train", f"corpus.path=http://x?k={SECRET}"], "'corpus.path=***' cannot be read"),
        ([*REMOTE, f"recognizer.base_url='http://x?k={SECRET}'"], "found 'http://x' and a query; accepted"),
        ([*REMOTE, f"recognizer.base_url='http://x#{SECRET}'"], "found 'http://x'; accepted"),
        (
            [*REMOTE, "recognizer.base_url=http://x", f"recognizer.timeout_s=http://{SECRET}"],
            "recognizer.timeout_s: Input should be a valid number",
        ),
        (["run", f"seed=http://{SECRET}"], "seed"),
        (["run", f"corpus.prompts=http://{SECRET}"], "corpus"),
    ],
)
def test_what_cannot_be_read_is_told_without_an_address(arguments, message, tmp_path):
    done = callgap(*arguments, cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert SECRET not in done.output + done.stderr


def test_a_path_with_accents_needs_no_quotes(tmp_path):
    assert quoted("corpus.root=/données/é è") == "corpus.root='/données/é è'"
    for other in ("corpus.root=/data/a b", "a=[é]", "a='é'", "é", "--config-dir=é", "a=http://é", "a=b=c"):
        assert quoted(other) == other
    (tmp_path / "données").mkdir()
    done = callgap("run", "corpus=vctk", "corpus.root=données", "ivr=none", "dry_run=true", cwd=tmp_path, check=False)
    assert "corpus.root=" in done.stderr
    assert "does not have the layout of vctk" in done.stderr


def test_what_holds_no_address_is_shown_whole(tmp_path):
    done = callgap("run", "corpus.root=a=b", cwd=tmp_path, check=False)
    assert "'corpus.root=a=b' cannot be read" in done.stderr
