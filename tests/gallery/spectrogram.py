"""Sound as a picture: over time, what is heard at each pitch, and below it how loud it is."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SIDE = 560
WAVE = 110  # Rows for the loudness.
LOW_HZ, HIGH_HZ = 40.0, 16_000.0
WINDOW = 8192
FLOOR_DB = -72.0
LABELS_HZ = {100: "100 Hz", 1000: "1 kHz", 10_000: "10 kHz"}
# From silence to the loudest.
TONES = ((8, 6, 24), (52, 18, 84), (130, 32, 110), (206, 62, 84), (248, 138, 64), (252, 224, 150), (255, 252, 235))
GROUND = TONES[0]
Samples = NDArray[np.float32]


def spectrogram(samples: Samples, rate: int) -> Image.Image:
    heights = SIDE - WAVE
    padded = np.pad(samples, WINDOW // 2)
    starts = np.linspace(0, len(samples) - 1, SIDE).astype(int)
    shape = np.hanning(WINDOW).astype(np.float32)
    power = np.stack([np.abs(np.fft.rfft(padded[start : start + WINDOW] * shape)) for start in starts], axis=1)
    places = np.geomspace(HIGH_HZ, LOW_HZ, heights) / rate * WINDOW
    low = places.astype(int)
    between = (places - low)[:, None]
    seen = power[low] * (1 - between) + power[low + 1] * between
    level = np.clip(1 - 20 * np.log10(seen / seen.max() + 1e-9) / FLOOR_DB, 0, 1)
    tones = np.array(TONES)
    scale = np.linspace(0, 1, len(tones))
    pixels = np.stack([np.interp(level, scale, tones[:, channel]) for channel in range(3)], axis=2)
    image = Image.new("RGB", (SIDE, SIDE), GROUND)
    image.paste(Image.fromarray(pixels.astype(np.uint8)), (0, 0))
    draw = ImageDraw.Draw(image)
    draw_wave(draw, samples)
    font = ImageFont.load_default(20)
    for hertz, label in LABELS_HZ.items():
        y = float(np.log(HIGH_HZ / hertz) / np.log(HIGH_HZ / LOW_HZ)) * heights
        draw.line((0, y, 10, y), (255, 255, 255))
        draw.text((14, y), label, (255, 255, 255), font, anchor="lm")
    return image


def draw_wave(draw: ImageDraw.ImageDraw, samples: Samples) -> None:
    middle = SIDE - WAVE / 2
    for x, part in enumerate(np.array_split(samples, SIDE)):
        up, down = (float(edge) * WAVE * 0.48 for edge in (part.max(), part.min()))
        draw.line((x, middle - up, x, middle - down), TONES[-2])
