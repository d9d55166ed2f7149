"""What the finished scene is made of: light on a sensor, water and paper, tubes of gas, flat shapes, or ink."""

import numpy as np
from PIL import Image, ImageFilter

from flexura_media_worker.providers.canvas.brief import Style
from flexura_media_worker.providers.canvas.canvas import Pixels
from flexura_media_worker.providers.canvas.noise import Field, fractal
from flexura_media_worker.providers.canvas.scene import Scene

GREY = np.array([0.299, 0.587, 0.114], np.float32)
PAPER = np.array([0.975, 0.962, 0.93], np.float32)
INK = np.array([0.10, 0.10, 0.13], np.float32)


def finish(scene: Scene) -> None:
    match scene.brief.style:
        case Style.WATERCOLOUR:
            watercolour(scene)
        case Style.INK:
            ink(scene)
        case Style.FLAT:
            flat(scene)
        case Style.NEON:
            bloom(scene, 0.62, 0.030, 0.55)
            contrast(scene, 1.14, 1.25)
            lens(scene, 0.34)
        case Style.LIGHT:
            bloom(scene, 0.80, 0.022, 0.30)
            contrast(scene, 1.05, 1.08)
            lens(scene, 0.24)


def bloom(scene: Scene, level: float, radius: float, strength: float) -> None:
    """What is bright shines over its edge."""
    pixels = scene.canvas.pixels
    small = half_size(np.clip(pixels - level, 0, 1) / (1 - level), 4)
    pixels += enlarged(blurred(small, radius * scene.canvas.height / 4), pixels.shape) * np.float32(strength)


def contrast(scene: Scene, strength: float, saturation: float) -> None:
    pixels = scene.canvas.pixels
    np.clip(pixels, 0, 1.2, out=pixels)
    level = (pixels @ GREY)[:, :, None]
    pixels[:] = level + (pixels - level) * np.float32(saturation)
    pixels[:] = (pixels - np.float32(0.5)) * np.float32(strength) + np.float32(0.5)


def lens(scene: Scene, strength: float) -> None:
    """Darker corners, and the grain of a film."""
    canvas = scene.canvas
    across = np.linspace(-1, 1, canvas.width, dtype=np.float32) ** 2
    down = np.linspace(-1, 1, canvas.height, dtype=np.float32) ** 2
    canvas.pixels *= (1 - np.float32(strength) * ((across[None, :] + down[:, None]) / 2) ** 1.5)[:, :, None]
    tile = scene.rng.normal(0, 0.010, (256, 256)).astype(np.float32)
    grain = np.tile(tile, (canvas.height // 256 + 1, canvas.width // 256 + 1))[: canvas.height, : canvas.width]
    canvas.pixels += grain[:, :, None]


def watercolour(scene: Scene) -> None:
    """Washes with uneven pigment and darker rims, on paper that shows."""
    canvas = scene.canvas
    contrast(scene, 1.12, 1.45)  # Water takes some of both away.
    wobble, other = (
        (fractal(scene.rng, canvas.height, canvas.width, 14, 3) - np.float32(0.5)) * np.float32(0.022 * canvas.height)
        for _ in range(2)
    )
    canvas.pixels[:] = moved(median(canvas.pixels, max(3, int(canvas.height * 0.012) | 1)), wobble, other)
    strength = 1 + (fractal(scene.rng, canvas.height, canvas.width, 5, 4) - np.float32(0.5)) * np.float32(0.55)
    strength += edges(canvas.pixels) * np.float32(0.65)
    tooth = fractal(scene.rng, canvas.height, canvas.width, 170, 2) - np.float32(0.5)
    for rows in canvas.strips():
        pigment = (PAPER - canvas.pixels[rows]) * (strength[rows, :, None] * np.float32(0.96))
        canvas.pixels[rows] = PAPER - pigment + tooth[rows, :, None] * np.float32(0.055)
    paper_edge(scene, 0.045)


def paper_edge(scene: Scene, width: float) -> None:
    """Leaves the paper free along the edges, as a brush does."""
    canvas = scene.canvas
    xs = np.minimum(np.arange(canvas.width), np.arange(canvas.width)[::-1]) / canvas.height
    ys = np.minimum(np.arange(canvas.height), np.arange(canvas.height)[::-1]) / canvas.height
    away = np.minimum(xs[None, :], ys[:, None])
    ragged = fractal(scene.rng, canvas.height, canvas.width, 18, 4) * 0.035
    share = np.clip((width * min(1.0, canvas.aspect) - away + ragged - 0.012) / 0.006, 0, 1)
    canvas.blend((float(PAPER[0]), float(PAPER[1]), float(PAPER[2])), share.astype(np.float32))


def ink(scene: Scene) -> None:
    """Washes of grey and drawn edges; what is warm in colour keeps it."""
    canvas = scene.canvas
    canvas.pixels[:] = median(canvas.pixels, max(3, int(canvas.height * 0.006) | 1))
    tones = np.clip((blurred(canvas.pixels, canvas.height / 160) @ GREY - 0.08) * 1.35, 0, 1) ** 0.8
    tones += (fractal(scene.rng, canvas.height, canvas.width, 60, 3, stretch=3.0) - 0.5) * 0.09
    line = np.clip(edges(canvas.pixels) * 2.1 - 0.16, 0, 1)
    tooth = (fractal(scene.rng, canvas.height, canvas.width, 160, 2) - 0.5) * 0.03
    for rows in canvas.strips():
        smooth = canvas.pixels[rows]
        washes = np.clip(np.floor(tones[rows] * 5) / 4, 0, 1)
        drawn = PAPER + (INK - PAPER) * np.clip((1 - washes) * 0.82 + line[rows], 0, 1)[:, :, None]
        warm = np.clip((smooth[:, :, 0] - smooth[:, :, 2]) * 2.6 - 0.55, 0, 1)[:, :, None]
        canvas.pixels[rows] = drawn + (smooth - drawn) * warm * 0.85 + tooth[rows, :, None]
    paper_edge(scene, 0.03)


def flat(scene: Scene) -> None:
    """Few tones, no texture."""
    canvas = scene.canvas
    smooth = median(np.clip(canvas.pixels, 0, 1), max(3, int(canvas.height * 0.010) | 1))
    image = as_image(smooth).quantize(24, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    image = (
        image.filter(ImageFilter.ModeFilter(max(3, int(canvas.height * 0.006) | 1))) if canvas.height < 512 else image
    )
    canvas.pixels[:] = as_pixels(image.filter(ImageFilter.SMOOTH))
    contrast(scene, 1.04, 1.16)


def edges(pixels: Pixels) -> Field:
    """Where tones change, from 0 to about 1."""
    level = pixels @ GREY
    across = np.abs(np.diff(level, axis=1, prepend=level[:, :1]))
    down = np.abs(np.diff(level, axis=0, prepend=level[:1]))
    image = Image.fromarray((np.clip((across + down) * 3, 0, 1) * 255).astype(np.uint8))
    strong = as_pixels(image.filter(ImageFilter.GaussianBlur(max(0.6, pixels.shape[0] / 900))))
    field: Field = np.clip(strong * np.float32(1.6), 0, 1)
    return field


def median(pixels: Pixels, size: int) -> Pixels:
    """Smooths without losing edges; at a smaller size, where the picture is large."""
    times = max(1, size // 4)
    image = as_image(half_size(pixels, times))
    smooth = as_pixels(image.filter(ImageFilter.MedianFilter(5)))
    return enlarged(smooth, pixels.shape) if times > 1 else smooth


def moved(pixels: Pixels, across: Field, down: Field) -> Pixels:
    height, width = pixels.shape[:2]
    xs = np.clip(np.arange(width, dtype=np.float32)[None, :] + across, 0, width - 1).astype(np.int32)
    ys = np.clip(np.arange(height, dtype=np.float32)[:, None] + down, 0, height - 1).astype(np.int32)
    taken: Pixels = pixels[ys, xs]
    return taken


def half_size(pixels: Pixels, times: int) -> Pixels:
    if times <= 1 or min(pixels.shape[:2]) < 2 * times:
        return pixels
    return as_pixels(as_image(pixels).reduce(times))


def blurred(pixels: Pixels, radius: float) -> Pixels:
    return as_pixels(as_image(pixels).filter(ImageFilter.GaussianBlur(radius)))


def enlarged(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    size = (shape[1], shape[0])
    return as_pixels(as_image(pixels).resize(size, Image.Resampling.BILINEAR))


def as_pixels(image: Image.Image) -> Pixels:
    return np.asarray(image, np.float32) * np.float32(1 / 255)


def as_image(pixels: Pixels) -> Image.Image:
    levels = np.clip(pixels, 0, 1)
    levels *= 255
    levels += 0.5
    return Image.fromarray(levels.astype(np.uint8))
