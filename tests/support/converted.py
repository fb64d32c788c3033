"""A tiny Whisper with random weights in the format of CTranslate2."""

import torch

_SPECIAL = "endoftext startoftranscript en translate transcribe startoflm startofprev nospeech notimestamps"
_SECONDS = 30


def _tokenizer():
    """One of bytes alone: the engine encodes signs of its own, each of which must have a token."""
    import transformers
    from tokenizers.pre_tokenizers import ByteLevel

    signs = {sign: i for i, sign in enumerate(sorted(ByteLevel.alphabet()))}
    made = transformers.WhisperTokenizer(vocab=signs, merges=[])
    made.add_special_tokens({"additional_special_tokens": [f"<|{name}|>" for name in _SPECIAL.split()]})
    return made


def whisper(folder):
    """Save it with transformers and convert it; English alone, which the engine tells by the size of the vocabulary.

    Returns:
        The folder of the converted model.
    """
    import transformers
    from ctranslate2.converters import TransformersConverter

    torch.manual_seed(3)
    tokenizer = _tokenizer()
    end, start = tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|startoftranscript|>"])
    config = transformers.WhisperConfig(
        # Behind the tokenizer's own stand the time stamps, every 0.02 s.
        vocab_size=len(tokenizer) + 50 * _SECONDS + 1,
        num_mel_bins=16,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_source_positions=50 * _SECONDS,
        init_std=0.4,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    model = transformers.WhisperForConditionalGeneration(config).eval()
    with torch.no_grad():
        # Else what is heard changes nothing.
        model.model.encoder.layer_norm.weight.mul_(8)
    saved = folder / "saved"
    model.save_pretrained(saved)
    tokenizer.save_pretrained(saved)
    transformers.WhisperFeatureExtractor(feature_size=16).save_pretrained(saved)
    beside = ["tokenizer.json", "preprocessor_config.json"]
    return TransformersConverter(str(saved), copy_files=beside).convert(str(folder / "converted"))
