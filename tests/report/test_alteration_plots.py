"""Arrows from before to after: every group and alteration is named, and a drawing is the same each time."""

import re

import pytest

from callgap.report.arrows import Arrow, ArrowPanel, arrow_plot
from callgap.report.plots import NARROW, WIDE

GROUPS = ["us", "l2-fr", "$x$ <b>"]
FINDINGS = ("cannot tell", "helped", "harmed")


def panel(title="mcadams", after=(0.2, 0.1, 0.5)):
    arrows = zip(GROUPS, (0.1, 0.3, 0.4), after, FINDINGS, strict=True)
    return ArrowPanel(title, "us", tuple(Arrow(*values) for values in arrows))


def drawn(*panels, layout=WIDE):
    return arrow_plot(panels, GROUPS, "words wrong", layout, "p-")


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_groups_and_alterations_are_named_and_names_are_text(layout):
    drawing = drawn(panel(), panel("pitch-flatten"), layout=layout)
    for name in ("mcadams", "pitch-flatten", "us", "l2-fr", "$x$ &lt;b&gt;", "words wrong"):
        assert f">{name}</text>" in drawing
    assert "<b>" not in drawing
    assert not re.search(r"<svg[^>]* (width|height)=", drawing)


def test_the_same_panels_give_the_same_drawing_and_ids_have_the_prefix():
    drawing = drawn(panel())
    assert drawing == drawn(panel())
    assert all(name.startswith("p-") for name in re.findall(r'\bid="([^"]+)"', drawing))


def test_who_is_helped_and_harmed_has_the_colors_of_the_page():
    drawing = drawn(panel())
    for color in ("var(--within)", "var(--disadvantaged)", "var(--few)"):
        assert color in drawing
    assert "#0" not in drawing


def test_what_did_not_change_has_a_circle_and_no_arrow():
    still = drawn(panel(after=(0.1, 0.3, 0.4)))
    assert len(re.findall(r'id="p-patch_', drawn(panel()))) - len(re.findall(r'id="p-patch_', still)) == len(GROUPS)
    assert still.count("<use") == drawn(panel()).count("<use")


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.3])
def test_equal_rates_of_everyone_can_be_drawn(rate):
    one = ArrowPanel("x", "us", (Arrow("us", rate, rate, None),))
    assert "<svg" in arrow_plot([one], ["us"], "words wrong", NARROW, "p-")
