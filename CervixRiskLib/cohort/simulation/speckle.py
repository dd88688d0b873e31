"""Echoes: scatterers seen through a point-spread function, and their envelope.

Tissue is a field of scatterers much finer than the pulse. The received signal is its convolution with a pulse along
the beam and a beam profile across, whose width changes with depth. Where many scatterers share a resolution cell the
envelope is Rayleigh distributed: its mean is sqrt(pi / (4 - pi)) = 1.91 times its standard deviation (fully developed
speckle; Wagner et al., IEEE Trans Sonics Ultrason 30:156-163, 1983).
"""

from __future__ import annotations

import numpy as np
from scipy import fft

OVERSAMPLING = 3
"""Radio-frequency samples per demodulated sample."""

_REFLECTIONS = np.sqrt(np.array([3, 3, 0, 0, 0, 0], dtype=np.float32)) * np.array([-1, 1, 1, 1, 1, 1], dtype=np.float32)
"""A third of the cells holds a scatterer, of either sign: several in each resolution cell.

With this share the fourth moment is that of a normal distribution, so the speckle is fully developed.
"""


def draw_scatterers(rng: np.random.Generator, amplitude: np.ndarray) -> np.ndarray:
    """Reflections of random scatterers on the radio-frequency grid.

    Parameters
    ----------
    amplitude
        ``(samples, lines)`` root mean square of the reflection, on the demodulated grid.

    Returns
    -------
    numpy.ndarray
        ``(OVERSAMPLING * samples, lines)`` float32.
    """
    samples, lines = amplitude.shape
    shape = (samples * OVERSAMPLING, lines)
    reflection = _REFLECTIONS[rng.integers(len(_REFLECTIONS), size=shape, dtype=np.uint8)]
    reflection.reshape(samples, OVERSAMPLING, lines)[...] *= amplitude.astype(np.float32)[:, None, :]
    return reflection


def analytic_echo(
    reflection: np.ndarray,
    *,
    sample_mm: float,
    wavelength_mm: float,
    fractional_bandwidth: float,
    lateral_sd_lines: np.ndarray,
) -> np.ndarray:
    """The analytic (Hilbert) signal of the received echoes; its magnitude is the envelope.

    Pulse, Hilbert transform and decimation to the demodulated grid are one multiplication of the spectrum along the
    beam; the depth-dependent beam profile is another one across. A reflection of unit variance everywhere gives an
    echo of unit mean power.

    Parameters
    ----------
    reflection
        ``(OVERSAMPLING * samples, lines)``.
    sample_mm
        Spacing of the demodulated samples.
    wavelength_mm
        Of the centre frequency; the echo oscillates twice per wavelength of depth.
    fractional_bandwidth
        -6 dB width of the pulse's spectrum as a share of the centre frequency; the band that the demodulated samples
        can carry, ``1 / sample_mm``, limits it.
    lateral_sd_lines
        ``(samples,)`` standard deviation of the beam profile in lines.

    Returns
    -------
    numpy.ndarray
        ``(samples, lines)`` complex64.
    """
    fine, lines = reflection.shape
    samples = fine // OVERSAMPLING
    spectrum = fft.rfft(reflection, axis=0)
    frequency = fft.rfftfreq(fine, sample_mm / OVERSAMPLING)
    center = 2.0 / wavelength_mm
    sd = fractional_bandwidth * center / (2 * np.sqrt(2 * np.log(2)))
    pulse = np.exp(-0.5 * ((frequency - center) / sd) ** 2)
    # Keeping the band of `samples` frequencies around the centre, positive ones only, is Hilbert, demodulation and
    # decimation at once.
    first = max(1, min(round(center * fine * sample_mm / OVERSAMPLING) - samples // 2, len(frequency) - samples))
    band = slice(first, first + samples)
    # The taper of the band's outer quarters keeps its ends from ringing into regions without echoes.
    from_end = np.minimum(np.arange(samples) + 0.5, samples - np.arange(samples) - 0.5) / samples
    pulse = pulse[band] * np.sin(0.5 * np.pi * np.minimum(4 * from_end, 1)) ** 2
    pulse *= np.sqrt(samples / OVERSAMPLING / (pulse**2).sum())
    echo = fft.ifft(spectrum[band] * pulse[:, None].astype(np.float32), axis=0, overwrite_x=True)

    across = fft.fftfreq(lines)
    profile = np.exp(-2 * (np.pi * np.outer(lateral_sd_lines, across)) ** 2).astype(np.float32)
    profile /= np.sqrt((profile**2).mean(axis=1, keepdims=True))
    echo = fft.ifft(fft.fft(echo, axis=1) * profile, axis=1, overwrite_x=True)
    return np.asarray(echo, dtype=np.complex64)


def log_compress(envelope: np.ndarray, *, top_db: float, dynamic_range_db: float) -> np.ndarray:
    """Envelope to grey: ``top_db`` above unit amplitude is 1, ``dynamic_range_db`` below that is 0, clipped."""
    decibel = 20.0 * np.log10(np.maximum(envelope, 1e-9))
    return np.clip(1.0 + (decibel - top_db) / dynamic_range_db, 0.0, 1.0).astype(np.float32)
