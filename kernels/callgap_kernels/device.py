"""Where an operation runs."""

from typing import Final

REFERENCE_DEVICES: Final = (None, "cpu")


def require_reference_device(device: str | None) -> None:
    """Refuse a device that has no implementation.

    Args:
        device: Name of the device asked for; None leaves the choice to the library.

    Raises:
        ValueError: If `device` is neither None nor "cpu".
    """
    if device not in REFERENCE_DEVICES:
        raise ValueError(f'device is {device!r}; accepted are None and "cpu"')
