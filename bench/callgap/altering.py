"""An alteration, ready for a corpus: checked, and told who speaks where it has to know."""

from __future__ import annotations

import pyarrow as pa

from callgap.alteration import Alteration, BySpeaker, Checked


def altering(alteration: Alteration, utterances: pa.Table) -> Alteration:
    """Make an alteration ready.

    Args:
        alteration: as the configuration names it.
        utterances: table `utterances` of what it will alter.

    Returns:
        What alters them.

    Raises:
        InputError: what it rests on cannot be used.
    """
    if isinstance(alteration, Checked):
        alteration.check()
    if isinstance(alteration, BySpeaker):
        ids, speakers = (utterances[name].to_pylist() for name in ("utterance_id", "speaker_id"))
        return alteration.told(dict(zip(ids, speakers, strict=True)))
    return alteration
