"""The plot shows the groups that can be judged; limits of a handful of speakers never shrink them to a point."""

import re

from callgap.report.plots import WIDE, Mark, Panel, forest

JUDGED = Mark("many", 10.0, 2.0, 18.0, "open")


def ticks(*marks):
    drawing = forest([Panel("Words wrong", "ref", 5.0, marks)], [mark.group for mark in marks], WIDE, "p")
    return re.findall(r">(0|[+\u2212]\d+)<", drawing), drawing.count("<use")


def test_limits_of_few_speakers_are_cut_with_an_arrow_at_each_end():
    few = Mark("few", 4.0, -220.0, 90.0, "few")
    beside, arrows = ticks(JUDGED, few)
    assert beside == ticks(JUDGED)[0]
    narrow = ticks(JUDGED, Mark("few", 4.0, 0.0, 8.0, "few"))
    assert narrow[0] == beside
    assert arrows == narrow[1] + 2


def test_where_nobody_can_be_judged_the_limits_are_all_shown():
    wide, _ = ticks(Mark("few", 4.0, -220.0, 90.0, "few"))
    assert {"\u2212200", "0"} <= set(wide)


def test_a_difference_is_never_outside_the_plot():
    far, _ = ticks(JUDGED, Mark("few", 60.0, 50.0, 70.0, "few"))
    assert "+60" in far
