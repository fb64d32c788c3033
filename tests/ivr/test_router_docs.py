"""What the documentation shows can be used as it stands, and the cards of text sets are cards."""

import re
from pathlib import Path

import pytest
import yaml
from calling import heard, lasting
from hydra.utils import instantiate

from callgap.assembly import units
from callgap.configuration import composed, plain
from callgap.corpus.card import load_card
from callgap.ivr import router_accuracies, routers, walk, with_repetitions
from callgap.ivr.routers import ChatRouter, KeywordRouter, Router, TfidfRouter

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "routers.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
SHOWN = [block["router"] for block in BLOCKS if "router" in block]
SERVICES = [block for block in BLOCKS if "_target_" in block]


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


def test_the_service_that_is_shown_takes_everybody_where_they_want_to_go(tmp_path):
    (shown,) = SERVICES
    (tmp_path / "ivr").mkdir()
    (tmp_path / "ivr" / "two-wishes.yaml").write_text(yaml.safe_dump(shown), encoding="utf-8")
    chosen = ["ivr=two-wishes", "corpus=synthetic-services", "corpus.speakers_per_group=1"]
    unit = units(plain(composed(chosen, config_dir=str(tmp_path))))
    graph, rows = unit["ivr"], with_repetitions(unit["ivr"], unit["corpus"].utterances())
    calls = walk(graph, rows, heard(graph, rows), lasting(rows)).to_pandas()
    assert set(calls["goal"]) == set(graph.calls)
    assert calls["completed"].all()
    (row,) = router_accuracies(graph)
    assert row["accuracy"]["in_scope"]["correct"] == row["accuracy"]["in_scope"]["texts"] == 4


def test_every_class_that_is_named_is_there():
    named = set(re.findall(r"`(\w+(?:Router|Texts|77|150))`", PAGE)) | set(re.findall(r"routers\.(\w+)", PAGE))
    assert named <= set(routers.__all__) | {"md"}
    assert {name for name in routers.__all__ if name.endswith("Router") and name != "Router"} <= named


@pytest.mark.parametrize("name", ["banking77", "clinc150"])
def test_the_card_of_a_text_set_judges_no_group(name):
    card = load_card(name)
    assert card.attributes == {}
    assert card.known_faults
