"""What the recognizer `transformers` is made of: checkpoint, an adapter per output family, the loop over batches."""

from callgap.recognizer.neural.adapter import Adapter, Options, Reading
from callgap.recognizer.neural.loading import adapter_of
from callgap.recognizer.neural.loop import Loop

__all__ = ["Adapter", "Loop", "Options", "Reading", "adapter_of"]
