"""Training: a small recognizer from any corpus, and who must not be heard with which model."""

from callgap.training.command import train_command
from callgap.training.settings import Holdout, Settings

__all__ = ["Holdout", "Settings", "train_command"]
