"""A recognizer that writes something else when other utterances are in its batch."""

from __future__ import annotations

from collections.abc import Iterator

from callgap.fairness.faults.material import Consequence, Fault, Material, percent


def batch_dependent(material: Material) -> Iterator[Fault]:
    """Texts that came out otherwise when the utterance was heard alone: then no text is the utterance's alone."""
    effect = material.evidence.batch_effect
    if effect is None or not effect.changed:
        return
    share = effect.changed / effect.sampled
    yield Fault(
        "batch_dependent_texts",
        Consequence.SHOWN,
        f"{percent(share)} of {effect.sampled:,} texts came out otherwise when their utterance was recognized alone: "
        "what this recognizer writes depends on what else was in the batch, so the same calls may get other texts next "
        "time. Where the recognizer has recognizer.deterministic=true, that ends it.",
        material.everyone.speakers,
        effect.changed,
        share,
    )
