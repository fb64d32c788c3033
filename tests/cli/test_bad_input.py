"""What cannot run is refused before it begins: one sentence, exit status 2, nothing written."""

import json

import pytest
import torch
from runs import TINY, callgap

from callgap.resources import conf_dir
from callgap_kernels import device


def every(group):
    return ", ".join(sorted(path.stem for path in (conf_dir() / group).glob("*.yaml")))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["run", "channel=g711"],
            f"channel=g711: there is no such choice; did you mean 'g711u'? accepted: {every('channel')}",
        ),
        (["run", "chanel=g711u"], "chanel: there is no such key; did you mean 'channel'?"),
        (["run", "corpus.speakers=3"], "corpus.speakers"),
        (["run", "corpus.speakers_per_group=many"], "corpus.speakers_per_group: found 'many'"),
        (["run", "corpus.speakers_per_group=0"], "corpus.speakers_per_group: found 0"),
        (["run", "engine.workers=-1"], "engine.workers: found -1"),
        (["run", "batch_size=0"], "batch_size: found 0"),
        (["run", "batch_size=x"], "batch_size: found 'x'"),
        (["run", "seed=x"], "seed: found 'x'"),
        (["run", "-m", "--cfg", "job"], "-m and --cfg cannot be combined"),
        (["run", "channel=clean,g711u"], "several values need the flag -m"),
        (["run", "-m", "channel=clean,nowhere"], "channel=nowhere: there is no such choice"),
        (["run", "channel"], "'channel' cannot be read"),
        (["run", "channel="], "channel"),
        (
            ["run", "experiment=unheard"],
            f"experiment=unheard: there is no such choice; accepted: {every('experiment')}",
        ),
        (["run", "fairness.attributes=[age]"], "the corpus has no group attribute 'age'; accepted: accent"),
        (
            ["run", "+fairness.references.accent=martian"],
            "fairness.references.accent: found 'martian', which no speaker belongs to; accepted: en-029",
        ),
        (
            ["run", "corpus=fsdd", "corpus.root=/nowhere/at/all"],
            "corpus.root=/nowhere/at/all has no folder `recordings`",
        ),
        (["run", "hydra.run.dir=/dev/null/run"], "hydra.run.dir=/dev/null/run cannot be made: /dev/null is no folder"),
        (["run", "~channel"], "channel: one choice is needed, found none or several; see callgap list channel"),
        (["run", "channel=[clean,g711u]"], "channel: one choice is needed"),
        (["run", "channel=clipping", "channel.drive_db=1e6"], "channel.drive_db: found 1000000.0; "),
        (["run", "channel=packet-loss", "channel.model.rate=1.5"], "channel.model.rate: found 1.5; "),
        (
            ["run", "scoring.normalizers={charm: x}"],
            "scoring.normalizers takes new entries one by one and with a plus sign, as in +scoring.normalizers.NAME=",
        ),
        (["run", "corpus=fsdd", "corpus.bands={age: [18]}"], "corpus.bands: there is no such key; accepted: download"),
        (["run", "--cfg", "job", "corpus=fsdd", "corpus.bands.age=[18]"], "corpus.bands: there is no such key; acc"),
        (["run", "fairness.parent={accent: {a: b}}"], "fairness.parent: there is no such key; did you mean 'parents'"),
        (["run", "fairness.references={acent: a}"], "there is no group attribute 'acent'; did you mean 'accent'?"),
        (["run", "verdict.margins={wre: 0.1}"], "verdict.margins: found 'wre'; did you mean 'wer'?"),
        (["run", "fairness.parents=3"], "fairness.parents: found 3; Input should be a valid dictionary"),
        (["run", "corpus=folder", "ivr=none"], "corpus.manifest has no value and needs one: corpus.manifest=..."),
        (["run", "+speed=3"], "speed: there is no such key; did you mean 'seed'?"),
        (["run", "--config-dir", "nowhere"], "--config-dir: found 'nowhere', which is no folder"),
        (["run", "--config-name", "other"], "--config-name and --config-path are not accepted"),
        (["run", "corpus=null"], "Config group override must be a string"),
        (["run", "ivr.human=nobody"], "human: found 'nobody', accepted: again, agent"),
        (["run", "ivr.after_attempts=nowhere"], "after_attempts: found 'nowhere', accepted"),
        (["run", "scoring.primary=charm"], "callgap: scoring: primary: found 'charm'; accepted: basic, none"),
        (["run", "scoring.units=[character]"], "`word` must be among them"),
        (["run", "recognizer.garbage=[zzyzxq]"], "has no pronunciation of 'zzyzxq'"),
        (["run", "corpus.prompts.taxi.text='...'"], "corpus.prompts.taxi.text: found '...'"),
        (["run", "--nowhere"], "`--nowhere` cannot be read"),
        (["run", "resume=nowhere"], "nowhere is no run directory"),
        (["run", "-m", "resume=nowhere"], "leave out -m"),
        (["score", "nowhere"], "nowhere is no run directory"),
        (["score", "nowhere", "channel=clean"], "score changes what is judged, not what was heard"),
        (["show", "nowhere", "u"], "nowhere is no run directory"),
        (["publish", "nowhere", "--to", "name"], "nowhere is no run directory"),
        (["publish", "nowhere", "--to", "../name up"], "--to: found"),
        (["list", "chanel"], "there is no stage 'chanel'; did you mean 'channel'?"),
    ],
)
def test_one_sentence_and_status_2(arguments, message, tmp_path):
    done = callgap(*arguments, cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("callgap: ")
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_does_not_exist_is_a_usage_error(tmp_path):
    assert callgap("publish", "--nowhere", cwd=tmp_path, check=False).exit_code == 2


def test_every_command_explains_itself(tmp_path):
    for command in ("run", "audit", "score", "show", "gate", "publish", "corpus", "doctor", "list"):
        assert len(callgap(command, "--help", cwd=tmp_path).output.splitlines()) > 4


def test_the_configuration_can_be_printed_without_running(tmp_path, capsys):
    callgap("run", "--cfg", "job", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_list_names_every_choice_with_one_line(tmp_path):
    printed = callgap("list", cwd=tmp_path).output
    for name in ("synthetic", "fsdd", "identity", "clean", "g711u", "g711a", "pocketsphinx", "bank", "fsdd-ivr-digits"):
        assert name in printed


@pytest.mark.slow
def test_a_sweep_records_the_run_that_fails_and_goes_on(tmp_path):
    voices = "corpus.accents.en-us.voice=nosuchvoice,en-us"
    small = ["corpus.speakers_per_group=1", "hydra.sweep.dir=sweep"]
    done = callgap("run", "-m", *TINY, *small, voices, cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "no voice nosuchvoice" in done.stderr
    failed = [line.split(": ", 1)[1] for line in done.output.splitlines() if line.startswith("failed: ")]
    finished = [path.parent for path in (tmp_path / "sweep").glob("*/report.html")]
    assert len(failed) == len(finished) == 1
    assert "nosuchvoice" in json.loads((tmp_path / failed[0] / "run.json").read_text())["error"]


def test_a_device_that_does_not_exist_is_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLGAP_DEVICE", "tpu")
    done = callgap("audit", "nowhere.csv", cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert done.output == 'callgap: CALLGAP_DEVICE is \'tpu\'; accepted are "cpu", "cuda" and "cuda:N"\n'


def test_a_device_that_cannot_run_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("CALLGAP_DEVICE", "cuda")
    device._warn_once.cache_clear()
    done = callgap("audit", "nowhere.csv", cwd=tmp_path, check=False)
    assert done.output.splitlines()[0] == "callgap: callgap_kernels runs on the CPU: torch finds no CUDA device"
