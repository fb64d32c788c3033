"""Channels: what the telephone network does to speech on its way."""

from callgap.channel.base import Channel, Overhears, Voices
from callgap.channel.clean import Clean
from callgap.channel.g711 import G711

__all__ = ["G711", "Channel", "Clean", "Overhears", "Voices"]
