"""An alteration or a channel, ready for a corpus: checked, and told who speaks where it has to know."""

from __future__ import annotations

import pyarrow as pa

from callgap.alteration import Alteration, BySpeaker, Checked
from callgap.channel import Channel, Overhears
from callgap.corpus import Corpus
from callgap.voices import CorpusVoices


def altering(alteration: Alteration, corpus: Corpus, utterances: pa.Table, seed: int) -> Alteration:
    """Make an alteration ready.

    Args:
        alteration: as the configuration names it.
        corpus: whose speakers may be overheard.
        utterances: table `utterances` of what it will alter.
        seed: of the run.

    Returns:
        What alters them.

    Raises:
        InputError: what it rests on cannot be used, or there are too few speakers.
    """
    if isinstance(alteration, Checked):
        alteration.check()
    if isinstance(alteration, BySpeaker):
        ids, speakers = (utterances[name].to_pylist() for name in ("utterance_id", "speaker_id"))
        alteration = alteration.told(dict(zip(ids, speakers, strict=True)))
    if isinstance(alteration, Overhears) and corpus.has_audio:
        found: Alteration = alteration.among(CorpusVoices.of(corpus, utterances, seed))  # type: ignore[assignment]
        return found
    return alteration


def transmitting(channel: Channel, corpus: Corpus, utterances: pa.Table, seed: int) -> Channel:
    """Make a channel ready.

    Args:
        channel: as the configuration names it.
        corpus: whose speakers may be overheard.
        utterances: table `utterances` of what it will carry.
        seed: of the run.

    Raises:
        InputError: there are too few speakers.
    """
    if isinstance(channel, Overhears) and corpus.has_audio:
        return channel.among(CorpusVoices.of(corpus, utterances, seed))
    return channel
