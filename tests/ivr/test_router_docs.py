"""What the documentation shows can be used as it stands, and the cards of text sets are cards."""

import re
from pathlib import Path

import pytest
import yaml
from hydra.utils import instantiate

from callgap.corpus.card import load_card
from callgap.ivr import routers
from callgap.ivr.routers import ChatRouter, KeywordRouter, Router, TfidfRouter

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "routers.md").read_text(encoding="utf-8")
SHOWN = [yaml.safe_load(block)["router"] for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_every_configuration_that_is_shown_makes_a_router():
    made = [instantiate(content, _convert_="all") for content in SHOWN]
    assert [type(router) for router in made] == [KeywordRouter, TfidfRouter, ChatRouter]
    assert all(isinstance(router, Router) for router in made)


def test_to_make_a_router_reads_and_asks_nothing(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLGAP_DATA", str(tmp_path))
    for content in SHOWN:
        assert isinstance(instantiate(content, _convert_="all"), Router)


def test_the_rules_that_are_shown_route_the_texts_that_are_shown():
    router = instantiate(SHOWN[0], _convert_="all")
    found = router.accuracy()
    assert found.in_scope_accuracy == found.out_of_scope_recall == 1.0


def test_every_class_that_is_named_is_there():
    named = set(re.findall(r"`(\w+(?:Router|Texts|77|150))`", PAGE)) | set(re.findall(r"routers\.(\w+)", PAGE))
    assert named <= set(routers.__all__) | {"md"}
    assert {name for name in routers.__all__ if name.endswith("Router") and name != "Router"} <= named


@pytest.mark.parametrize("name", ["banking77", "clinc150"])
def test_the_card_of_a_text_set_judges_no_group(name):
    card = load_card(name)
    assert card.attributes == {}
    assert card.known_faults
