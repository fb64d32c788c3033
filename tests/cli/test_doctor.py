"""`callgap doctor`: every item is tried, no secret is shown, and the exit status says whether a default run can be."""

import pytest
from rich.console import Console
from runs import callgap

from callgap import examining
from callgap.channel import codecs_available
from callgap.listing import choices


@pytest.fixture(scope="module")
def examined(tmp_path_factory):
    """What the command printed, with a secret and a folder of data in the environment."""
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "data" / "artie-bias").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", "hf_secret")
        patch.setenv("CALLGAP_DATA", str(folder / "data"))
        return callgap("doctor", cwd=folder)


def item(printed, name):
    return next(line for line in printed.splitlines() if f"  {name}  " in line)


def test_everything_is_tried_and_named(examined):
    for name in ("python", "torch", "triton", "espeak-ng", "HF_TOKEN", "CALLGAP_DATA", "outputs", "cache"):
        assert item(examined.stdout, name)
    for name in (*choices("recognizer"), *codecs_available()):
        assert item(examined.stdout, name)


def test_a_default_run_can_be_made_here(examined):
    assert examined.exit_code == 0
    assert examined.stdout.splitlines()[-1] == "a run without overrides can be made"
    assert "works  heard 'yes' where 'yes' was said" in item(examined.stdout, "pocketsphinx")


def test_what_a_recognizer_needs_is_named(examined):
    assert item(examined.stdout, "transcripts").endswith("absent  needs recognizer.file")
    assert item(examined.stdout, "command").endswith("absent  needs recognizer.command")


def test_of_a_credential_only_whether_it_is_set_is_said(examined):
    assert "works  set" in item(examined.stdout, "HF_TOKEN")
    assert "hf_secret" not in examined.stdout + examined.stderr


def test_the_keys_of_servers_are_named_and_what_a_server_needs(examined):
    for name in ("OPENAI_API_KEY", "GROQ_API_KEY"):
        assert f"recognizer.key_variable={name}" in item(examined.stdout, name)
    assert item(examined.stdout, "openai-http").endswith("absent  needs recognizer.base_url, recognizer.model")
    assert item(examined.stdout, "faster-whisper").endswith("absent  needs recognizer.model")


@pytest.mark.slow
def test_an_extra_that_is_installed_and_cannot_be_imported_is_broken(monkeypatch, tmp_path):
    def broken(name):
        raise OSError("libcudnn.so.9: cannot open shared object file")

    monkeypatch.setattr(examining, "_packages_of_extras", lambda: {"codecs": ["numpy"], "text": ["PyYAML"]})
    monkeypatch.setattr(examining, "version", lambda package: "1.0")
    printed = callgap("doctor", cwd=tmp_path).stdout
    assert item(printed, "codecs").endswith("works  numpy 1.0")
    # The package is called otherwise than the module in it.
    assert item(printed, "text").endswith("works  PyYAML 1.0")
    monkeypatch.setattr(examining.importlib, "import_module", broken)
    assert (
        examining._tried("extras", "codecs", lambda: examining._imported_all(["numpy"])).state is examining.State.BROKEN
    )


def test_the_folder_of_data_and_what_is_in_it_are_named(examined):
    assert item(examined.stdout, "CALLGAP_DATA").endswith("data: artie-bias")


@pytest.mark.slow
def test_what_is_not_there_is_absent_or_broken_and_stops_nothing(monkeypatch, tmp_path):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setattr(examining, "_installed", lambda package: False)
    monkeypatch.setattr(examining, "codecs_available", lambda: {"g722": "what came out of PyAV is not the tone"})
    printed = callgap("doctor", cwd=tmp_path).stdout
    assert "absent  not set" in item(printed, "HF_TOKEN")
    assert "broken" in item(printed, "CALLGAP_DATA")
    assert "absent  lacks av: pip install 'callgap[codecs]'" in item(printed, "codecs")
    assert "broken" in item(printed, "g722")


@pytest.mark.slow
def test_without_a_voice_no_default_run_can_be_made(monkeypatch, tmp_path):
    def silent():
        raise RuntimeError("libespeak-ng cannot be loaded")

    monkeypatch.setattr(examining, "espeak", silent)
    done = callgap("doctor", cwd=tmp_path, check=False)
    assert done.exit_code == 1
    assert "broken  libespeak-ng cannot be loaded" in item(done.stdout, "espeak-ng")
    assert done.stdout.splitlines()[-1] == "a run without overrides needs: espeak-ng, pocketsphinx"


@pytest.mark.slow
def test_a_gpu_that_cannot_add_is_broken_and_needed_by_nothing(monkeypatch, tmp_path):
    def fails(device):
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(examining.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(examining.torch.cuda, "device_count", lambda: 1)
    computed = examining._computed
    monkeypatch.setattr(examining, "_computed", lambda d: computed(d) if d == "cpu" else fails(d))
    done = callgap("doctor", cwd=tmp_path)
    assert "broken  no kernel image is available" in item(done.stdout, "cuda:0")


@pytest.mark.slow
def test_a_full_disk_is_broken(monkeypatch, tmp_path):
    monkeypatch.setattr(examining, "_LEAST_FREE_GB", 1e9)
    done = callgap("doctor", cwd=tmp_path, check=False)
    assert done.exit_code == 1
    assert "are needed" in item(done.stdout, "outputs")


def test_a_terminal_gets_a_table(monkeypatch):
    monkeypatch.setattr(examining, "examine", lambda: [examining.Finding("a", "b", examining.State.WORKS, "[c]")])
    console = Console(force_terminal=True, width=60)
    with console.capture() as captured:
        assert examining.doctor_command(console) == 0
    assert "area" in captured.get()
    assert "[c]" in captured.get()
