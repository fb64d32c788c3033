"""Every configuration in conf/ composes, and the units that it names can be made."""

import importlib.util
import re

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from runs import callgap_process

from callgap.assembly import units
from callgap.configuration import STAGES, choices_of, composed, fingerprint, plain
from callgap.errors import InputError
from callgap.judging import examined
from callgap.rescoring import judged_otherwise
from callgap.resources import conf_dir

CHOICES = [(path.parent.name, path.stem) for path in sorted(conf_dir().glob("*/*.yaml"))]
UNITS = [choice for choice in CHOICES if choice[0] in STAGES]
EXPERIMENTS = [name for group, name in CHOICES if group == "experiment"]


def names_a_missing_package(message):
    found = re.search(r"needs the package '([\w.]+)', which is not installed", message)
    return found is not None and importlib.util.find_spec(found[1].split(".")[0]) is None


def made(content):
    """The units, or None where an extra is not installed and the error names it."""
    try:
        return units(content)
    except InputError as error:
        if names_a_missing_package(str(error)):
            return None
        raise


def jobs(name):
    """The overrides of each run of an experiment, its sweep spread out."""
    params = composed([f"experiment={name}"]).hydra.sweeper.params or {}
    overrides = [f"experiment={name}", *(f"{key}={value}" for key, value in params.items())]
    return BasicSweeper.split_arguments(OverridesParser.create().parse_overrides(overrides), None)[0]


def test_every_group_offers_a_choice():
    assert {group for group, _ in CHOICES} == {*STAGES, "experiment"}


# What the user has to say; everything else has a value.
SAID = {
    "alteration.command": "[program,'{in}','{out}']",
    "alteration.stated_look_ahead_s": "0.1",
    "alteration.target": "[file.wav]",
    "recognizer.command": "[program,'{wav}']",
    "corpus.path": "folder",
    "corpus.root": "folder",
}


def said(config):
    """An override for every value that a configuration leaves to the user."""
    missing = [key for stage in STAGES for key in sorted(OmegaConf.missing_keys(config[stage]))]
    return [f"{key}={SAID.get(key, 'file.csv')}" for key in missing]


@pytest.mark.parametrize(("stage", "name"), UNITS)
def test_a_unit_composes_and_is_made(stage, name):
    config = composed([f"{stage}={name}"])
    if left := said(config):
        config = composed([f"{stage}={name}", *left])
    assert choices_of(config)[stage] == name
    content = plain(config)
    assert content[stage]["_target_"].startswith(f"callgap.{stage}.")
    unit = made(content)
    assert unit is None or set(unit) == set(STAGES)


def covering(every):
    """The runs in which some value stands for the first time: together they have every value of a sweep."""
    seen = set()
    return [job for job in every if not seen >= set(job) and (seen.update(job) or True)]


def require_composed(some):
    assert some
    for job in some:
        unit = made(plain(composed(job)))
        assert unit is None or examined(unit)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_runs_with_every_value_of_an_experiment_compose_and_can_be_judged(name):
    chosen = covering(jobs(name))
    assert {value for job in chosen for value in job} == {value for job in jobs(name) for value in job}
    require_composed(chosen)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name.startswith(("alteration-", "ivr-"))])
def test_every_run_of_a_large_experiment_composes_and_can_be_judged(name):
    require_composed(jobs(name))


@pytest.mark.parametrize("key", ["corpus.file", "recognizer.file"])
def test_where_stored_transcripts_lie_is_no_part_of_the_fingerprint(key):
    given = ["corpus=table", "recognizer=transcripts", "ivr=none", "corpus.file=a.csv", "recognizer.file=a.csv"]
    assert fingerprint(plain(composed(given))) == fingerprint(plain(composed([*given, f"{key}=/b/c.csv"])))
    assert fingerprint(plain(composed(given))) != fingerprint(plain(composed([*given, "recognizer.column=other"])))


MAPPINGS = [
    ("fairness.references", "{accent: everyone else}", {"accent": "everyone else"}),
    ("fairness.parents", "{accent: {en-IN: South Asian}}", {"accent": {"en-IN": "South Asian"}}),
    ("fairness.parents.accent", "{en-IN: South Asian}", {"en-IN": "South Asian"}),
    ("fairness.standardize", "{accent: prompt_id}", {"accent": "prompt_id"}),
    ("fairness.standardize.accent", "prompt_id", "prompt_id"),
    ("verdict.margins", "{wer: 0.1}", {"wer": 0.1}),
    ("corpus.bands", "{age: [18, 40]}", {"age": [18, 40]}),
    ("corpus.references.accent", "us", "us"),
]


@pytest.mark.parametrize(("key", "value", "found"), MAPPINGS)
@pytest.mark.parametrize("sign", ["", "++"])
def test_a_mapping_of_names_takes_entries_in_the_plain_form(key, value, found, sign):
    config = composed(["corpus=table", "corpus.file=a.csv", f"{sign}{key}={value}"])
    node = OmegaConf.select(config, key)
    content = OmegaConf.to_container(node) if OmegaConf.is_config(node) else node
    assert content == found or content.items() >= found.items()


@pytest.mark.parametrize(("key", "value", "found"), MAPPINGS)
@pytest.mark.parametrize("sign", ["", "++"])
def test_a_stored_mapping_takes_entries_in_the_plain_form(key, value, found, sign):
    stored = plain(composed(["corpus=table", "corpus.file=a.csv"]))
    node = OmegaConf.select(OmegaConf.create(judged_otherwise(stored, [f"{sign}{key}={value}"])), key)
    content = OmegaConf.to_container(node) if OmegaConf.is_config(node) else node
    assert content == found or content.items() >= found.items()


def test_a_mapping_in_the_plain_form_reaches_the_printed_configuration(tmp_path):
    done = callgap_process("run", "--cfg", "job", "fairness.references={accent: everyone else}", cwd=tmp_path)
    assert "references:\n    accent: everyone else\n" in done.stdout, done.stderr
