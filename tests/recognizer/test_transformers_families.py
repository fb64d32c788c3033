"""Each family of checkpoints beside transformers' own forward or generate on the same audio, one by one."""

import checkpoints
import pytest
import torch
import transformers

from callgap.errors import InputError
from callgap.recognizer import Sound, Transformers
from callgap.records import Context

ENGLISH = Context("en-US")
SECONDS = (1.0, 2.1, 0.4, 1.5)
MAKERS = {
    "wav2vec2": checkpoints.wav2vec2,
    "wav2vec2-group": lambda folder: checkpoints.wav2vec2(folder, norm="group"),
    "hubert": lambda folder: checkpoints.wav2vec2(folder, kind="Hubert"),
    "wavlm": lambda folder: checkpoints.wav2vec2(folder, kind="WavLM"),
    "parakeet-ctc": checkpoints.parakeet_ctc,
    "parakeet-rnnt": lambda folder: checkpoints.parakeet_transducer(folder, "RNNT"),
    "parakeet-tdt": lambda folder: checkpoints.parakeet_transducer(folder, "TDT"),
    "whisper": checkpoints.whisper,
    "moonshine": checkpoints.moonshine,
    "qwen3-asr": checkpoints.qwen3_asr,
}
# WavLM asks torch for its attention in a way that torch has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask:UserWarning")
FAMILIES = {
    **dict.fromkeys(["wav2vec2", "wav2vec2-group", "hubert", "wavlm", "parakeet-ctc"], "ctc"),
    **dict.fromkeys(["parakeet-rnnt", "parakeet-tdt"], "transducer"),
    **dict.fromkeys(["whisper", "moonshine"], "seq2seq"),
    "qwen3-asr": "speech_llm",
}
# Their first layer normalizes over time without a mask: the padding of a batch changes what they hear.
HEARS_PADDING = ("wav2vec2-group", "moonshine")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    made = {}

    def folder(name):
        if name not in made:
            made[name] = MAKERS[name](tmp_path_factory.mktemp("checkpoints") / name)
        return made[name]

    return folder


def sounds():
    return [Sound(checkpoints.noise(seconds, seed=i), 16000) for i, seconds in enumerate(SECONDS)]


def heard(unit, context=ENGLISH):
    found = dict(unit.recognize(sounds(), context))
    return [found[place] for place in range(len(SECONDS))]


def by_transformers(folder, family, audio, **options):
    """The text of one utterance as the documentation of transformers has it."""
    processor = transformers.AutoProcessor.from_pretrained(folder)
    name = {"ctc": "AutoModelForCTC", "seq2seq": "AutoModelForSpeechSeq2Seq", "speech_llm": "AutoModelForSpeechSeq2Seq"}
    classes = [name[family]] if family in name else ["AutoModelForTDT", "AutoModelForRNNT"]
    config = transformers.AutoConfig.from_pretrained(folder)
    cls = classes[-1] if config.model_type == "parakeet_rnnt" else classes[0]
    model = getattr(transformers, cls).from_pretrained(folder).eval()
    if family == "speech_llm":
        inputs = processor.apply_transcription_request(audio=[audio], **options)
        with torch.inference_mode():
            tokens = model.generate(**inputs)[:, inputs["input_ids"].shape[1] :]
        return processor.decode(tokens[0], return_format="transcription_only")
    inputs = processor.feature_extractor(audio, sampling_rate=16000, return_tensors="pt")
    with torch.inference_mode():
        if family == "ctc":
            tokens = model(**inputs).logits.argmax(dim=-1)
            if "parakeet" in config.model_type:
                tokens = model.generate(**inputs)
            return processor.batch_decode(tokens, skip_special_tokens=True)[0].strip()
        tokens = model.generate(**inputs, **options)
    tokens = getattr(tokens, "sequences", tokens)
    return processor.batch_decode(tokens, skip_special_tokens=True)[0].strip()


@pytest.mark.filterwarnings("ignore:Using the model-agnostic default:UserWarning")
@pytest.mark.parametrize("name", MAKERS)
def test_alone_an_utterance_gets_the_text_of_transformers_itself(checkpoint, name):
    folder, family = checkpoint(name), FAMILIES[name]
    unit = Transformers(checkpoint=str(folder), device="cpu", deterministic=True)
    told = {"whisper": {"language": "en", "task": "transcribe"}, "qwen3-asr": {"language": "en"}}.get(name, {})
    found = heard(unit)
    expected = [by_transformers(folder, family, sound.signal.numpy(), **told) for sound in sounds()]
    assert [hypothesis.text for hypothesis in found] == expected
    assert len(set(expected)) > 2, "the checkpoint hears nothing"
    assert unit.notes()["family"] == family
    for hypothesis in found:
        assert hypothesis.n_best == ((hypothesis.text,) if hypothesis.text else ())
        assert hypothesis.status.reason == (None if hypothesis.text else "not_understood")
        assert hypothesis.confidence is None or 0 < hypothesis.confidence <= 1
        assert hypothesis.latency_s > 0


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in HEARS_PADDING])
def test_with_masks_a_text_does_not_depend_on_the_batch(checkpoint, name):
    alone = heard(Transformers(checkpoint=str(checkpoint(name)), device="cpu", deterministic=True))
    unit = Transformers(checkpoint=str(checkpoint(name)), device="cpu", batch_frames_s=1000)
    batched = heard(unit)
    assert [hypothesis.text for hypothesis in batched] == [hypothesis.text for hypothesis in alone]
    assert [h.confidence for h in batched] == pytest.approx([h.confidence for h in alone], rel=1e-2)
    assert unit.notes()["batches"] == 1
    assert unit.notes()["batch_effect"] == {"sampled": len(SECONDS), "changed": 0}


@pytest.mark.parametrize("name", HEARS_PADDING)
def test_where_the_padding_changes_texts_the_notes_say_how_many(checkpoint, name):
    alone = heard(Transformers(checkpoint=str(checkpoint(name)), device="cpu", deterministic=True))
    unit = Transformers(checkpoint=str(checkpoint(name)), device="cpu", batch_frames_s=1000)
    batched = heard(unit)
    changed = sum(one.text != other.text for one, other in zip(alone, batched, strict=True))
    assert changed > 0
    assert unit.notes()["batch_effect"] == {"sampled": len(SECONDS), "changed": changed}


def test_the_confidence_of_ctc_is_the_mean_posterior_where_tokens_begin(checkpoint):
    folder = checkpoint("wav2vec2")
    (sound, *_) = sounds()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.AutoModelForCTC.from_pretrained(folder).eval()
    inputs = processor(sound.signal.numpy(), sampling_rate=16000, return_tensors="pt")
    with torch.inference_mode():
        posteriors = model(**inputs).logits[0].softmax(dim=-1)
    logs, before = [], 0
    for frame in posteriors:
        token = int(frame.argmax())
        if token not in (0, before):
            logs.append(frame[token].log())
        before = token
    expected = float(torch.stack(logs).mean().exp())
    found = heard(Transformers(checkpoint=str(folder), device="cpu", deterministic=True))[0]
    assert found.confidence == pytest.approx(expected, rel=1e-4)


def test_the_confidence_of_a_writer_is_the_mean_of_its_own_transition_scores(checkpoint):
    folder = checkpoint("moonshine")
    (sound, *_) = sounds()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.AutoModelForSpeechSeq2Seq.from_pretrained(folder).eval()
    inputs = processor(sound.signal.numpy(), sampling_rate=16000, return_tensors="pt")
    with torch.inference_mode():
        found = model.generate(**inputs, return_dict_in_generate=True, output_scores=True)
    scores = model.compute_transition_scores(found.sequences, found.scores, normalize_logits=True)[0]
    # The very last step, an end or the limit of the length, is left out.
    expected = float(scores[:-1].mean().exp())
    unit = Transformers(checkpoint=str(folder), device="cpu", deterministic=True)
    assert heard(unit)[0].confidence == pytest.approx(expected, rel=1e-4)


def beams_of_transformers(folder, sound, count, **told):
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.AutoModelForSpeechSeq2Seq.from_pretrained(folder).eval()
    inputs = processor.feature_extractor(sound.signal.numpy(), sampling_rate=16000, return_tensors="pt")
    with torch.inference_mode():
        tokens = model.generate(**inputs, **told, num_beams=4, num_return_sequences=count)
    return [text.strip() for text in processor.batch_decode(tokens, skip_special_tokens=True)]


def test_alternatives_are_the_beams_of_transformers(checkpoint):
    folder = checkpoint("moonshine")
    unit = Transformers(checkpoint=str(folder), device="cpu", deterministic=True, beams=4, n_best=3)
    counts = []
    for sound, found in zip(sounds(), heard(unit), strict=True):
        expected = beams_of_transformers(folder, sound, 3)
        assert found.text == expected[0]
        assert found.n_best == (tuple(dict.fromkeys(text for text in expected if text)) if found.text else ())
        counts.append(len(found.n_best))
    assert max(counts) > 1


@pytest.mark.parametrize("mode", ["forced", "detected"])
def test_whisper_has_true_alternatives_after_its_own_best(checkpoint, mode):
    folder = checkpoint("whisper")
    told = {"language": "en", "task": "transcribe"} if mode == "forced" else {"task": "transcribe"}
    options = {"checkpoint": str(folder), "device": "cpu", "language_mode": mode, "beams": 4}
    for n_best in (1, 3):
        found = heard(Transformers(**options, n_best=n_best))
        assert [h.text for h in found] == [beams_of_transformers(folder, sound, 1, **told)[0] for sound in sounds()]
        assert all(h.n_best[0] == h.text for h in found)
        assert (max(len(h.n_best) for h in found) > 1) == (n_best > 1)


def test_a_language_is_forced_or_detected(checkpoint):
    folder = checkpoint("whisper")
    forced = Transformers(checkpoint=str(folder), device="cpu")
    detected = Transformers(checkpoint=str(folder), device="cpu", language_mode="detected")
    texts = {code: [h.text for h in heard(forced, Context(code))] for code in ("en-US", "fr-BE", "de")}
    assert len({tuple(row) for row in texts.values()}) == 3
    free = [h.text for h in heard(detected, Context("fr-BE"))]
    assert free == [h.text for h in heard(detected, Context("de"))]
    processor = transformers.AutoProcessor.from_pretrained(folder)
    model = transformers.AutoModelForSpeechSeq2Seq.from_pretrained(folder).eval()
    for sound, text in zip(sounds(), free, strict=True):
        inputs = processor.feature_extractor(sound.signal.numpy(), sampling_rate=16000, return_tensors="pt")
        with torch.inference_mode():
            tokens = model.generate(**inputs, task="transcribe")
        assert text == processor.batch_decode(tokens, skip_special_tokens=True)[0].strip()


def test_a_prompted_model_is_told_the_language_or_not(checkpoint):
    folder = checkpoint("qwen3-asr")
    for mode, options in (("forced", {"language": "fr"}), ("detected", {})):
        unit = Transformers(checkpoint=str(folder), device="cpu", deterministic=True, language_mode=mode)
        expected = [by_transformers(folder, "speech_llm", sound.signal.numpy(), **options) for sound in sounds()]
        assert [hypothesis.text for hypothesis in heard(unit, Context("fr-CA"))] == expected


def test_a_language_that_a_model_cannot_be_told_is_refused_with_those_that_it_can(checkpoint, tmp_path):
    with pytest.raises(InputError, match=r"cannot be told the language 'nl-BE'; .*accepted: de, en, fr$"):
        Transformers(checkpoint=str(checkpoint("whisper")), device="cpu").warm(Context("nl-BE"))
    with pytest.raises(InputError, match="cannot be told the language 'tlh'"):
        Transformers(checkpoint=str(checkpoint("qwen3-asr")), device="cpu").warm(Context("tlh"))
    english = checkpoints.whisper(tmp_path / "whisper-en", multilingual=False)
    with pytest.raises(InputError, match="understands English only, found language 'fr-FR'"):
        Transformers(checkpoint=str(english), device="cpu").warm(Context("fr-FR"))
    unit = Transformers(checkpoint=str(english), device="cpu")
    unit.warm(ENGLISH)
    assert all(hypothesis.text for hypothesis in heard(unit))


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("name", ["parakeet-ctc", "whisper"])
def test_half_precision_runs_on_the_processor_too(checkpoint, name, dtype):
    unit = Transformers(checkpoint=str(checkpoint(name)), device="cpu", dtype=dtype)
    unit.warm(ENGLISH)
    assert {hypothesis.status.status.value for hypothesis in heard(unit)} == {"ok"}
    assert unit.notes()["dtype"] == {"bf16": "bfloat16", "fp16": "float16"}[dtype]
