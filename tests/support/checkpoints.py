"""Tiny checkpoints with random weights, as transformers saves them."""

import json

import numpy as np
import torch

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def noise(seconds, rate=16000, seed=0):
    """Something to hear: noise whose level and color change, so that texts differ."""
    drawn = np.random.default_rng([seed, int(seconds * 1000)])
    count = int(seconds * rate)
    knots = drawn.standard_normal(max(2, int(seconds * 20)))
    envelope = np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), np.abs(knots))
    tone = np.sin(np.cumsum(np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), 0.3 * knots)))
    return torch.from_numpy((0.2 * envelope * (tone + 0.3 * drawn.standard_normal(count))).astype(np.float32))


def wav2vec2(folder, *, norm="layer", kind="Wav2Vec2"):
    """A Wav2Vec2 that spells: `layer` wants a mask, `group` none."""
    import transformers

    torch.manual_seed(0)
    vocabulary = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, **{c: 5 + i for i, c in enumerate(LETTERS)}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    extractor = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=norm == "layer", do_normalize=True)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(16,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm=norm,
        do_stable_layer_norm=norm == "layer",
        pad_token_id=0,
        initializer_range=0.5,
    )
    model = getattr(transformers, f"{kind}ForCTC")(config).eval()
    model.save_pretrained(folder)
    transformers.Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    return folder


def spelling(folder, special=("<pad>",), cls="ParakeetTokenizer", **named):
    """A tokenizer of letters, saved and loaded as a fast one."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {token: i for i, token in enumerate([*special, "▁", *LETTERS])}
    made = Tokenizer(models.BPE(vocabulary, [], unk_token=special[0]))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    return getattr(transformers, cls)(tokenizer_object=made, **named)


def parakeet_encoder():
    import transformers

    return transformers.ParakeetEncoderConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        subsampling_factor=4,
        subsampling_conv_channels=8,
        num_mel_bins=20,
        initializer_range=0.3,
    )


def parakeet_ctc(folder):
    import transformers

    torch.manual_seed(1)
    tokenizer = spelling(folder, pad_token="<pad>")
    config = transformers.ParakeetCTCConfig(
        vocab_size=len(tokenizer), pad_token_id=0, encoder_config=parakeet_encoder().to_dict()
    )
    transformers.ParakeetForCTC(config).eval().save_pretrained(folder)
    extractor = transformers.ParakeetFeatureExtractor(feature_size=20)
    transformers.ParakeetProcessor(extractor, tokenizer, blank_token="<pad>", decoder_type="ctc").save_pretrained(
        folder
    )
    return folder


def parakeet_transducer(folder, kind):
    """`kind` is RNNT or TDT."""
    import transformers

    torch.manual_seed(2)
    tokenizer = spelling(folder, ("<unk>", "<pad>", "<blank>"), pad_token="<pad>", unk_token="<unk>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<blank>"]})
    blank = tokenizer.convert_tokens_to_ids("<blank>")
    config = getattr(transformers, f"Parakeet{kind}Config")(
        vocab_size=len(tokenizer),
        blank_token_id=blank,
        pad_token_id=1,
        decoder_hidden_size=16,
        num_decoder_layers=1,
        max_symbols_per_step=3,
        encoder_config=parakeet_encoder().to_dict(),
    )
    model = getattr(transformers, f"ParakeetFor{kind}")(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.startswith(("joint", "decoder", "encoder_projector")):
                weight.mul_(6)
        model.joint.head.bias[blank] += 4.0
        if kind == "TDT":
            model.joint.head.bias[len(tokenizer)] -= 1000.0
    model.generation_config.decoder_start_token_id = blank
    if kind == "TDT":
        durations = range(len(tokenizer), len(tokenizer) + len(config.durations))
        model.generation_config.suppress_tokens = list(durations)
    model.save_pretrained(folder)
    extractor = transformers.ParakeetFeatureExtractor(feature_size=20)
    transformers.ParakeetProcessor(extractor, tokenizer, decoder_type=kind.lower()).save_pretrained(folder)
    return folder


def whisper(folder, *, multilingual=True):
    """A Whisper of 3 s with three languages."""
    import transformers

    torch.manual_seed(3)
    plain = [*LETTERS, *(f"Ġ{letter}" for letter in LETTERS)]
    vocabulary = {token: i for i, token in enumerate([*plain, "Ġ"])}
    added = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|fr|>", "<|de|>", "<|translate|>", "<|transcribe|>"]
    added += ["<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    tokenizer = transformers.WhisperTokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": added})
    ids = dict(zip(added, tokenizer.convert_tokens_to_ids(added), strict=True))
    config = transformers.WhisperConfig(
        vocab_size=len(tokenizer),
        num_mel_bins=16,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_source_positions=150,
        max_target_positions=24,
        init_std=0.4,
        pad_token_id=ids["<|endoftext|>"],
        bos_token_id=ids["<|endoftext|>"],
        eos_token_id=ids["<|endoftext|>"],
        decoder_start_token_id=ids["<|startoftranscript|>"],
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    model = transformers.WhisperForConditionalGeneration(config).eval()
    with torch.no_grad():
        model.model.encoder.layer_norm.weight.mul_(8)
    settings = model.generation_config
    # Else transformers makes the settings anew from config.json when it loads them.
    settings._from_model_config = False
    settings.is_multilingual = multilingual
    settings.max_length = 24
    settings.no_timestamps_token_id = ids["<|notimestamps|>"]
    settings.return_timestamps = False
    settings.suppress_tokens = sorted(set(ids.values()) - {ids["<|endoftext|>"]})
    if multilingual:
        settings.lang_to_id = {name: ids[name] for name in ("<|en|>", "<|fr|>", "<|de|>")}
        settings.task_to_id = {"transcribe": ids["<|transcribe|>"], "translate": ids["<|translate|>"]}
    model.save_pretrained(folder)
    extractor = transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=3)
    transformers.WhisperProcessor(extractor, tokenizer).save_pretrained(folder)
    return folder


def moonshine(folder):
    """A Moonshine, which hears the samples themselves and cannot be told a language."""
    import transformers

    torch.manual_seed(4)
    special = ("<unk>", "<s>", "</s>")
    tokenizer = spelling(
        folder,
        special,
        "PreTrainedTokenizerFast",
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="</s>",
    )
    config = transformers.MoonshineConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        encoder_num_hidden_layers=1,
        decoder_num_hidden_layers=1,
        encoder_num_attention_heads=2,
        decoder_num_attention_heads=2,
        max_position_embeddings=40,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        decoder_start_token_id=1,
    )
    model = transformers.MoonshineForConditionalGeneration(config).eval()
    model.generation_config.max_length = 30
    model.save_pretrained(folder)
    extractor = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True, do_normalize=False)
    transformers.Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    return folder


def qwen3_asr(folder):
    """A language model that hears, asked by its processor's transcription request."""
    import transformers

    torch.manual_seed(5)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|audio_start|>", "<|audio_pad|>", "<|audio_end|>"]
    special += ["<asr_text>"]
    alphabet = [*LETTERS, *LETTERS.upper(), "Ġ", "Ċ"]
    vocabulary = {token: i for i, token in enumerate(alphabet)}
    tokenizer = transformers.Qwen2Tokenizer(vocab=vocabulary, merges=[], unk_token=None)
    tokenizer.add_special_tokens({"additional_special_tokens": special})
    tokenizer.audio_token, tokenizer.audio_bos_token, tokenizer.audio_eos_token = special[4], special[3], special[5]
    tokenizer.init_kwargs |= {"audio_token": special[4], "audio_bos_token": special[3], "audio_eos_token": special[5]}
    audio, end = tokenizer.convert_tokens_to_ids([special[4], special[2]])
    config = transformers.Qwen3ASRConfig(
        audio_config={
            **{"num_mel_bins": 16, "encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 32},
            **{"d_model": 16, "output_dim": 32, "downsample_hidden_size": 8, "model_type": "qwen3_asr_encoder"},
        },
        text_config={
            **{"model_type": "qwen3", "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64},
            **{"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16},
            **{"max_position_embeddings": 512, "tie_word_embeddings": True, "initializer_range": 0.4},
            **{"pad_token_id": end, "eos_token_id": end, "bos_token_id": None},
        },
        audio_token_id=audio,
        pad_token_id=end,
        eos_token_id=end,
    )
    model = transformers.Qwen3ASRForConditionalGeneration(config).eval()
    model.generation_config.max_new_tokens = 12
    model.generation_config.pad_token_id = end
    model.save_pretrained(folder)
    template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}Ċ{% for c in m.content %}{% if c.type == 'audio' %}"
        "<|audio_start|><|audio_pad|><|audio_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}"
        "{% if m.role != 'assistant' %}<|im_end|>{% endif %}{% endfor %}"
    )
    extractor = transformers.Qwen3ASRFeatureExtractor(feature_size=16)
    transformers.Qwen3ASRProcessor(extractor, tokenizer, chat_template=template).save_pretrained(folder)
    return folder
