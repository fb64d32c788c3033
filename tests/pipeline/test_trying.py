"""Another service is walked with what was recognized, and refused where it listens for something else."""

from dataclasses import replace

import pytest
from calling import heard, lasting, small, spoken

from callgap.configuration import composed, plain
from callgap.errors import InputError
from callgap.ivr import Answer, walk
from callgap.trying import heard_by, read_service


@pytest.fixture(scope="module")
def config():
    return plain(composed(["corpus=synthetic-services", "ivr=health"]))


def renamed(graph):
    """The same service with another name for each node."""
    names = {name: f"{name}-2" for name in graph.nodes}

    def at(name):
        return names.get(name, name)

    nodes = {
        at(name): replace(node, confirm=at(node.confirm)) if node.confirm else node
        for name, node in graph.nodes.items()
    }
    answers = tuple(replace(answer, goto=at(answer.goto)) for answer in graph.nodes["main"].answers)
    return replace(graph, start=at("main"), nodes=nodes | {at("main"): replace(nodes[at("main")], answers=answers)})


def test_what_was_recognized_serves_the_same_phrases_under_another_name():
    graph, utterances = small(), spoken({"a": 2})
    hypotheses = heard(graph, utterances)
    other = renamed(graph)
    found = heard_by(graph, other, utterances, hypotheses, 1)
    calls = walk(other, utterances, found, lasting(utterances)).to_pandas()
    assert calls["completed"].all()
    assert set(found["grammar_id"].to_pylist()) == {"main-2", "number-2", "sure-2"}


def test_a_node_that_listens_for_something_else_is_refused_by_name():
    graph, utterances = small(), spoken({"a": 2})
    answers = (*graph.nodes["main"].answers, Answer(goto="desk", phrases=("stolen card",)))
    other = replace(graph, nodes={**graph.nodes, "main": replace(graph.nodes["main"], answers=answers)})
    with pytest.raises(InputError, match=r"node 'main' listens for was not recognized.*at: main, number, sure$"):
        heard_by(graph, other, utterances, heard(graph, utterances), 1)


def test_a_caller_who_was_not_heard_with_a_grammar_is_refused():
    graph, utterances = small(), spoken({"a": 2})
    hypotheses = heard(graph, utterances)
    with pytest.raises(InputError, match="of all its callers with the grammar 'main'"):
        heard_by(graph, graph, utterances, hypotheses.slice(1), 1)


def test_fields_are_changed_by_their_place(config):
    own = read_service(config, None, [])
    other = read_service(config, None, ["attempts=4", "nodes.main.tolerance=0"])
    assert (own.attempts, own.nodes["main"].tolerance) == (2, 1)
    assert (other.attempts, other.nodes["main"].tolerance) == (4, 0)
    assert other.grammar_ids == own.grammar_ids


def test_a_file_has_the_fields_of_a_service(config, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\nname: mine\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"ivr\.\w+"):
        read_service(config, str(path), [])
    path.write_text("- 1\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds a list; accepted are the fields of a service"):
        read_service(config, str(path), [])
    with pytest.raises(InputError, match="cannot be read"):
        read_service(config, str(tmp_path / "none.yaml"), [])


@pytest.mark.parametrize(
    ("service", "settings", "message"),
    [
        ("helth", [], r"--service: found 'helth'; did you mean 'health'\?"),
        ("bank", [], "found a Service; accepted is a service of class Graph"),
        (None, ["atempts=2"], "ivr.atempts: there is no such key"),
        (None, ["attempts=0"], "ivr.attempts: found 0"),
        (None, ["start=nowhere"], "start: found 'nowhere'"),
    ],
)
def test_what_is_no_service_is_one_sentence(config, service, settings, message):
    with pytest.raises(InputError, match=message):
        read_service(config, service, settings)
