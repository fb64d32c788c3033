"""A chain is its links one after the other."""

import pickle

import pytest
import torch
from pydantic import ValidationError

from callgap.assembly import units
from callgap.audio import batch_of
from callgap.channel import G711, Chain, Clean, Clipping, Gsm610, Noise, Overhears, TelephoneBand
from callgap.configuration import composed, plain
from callgap.errors import InputError


class Pair:
    sample_rate = 8000
    speakers = 2

    def others(self, utterance_id):
        return [torch.ones(400)]


def test_a_chain_is_its_links_in_their_order(speech):
    links = (Clipping(20.0, False), G711("u"), Gsm610())
    expected = speech
    for link in links:
        expected = link.transmit(expected)
    assert torch.equal(Chain(links).transmit(speech).samples, expected.samples)
    turned = Chain(links[::-1]).transmit(speech)
    assert not torch.equal(turned.samples, expected.samples)


def test_a_chain_hands_voices_to_the_links_that_overhear(tone):
    batch = batch_of([tone(125, 1, 8000, 0.05)], 8000, ["a"])
    chain = Chain((Clean(), Noise("babble", 0.0, 1, 1), TelephoneBand()))
    assert isinstance(chain, Overhears)
    with pytest.raises(ValueError, match="babble has no voices"):
        chain.transmit(batch)
    expected = TelephoneBand().transmit(Noise("babble", 0.0, 1, 1).among(Pair()).transmit(batch))
    assert torch.equal(chain.among(Pair()).transmit(batch).samples, expected.samples)
    # A chain in a chain too.
    assert torch.equal(Chain((chain,)).among(Pair()).transmit(batch).samples, expected.samples)


def test_a_chain_says_for_which_link_the_corpus_is_too_small():
    with pytest.raises(InputError, match="talkers=2 needs a corpus of 3 speakers, this one has 2"):
        Chain((Clean(), Noise("babble", 0.0, 2, 1))).among(Pair())


def test_a_chain_can_be_sent_to_another_process(tone):
    batch = batch_of([tone(125, 1, 8000, 0.05)], 8000, ["a"])
    chain = Chain((Noise("babble", 0.0, 1, 1), G711("a"))).among(Pair())
    assert torch.equal(pickle.loads(pickle.dumps(chain)).transmit(batch).samples, chain.transmit(batch).samples)


@pytest.mark.parametrize("links", [(), ("g711u",), (G711("u"), {"law": "u"})])
def test_a_link_that_is_no_channel_is_refused(links):
    with pytest.raises(ValidationError):
        Chain(links)


def test_a_wrong_link_of_a_configuration_becomes_one_sentence():
    content = plain(composed(["channel=pstn"]))
    content["channel"]["links"].append({"law": "u"})
    with pytest.raises(InputError, match=r"^channel\.links: .*link 2 is a dict and no channel; each link needs"):
        units(content)
    content["channel"]["links"][2] = {"_target_": "callgap.channel.G711", "law": "x"}
    with pytest.raises(InputError, match=r"^channel\.links\.2\.law: found 'x'"):
        units(content)
