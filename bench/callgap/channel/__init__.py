"""Channels: what the telephone network does to speech on its way."""

from callgap.channel.amr_nb import AmrNb
from callgap.channel.availability import codecs_available
from callgap.channel.band import TelephoneBand
from callgap.channel.base import Channel, Overhears, Voices
from callgap.channel.chain import Chain
from callgap.channel.clean import Clean
from callgap.channel.g711 import G711
from callgap.channel.g722 import G722
from callgap.channel.g726 import G726
from callgap.channel.gain import AutomaticGain, Clipping
from callgap.channel.gsm610 import Gsm610
from callgap.channel.loss import Bernoulli, GilbertElliott, PacketLoss
from callgap.channel.noise import Noise
from callgap.channel.opus import Opus

__all__ = [
    "G711",
    "G722",
    "G726",
    "AmrNb",
    "AutomaticGain",
    "Bernoulli",
    "Chain",
    "Channel",
    "Clean",
    "Clipping",
    "GilbertElliott",
    "Gsm610",
    "Noise",
    "Opus",
    "Overhears",
    "PacketLoss",
    "TelephoneBand",
    "Voices",
    "codecs_available",
]
