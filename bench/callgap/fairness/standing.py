"""What the number of its speakers allows to say of a group."""

from __future__ import annotations

from enum import StrEnum

DESCRIBED, EXPLORATORY, JUDGED, MARGIN = 2, 5, 10, 30
"""Fewest speakers for a rate, for limits, for `disadvantaged`, and for `within margin`."""


class Standing(StrEnum):
    """From nothing but counts to a verdict."""

    COUNTS_ONLY = "counts only"
    DESCRIBED = "described"
    EXPLORATORY = "exploratory"
    JUDGED = "judged"

    @classmethod
    def of(cls, speakers: int) -> Standing:
        """The standing of a group.

        Args:
            speakers: in the group.

        Returns:
            One speaker: counts only; 2 to 4: rates; 5 to 9: limits; 10 and more: a verdict may be said.
        """
        if speakers < DESCRIBED:
            return cls.COUNTS_ONLY
        if speakers < EXPLORATORY:
            return cls.DESCRIBED
        return cls.EXPLORATORY if speakers < JUDGED else cls.JUDGED
