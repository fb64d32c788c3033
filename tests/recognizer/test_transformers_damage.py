"""A checkpoint that is damaged, or whose parts do not belong together, is one sentence, whatever the damage is."""

import json
import shutil

import checkpoints
import pytest
import torch
from safetensors.torch import load_file, save_file

from callgap.errors import InputError
from callgap.recognizer import Transformers
from callgap.records import Context

ENGLISH = Context("en-US")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    found = {}

    def folder(name):
        if name not in found:
            place = tmp_path_factory.mktemp("checkpoints") / name
            transducer = name == "parakeet_tdt"
            found[name] = (
                checkpoints.parakeet_transducer(place, "TDT") if transducer else getattr(checkpoints, name)(place)
            )
        return found[name]

    return folder


@pytest.fixture
def copy(made, tmp_path):
    return lambda name: shutil.copytree(made(name), tmp_path / name)


def used(unit):
    unit.identity()
    unit.warm(ENGLISH)


def refusal(checkpoint, **options):
    with pytest.raises(InputError) as caught:
        used(Transformers(**{"checkpoint": str(checkpoint), "device": "cpu"} | options))
    message = str(caught.value)
    assert "Traceback" not in message
    assert "huggingface.co" not in message
    assert not message.endswith(":")
    return message


def changed(folder, file, **entries):
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_a_folder_that_is_none_has_no_identity_either(tmp_path):
    absent, file = tmp_path / "absent", tmp_path / "file"
    file.write_text("{}")
    for path, said in ((absent, "there is no such folder"), (file, "that is a file")):
        with pytest.raises(InputError, match=f"{path}: {said}; accepted: a hub id or a folder with config.json"):
            Transformers(checkpoint=str(path)).identity()


@pytest.mark.parametrize("content", ["{", "[]", "3", '"x"', "[" * 100_000])
@pytest.mark.parametrize(
    "name", ["tokenizer_config.json", "vocab.json", "processor_config.json", "model.safetensors.index.json"]
)
def test_a_json_file_that_transformers_reads_is_an_object(copy, name, content):
    folder = copy("wav2vec2")
    (folder / name).write_text(content)
    assert str(folder / name) in refusal(folder)


def test_every_json_file_is_whole_and_one_of_another_use_may_be_a_list(copy):
    folder = copy("wav2vec2")
    (folder / "log_history.json").write_text("[1]")
    Transformers(checkpoint=str(folder), device="cpu").warm(ENGLISH)
    (folder / "log_history.json").write_text("[1")
    assert f"{folder / 'log_history.json'} cannot be read" in refusal(folder)


@pytest.mark.parametrize("weight_map", [None, [], {}, 3, {"lm_head.weight": 7}, {"lm_head.weight": "../w.safetensors"}])
def test_an_index_that_names_no_files(copy, weight_map):
    folder = copy("wav2vec2")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    assert "weight_map does not say which file of the folder holds each tensor" in refusal(folder)


@pytest.mark.parametrize("vocabulary", [{}, {"a": "b"}, {"<pad>": 0, "a": 5}])
def test_a_vocabulary_that_is_not_the_models(copy, vocabulary):
    folder = copy("wav2vec2")
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    assert str(folder) in refusal(folder)


def test_a_vocabulary_of_two_tokens_is_named_beside_those_of_the_model(copy):
    folder = copy("wav2vec2")
    (folder / "vocab.json").write_text(json.dumps({"<pad>": 0, "a": 5}))
    assert "of the 31 tokens that the model writes" in refusal(folder)


def test_a_writer_without_its_vocabulary(copy):
    folder = copy("whisper")
    (folder / "tokenizer.json").unlink()
    assert str(folder) in refusal(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(copy, value):
    folder = copy("wav2vec2")
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"][3, 4] = value
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "lm_head.weight holds numbers that are not finite in float32" in refusal(folder)


def test_weights_of_other_shapes_are_named(copy):
    folder = copy("wav2vec2")
    changed(folder, "config.json", intermediate_size=48)
    message = refusal(folder)
    assert "its weights and its config.json do not belong together" in message
    assert "intermediate_dense" in message


@pytest.mark.parametrize(
    "entry",
    [
        *({"hidden_size": "abc"}, {"hidden_size": None}, {"hidden_size": 48}, {"hidden_act": "telepathy"}),
        *({"conv_dim": "wide"}, {"conv_dim": [16]}, {"conv_stride": [0] * 7}, {"conv_stride": None}),
        *({"dtype": "float7"}, {"model_type": ["wav2vec2"]}, {"model_type": 3}, {"pad_token_id": None}),
        *({"pad_token_id": 9999}, {"pad_token_id": -1}, {"vocab_size": 0}, {"num_attention_heads": 0}),
    ],
    ids=str,
)
def test_settings_that_are_none(copy, entry):
    folder = copy("wav2vec2")
    changed(folder, "config.json", **entry)
    assert str(folder) in refusal(folder)


@pytest.mark.parametrize("named", ["Wav2Vec2ForCTC", [3], {"a": "b"}])
def test_architectures_that_are_no_list_of_names_stand_as_they_are(copy, named):
    folder = copy("wav2vec2")
    changed(folder, "config.json", architectures=named)
    assert f"architectures is {named!r}; accepted: a list of strings" in refusal(folder)


@pytest.mark.parametrize("rate", [0, -8000, "x", None, 1.5, True, 10**12])
def test_a_rate_that_is_none(copy, rate):
    folder = copy("wav2vec2")
    settings = json.loads((folder / "processor_config.json").read_text())
    changed(folder, "processor_config.json", feature_extractor=settings["feature_extractor"] | {"sampling_rate": rate})
    message = refusal(folder)
    assert f"sampling_rate {rate!r}; accepted: a whole number of Hz" in message


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"lang_to_id": 7}, "lang_to_id of its generation_config.json is 7; accepted: ids by name"),
        ({"lang_to_id": {"<|en|>": 9999}}, "lang_to_id[<|en|>] of its settings (generation_config.json) is 9999"),
        ({"task_to_id": {"transcribe": "x"}}, "task_to_id[transcribe]"),
        ({"decoder_start_token_id": 9999}, "decoder_start_token_id"),
        ({"no_timestamps_token_id": -4}, "no_timestamps_token_id"),
        ({"eos_token_id": [53, 9999]}, "eos_token_id"),
    ],
    ids=str,
)
def test_an_id_that_is_of_no_token(copy, entry, said):
    folder = copy("whisper")
    changed(folder, "generation_config.json", **entry)
    assert said in refusal(folder)


def test_a_blank_that_is_no_token(copy):
    folder = copy("parakeet_tdt")
    changed(folder, "config.json", blank_token_id=9999)
    assert "blank_token_id" in refusal(folder)


@pytest.mark.parametrize("content", ["{", "[]", '{"max_length": "x"}'])
def test_settings_of_generation_that_are_none(copy, content):
    folder = copy("whisper")
    (folder / "generation_config.json").write_text(content)
    assert str(folder) in refusal(folder)


@pytest.mark.parametrize("template", ["{% for", "{{ raise_exception('no') }}", "{{ 1 / 0 }}"])
def test_a_chat_template_that_is_broken(copy, template):
    folder = copy("qwen3_asr")
    (folder / "chat_template.jinja").write_text(template)
    assert str(folder) in refusal(folder)


@pytest.mark.parametrize("line", ["raise ZeroDivisionError('of the code')", "raise SystemExit('of the code')"])
def test_code_of_a_checkpoint_that_raises(copy, line, tmp_path, monkeypatch):
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    folder = copy("wav2vec2")
    changed(folder, "config.json", model_type="telepathy", auto_map={"AutoConfig": "modeling.Telepathy"})
    (folder / "modeling.py").write_text(line)
    message = refusal(folder, trust_remote_code=True)
    assert f"recognizer.checkpoint={folder} cannot be loaded as family ctc: " in message
    assert "of the code" in message


def test_a_vocabulary_that_is_not_there_is_said_to_be_so(copy):
    folder = copy("wav2vec2")
    for name in ("vocab.json", "tokenizer.json"):
        (folder / name).unlink(missing_ok=True)
    message = refusal(folder)
    assert f"{folder} lacks the vocabulary of its tokenizer; accepted: one of tokenizer.json, vocab.json" in message


def test_a_feature_extractor_that_is_not_there_is_said_to_be_so(copy):
    folder = copy("wav2vec2")
    for name in ("processor_config.json", "preprocessor_config.json"):
        (folder / name).unlink(missing_ok=True)
    message = refusal(folder)
    assert f"{folder} lacks the settings of its feature extractor; accepted: one of preprocessor_config.json" in message


def test_more_tokens_than_a_text_has_places(made):
    message = refusal(made("whisper"), max_new_tokens=400)
    assert message.startswith("recognizer.max_new_tokens: found 400, but recognizer.checkpoint=")
    assert message.endswith("24 places for a text, 4 of them taken by its prompt; accepted: at most 20")
    Transformers(checkpoint=str(made("whisper")), device="cpu", max_new_tokens=20).warm(ENGLISH)


def test_a_family_that_the_model_is_not_of_fails_before_anything_is_recognized(made):
    assert "cannot be used as family speech_llm: its processor has neither" in refusal(
        made("whisper"), family="speech_llm"
    )


def test_a_model_that_does_not_fit_when_it_is_tried_out(made, monkeypatch):
    unit = Transformers(checkpoint=str(made("wav2vec2")), device="cpu")

    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(unit._loop._adapter, "read", full)
    with pytest.raises(InputError, match=r"does not fit into the memory of cpu; try recognizer\.dtype=bf16"):
        unit.warm(ENGLISH)


TELLING = ("vocab.json", "tokenizer_config.json", "merges.txt", "chat_template.jinja", "spiece.model", "modeling.py")


@pytest.mark.parametrize("name", [*TELLING, "additional_chat_templates/other.jinja", "tokenizer.json"])
def test_the_identity_changes_with_every_file_that_can_change_a_text(copy, made, name):
    folder, before = copy("wav2vec2"), Transformers(checkpoint=str(made("wav2vec2"))).identity()
    assert Transformers(checkpoint=str(folder)).identity() == before
    (folder / name).parent.mkdir(exist_ok=True)
    with (folder / name).open("a") as file:
        file.write(" ")
    assert Transformers(checkpoint=str(folder)).identity()["revision"] != before["revision"]


def test_the_identity_does_not_change_with_what_tells_the_model_nothing(copy, made):
    folder = copy("wav2vec2")
    (folder / "README.md").write_text("A model.")
    assert Transformers(checkpoint=str(folder)).identity() == Transformers(checkpoint=str(made("wav2vec2"))).identity()
