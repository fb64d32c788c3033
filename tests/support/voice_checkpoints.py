"""Tiny networks that embed or classify voices, with random weights, as transformers and SpeechBrain save them."""

import torch

SIZE, LABELS = 12, ("england", "india", "scotland")
TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (16,) * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
    "initializer_range": 0.5,
    "tdnn_dim": (16, 16, 16, 16, 24),
    "xvector_output_dim": SIZE,
}
ECAPA_SETTINGS = """\
# Settings as SpeechBrain publishes them, with fewer channels.
n_mels: 40
pretrained_path: {folder}
out_n_neurons: 7
compute_features: !new:speechbrain.lobes.features.Fbank
    n_mels: !ref <n_mels>
mean_var_norm: !new:speechbrain.processing.features.InputNormalization
    norm_type: sentence
    std_norm: False
embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
    input_size: !ref <n_mels>
    channels: [16, 16, 16, 16, 48]
    kernel_sizes: [5, 3, 3, 3, 1]
    dilations: [1, 2, 3, 4, 1]
    attention_channels: 8
    lin_neurons: 12
mean_var_norm_emb: !new:speechbrain.processing.features.InputNormalization
    norm_type: global
    std_norm: False
modules:
    compute_features: !ref <compute_features>
    mean_var_norm: !ref <mean_var_norm>
    embedding_model: !ref <embedding_model>
    mean_var_norm_emb: !ref <mean_var_norm_emb>
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        embedding_model: !ref <embedding_model>
    paths:
        embedding_model: !ref <pretrained_path>/embedding_model.ckpt
"""


def transformer(folder, family, head, *, seed=0, rate=16000, **settings):
    """A model of `family` (WavLM, ...) with the head `ForXVector`, `ForSequenceClassification`, ... in a folder."""
    import transformers

    torch.manual_seed(seed)
    config = getattr(transformers, f"{family}Config")(**TINY | settings)
    getattr(transformers, f"{family}{head}")(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=rate).save_pretrained(folder)
    return folder


def classifier(folder, *, family="Wav2Vec2", labels=LABELS, **settings):
    """A classifier of accents that is not sure of anything."""
    names = {"id2label": dict(enumerate(labels)), "label2id": {name: n for n, name in enumerate(labels)}}
    return transformer(folder, family, "ForSequenceClassification", classifier_proj_size=16, **names, **settings)


def ecapa(folder):
    """An ECAPA-TDNN whose normalizations have seen something."""
    from callgap.voice.ecapa import classes

    torch.manual_seed(0)
    network = classes("voice.encoder")[2](40, lin_neurons=12, channels=[16] * 4 + [48], attention_channels=8)
    network(torch.randn(4, 200, 40))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hyperparams.yaml").write_text(ECAPA_SETTINGS.format(folder=folder))
    torch.save(network.state_dict(), folder / "embedding_model.ckpt")
    return folder
