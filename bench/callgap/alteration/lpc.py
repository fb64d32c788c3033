"""Linear prediction of many frames at once: prediction polynomials, their roots, the filters that they stand for."""

from __future__ import annotations

import torch
from jaxtyping import Complex128, Float64
from torch import Tensor

Frames = Float64[Tensor, "frame sample"]
Polynomials = Float64[Tensor, "frame order_plus_one"]
Roots = Complex128[Tensor, "frame order"]

_NOISE_FLOOR = 1e-9
"""Of a frame's power, added as white noise to its autocorrelation (90 dB below it), so that none is singular."""


def predictors(frames: Frames, order: int) -> Polynomials:
    """Prediction error filters by the autocorrelation method (Levinson-Durbin recursion).

    Args:
        frames: windowed samples.
        order: how many samples back a sample is predicted from; below the frames' length.

    Returns:
        `1, a1, ..., a_order` per frame, all roots inside the unit circle; of a silent frame `1, 0, ..., 0`.
    """
    size = 2 * frames.shape[1]
    power = torch.fft.rfft(frames, size).abs().square()
    correlation = torch.fft.irfft(power, size)[:, : order + 1]
    error = correlation[:, 0] * (1 + _NOISE_FLOOR)
    sounding = error > 0
    a = torch.zeros_like(correlation)
    a[:, 0] = 1
    for k in range(1, order + 1):
        ahead = (a[:, :k] * correlation[:, 1 : k + 1].flip(1)).sum(1)
        reflection = torch.where(sounding, -ahead / torch.where(sounding, error, 1), 0)
        a[:, 1 : k + 1] = a[:, 1 : k + 1] + reflection[:, None] * a[:, :k].flip(1)
        error = error * (1 - reflection.square())
    return a


def roots(polynomials: Polynomials) -> Roots:
    """Roots of monic polynomials, the eigenvalues of their companion matrices (computed on the processor)."""
    frames, order = polynomials.shape[0], polynomials.shape[1] - 1
    companion = torch.diag_embed(torch.ones(frames, order - 1, dtype=torch.float64), offset=-1)
    companion[:, 0, :] = -polynomials[:, 1:].cpu()
    found: Roots = torch.linalg.eigvals(companion).to(polynomials.device)
    return found


def polynomials_of(found: Roots) -> Polynomials:
    """Monic polynomials from roots that are real or come in conjugate pairs."""
    frames, order = found.shape
    a = torch.zeros(frames, order + 1, dtype=torch.complex128, device=found.device)
    a[:, 0] = 1
    for k in range(order):
        a[:, 1 : k + 2] = a[:, 1 : k + 2] - found[:, k : k + 1] * a[:, : k + 1]
    return a.real.contiguous()


def residual(frames: Frames, polynomials: Polynomials) -> Frames:
    """What prediction leaves of frames before which there was silence: `e[n] = sum_k a[k] x[n-k]`."""
    size = frames.shape[1] + polynomials.shape[1] - 1
    spectrum = torch.fft.rfft(frames, size) * torch.fft.rfft(polynomials, size)
    left: Frames = torch.fft.irfft(spectrum, size)[:, : frames.shape[1]]
    return left


def synthesis(excitation: Frames, polynomials: Polynomials) -> Frames:
    """The all-pole filter on frames before which there was silence: `y[n] = e[n] - sum_k a[k] y[n-k]`."""
    frames, length = excitation.shape
    order = polynomials.shape[1] - 1
    # Frames along the last axis: each step then works on whole rows.
    back = polynomials[:, 1:].T.contiguous()
    y = torch.zeros(length, frames, dtype=torch.float64, device=excitation.device)
    e = excitation.T.contiguous()
    for n in range(length):
        k = min(order, n)
        y[n] = e[n] - (back[:k] * y[n - k : n].flip(0)).sum(0) if k else e[n]
    return y.T.contiguous()
