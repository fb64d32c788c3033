"""What cannot be loaded is one sentence, before anything is recognized."""

import errno
import importlib.util
import json
import sys

import checkpoints
import huggingface_hub
import pytest
import torch
from huggingface_hub import errors as hub_errors
from pydantic import ValidationError

from callgap.errors import InputError
from callgap.recognizer import Transformers
from callgap.records import Context, Grammar

ENGLISH = Context("en-US")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return checkpoints.wav2vec2(tmp_path_factory.mktemp("checkpoints") / "wav2vec2")


@pytest.fixture
def folder(good, tmp_path):
    """A copy that a test may damage."""
    for path in good.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def refusal(checkpoint, **options):
    with pytest.raises(InputError) as caught:
        Transformers(**{"checkpoint": str(checkpoint), "device": "cpu"} | options).warm(ENGLISH)
    message = str(caught.value)
    assert "\n" not in message
    return message


def changed(folder, **entries):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_a_folder_that_is_not_there(tmp_path):
    assert "there is no such folder; accepted: a hub id or a folder" in refusal(tmp_path / "absent")


def test_a_folder_without_a_configuration(tmp_path):
    message = refusal(tmp_path)
    assert str(tmp_path) in message
    assert "there is no config.json in it" in message


@pytest.mark.parametrize(("content", "said"), [("{", "cannot be read"), ("[]", "holds no JSON object")])
def test_a_configuration_that_is_none(folder, content, said):
    (folder / "config.json").write_text(content)
    message = refusal(folder)
    assert "config.json" in message
    assert said in message


def test_an_architecture_that_recognizes_no_speech(folder):
    changed(folder, architectures=["Wav2Vec2ForSequenceClassification"])
    message = refusal(folder)
    assert "Wav2Vec2ForSequenceClassification" in message
    assert "accepted families: ctc, seq2seq, transducer, speech_llm" in message


def test_a_model_type_that_transformers_does_not_know(folder):
    changed(folder, model_type="telepathy")
    assert "knows no model_type 'telepathy'" in refusal(folder)


def test_a_checkpoint_that_needs_code_of_its_own(folder):
    changed(folder, model_type="telepathy", auto_map={"AutoModelForCTC": "modeling.Telepathy"})
    (folder / "modeling.py").write_text("raise SystemExit('this ran')")
    message = refusal(folder)
    assert "recognizer.trust_remote_code=true" in message


def test_a_family_that_the_checkpoint_is_not_of(folder):
    assert "cannot be loaded as family seq2seq" in refusal(folder, family="seq2seq")


@pytest.mark.parametrize("keep", [0, 7, 1000, -1])
def test_weights_that_are_damaged(folder, keep):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    message = refusal(folder)
    assert f"{path} is damaged" in message


def test_weights_in_a_format_that_can_run_code(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    message = refusal(folder)
    assert "found pytorch_model.bin; only weights in model.safetensors are loaded" in message


def test_no_weights_at_all(folder):
    (folder / "model.safetensors").unlink()
    assert "found no weights" in refusal(folder)


def test_an_index_that_names_a_file_that_is_not_there(folder):
    index = {"metadata": {}, "weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "names model-00002-of-00002.safetensors, which is not in the folder" in refusal(folder)


def test_weights_that_lack_the_head_would_be_random(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "lm_head" not in k}, folder / "model.safetensors", {"format": "pt"})
    message = refusal(folder)
    assert "lack 2 tensors of the architecture, lm_head.bias among them" in message


def test_a_processor_that_is_not_there(folder):
    for name in ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json", "vocab.json"):
        (folder / name).unlink(missing_ok=True)
    assert "its processor cannot be loaded" in refusal(folder)


def test_cuda_that_is_not_there(good, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "found 'cuda', but torch finds 0 CUDA devices" in refusal(good, device="cuda")
    monkeypatch.setenv("CALLGAP_DEVICE", "cuda:3")
    assert "found 'cuda:3', but torch finds 0 CUDA devices" in refusal(good, device=None)
    assert "found 'tpu'; accepted: cpu, cuda, cuda:N" in refusal(good, device="tpu")


def test_transformers_that_is_not_installed(good, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "transformers" else find(name))
    assert refusal(good).endswith("pip install 'callgap[transformers]'")


def test_more_alternatives_than_beams(good):
    assert "found 3 for 1 beams" in refusal(good, n_best=3)


@pytest.mark.parametrize(
    "options", [{"dtype": "int8"}, {"family": "hmm"}, {"language_mode": "guess"}, {"unknown": 1}, {"window": 0}]
)
def test_an_option_that_is_none(options):
    with pytest.raises(ValidationError):
        Transformers(**{"checkpoint": "folder"} | options)


@pytest.mark.parametrize("revision", [None, "main", "v1.0", COMMIT[:12]])
def test_a_hub_id_without_a_commit(revision):
    message = refusal("openai/whisper-tiny", revision=revision)
    assert f"found {revision!r} for the hub id 'openai/whisper-tiny'" in message
    assert "git ls-remote https://huggingface.co/openai/whisper-tiny HEAD" in message


def raising(monkeypatch, error):
    """Let the hub answer so; its cache is empty."""
    asked = []

    def snapshot_download(checkpoint, *, local_files_only, **_):
        asked.append(local_files_only)
        if local_files_only:
            raise hub_errors.LocalEntryNotFoundError("not in the cache")
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return asked


class Response:
    """What the errors of the hub ask of a response."""

    headers: dict = {}  # noqa: RUF012
    request = None
    status_code = 404


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (lambda: hub_errors.RepositoryNotFoundError("404", response=Response()), "the hub has no such checkpoint"),
        (lambda: hub_errors.GatedRepoError("403", response=Response()), "want their terms accepted"),
        (lambda: hub_errors.RevisionNotFoundError("404", response=Response()), f"the hub has no revision {COMMIT}"),
        (lambda: hub_errors.LocalEntryNotFoundError("no connection"), "the hub cannot be reached (no connection)"),
        (lambda: ConnectionError("refused"), "the hub cannot be reached (refused)"),
        (lambda: OSError(errno.ENOSPC, "No space left on device"), "the disk is full where the hub's cache is"),
    ],
    ids=["unknown", "gated", "revision", "offline", "refused", "full"],
)
def test_a_hub_that_does_not_give_it(monkeypatch, error, said):
    asked = raising(monkeypatch, error())
    message = refusal("someone/model", revision=COMMIT)
    assert message.startswith("recognizer.checkpoint=someone/model: ")
    assert said in message
    assert asked == [True, False]


def test_the_hub_is_not_asked_where_files_are_local_only(monkeypatch):
    asked = raising(monkeypatch, AssertionError("asked"))
    assert "is not in the hub's cache" in refusal("someone/model", revision=COMMIT, local_files_only=True)
    assert asked == [True]


def test_the_hub_is_not_asked_for_what_its_cache_holds(monkeypatch, good):
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda *_, local_files_only, **__: _only(local_files_only)
    )

    def _only(offline):
        assert offline
        return str(good)

    unit = Transformers(checkpoint="someone/model", revision=COMMIT, device="cpu")
    unit.warm(ENGLISH)
    assert unit.identity() == {"id": "someone/model", "revision": COMMIT, "locale": "not stated"}


def test_the_identity_of_a_folder_changes_with_its_weights_and_settings(good, folder):
    before = Transformers(checkpoint=str(good)).identity()
    assert Transformers(checkpoint=str(folder)).identity()["revision"] == before["revision"]
    changed(folder, note="another")
    after = Transformers(checkpoint=str(folder)).identity()
    assert after["revision"] != before["revision"]
    assert before["id"] == "wav2vec2"
    assert before["revision"].startswith("sha256:")


def test_any_grammar_is_taken(good):
    Transformers(checkpoint=str(good), device="cpu").check([Grammar("menu", ("oui", "non"))], "fr-FR")


def test_making_the_unit_imports_nothing_heavy():
    program = (
        "import sys; from callgap.recognizer import Transformers; Transformers('folder');"
        "print([name for name in ('transformers', 'huggingface_hub', 'safetensors') if name in sys.modules])"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
