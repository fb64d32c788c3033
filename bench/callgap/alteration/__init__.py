"""Voice alteration: what a tool does to the caller's or the agent's voice before the telephone carries it."""

from callgap.alteration.base import WHOLE_UTTERANCE, Alteration, BySpeaker, Checked, Recorded
from callgap.alteration.cascade import Cascade
from callgap.alteration.chain import Chain
from callgap.alteration.command import Command
from callgap.alteration.controls import Resampled, Transmitted
from callgap.alteration.coqui import Coqui
from callgap.alteration.denoise import Denoise
from callgap.alteration.files import Files
from callgap.alteration.identity import Identity
from callgap.alteration.mcadams import McAdams, McAdamsBySpeaker
from callgap.alteration.presence import Presence
from callgap.alteration.service import Http
from callgap.alteration.speecht5 import SpeechT5
from callgap.alteration.stream import Streamed, StreamingCommand
from callgap.alteration.world import PitchRange, PitchShift

__all__ = [
    "WHOLE_UTTERANCE",
    "Alteration",
    "BySpeaker",
    "Cascade",
    "Chain",
    "Checked",
    "Command",
    "Coqui",
    "Denoise",
    "Files",
    "Http",
    "Identity",
    "McAdams",
    "McAdamsBySpeaker",
    "PitchRange",
    "PitchShift",
    "Presence",
    "Recorded",
    "Resampled",
    "SpeechT5",
    "Streamed",
    "StreamingCommand",
    "Transmitted",
]
