"""What several figures are made of."""

from flexura_media_worker.providers.canvas.brief import Weather
from flexura_media_worker.providers.canvas.canvas import Point, Sheet
from flexura_media_worker.providers.canvas.colours import BLACK, Colour, times
from flexura_media_worker.providers.canvas.light import Light, grass
from flexura_media_worker.providers.canvas.scene import Scene

GRASSY = frozenset({"field", "river", "mountains"})


def shadow(scene: Scene, foot: Point, width: float) -> None:
    """Soft darkness on the ground below."""
    sheet = scene.canvas.sheet((foot[0] - 2 * width, foot[1] - width, foot[0] + 2 * width, foot[1] + width))
    sheet.ellipse(foot, width, width * 0.2, BLACK, 0.5)
    scene.canvas.lay(sheet, 0.8, blur=width * 0.09)


def tuft(scene: Scene, foot: Point, width: float) -> None:
    """Grass in front of the feet of who stands in it."""
    if scene.brief.subject not in GRASSY or scene.brief.weather is Weather.SNOW:
        return
    sheet = scene.canvas.sheet((foot[0] - 1.5 * width, foot[1] - 0.06, foot[0] + 1.5 * width, foot[1] + 0.03))
    green = grass(scene.brief)
    for across, length, lean, tone in scene.rng.random((46, 4)):
        at = (foot[0] + (across - 0.5) * 2.4 * width, foot[1] + 0.012)
        tip = (at[0] + (lean - 0.5) * 0.02, at[1] - 0.016 - 0.026 * length)
        sheet.stroke(at, tip, 0.0028, scene.light.on(times(green, 0.62 + 0.5 * tone)))
    scene.canvas.lay(sheet)


def around(scene: Scene, at: Point, size: float) -> Sheet:
    """A sheet with room for a figure that stands on a place."""
    return scene.canvas.sheet((at[0] - 1.4 * size, at[1] - 1.5 * size, at[0] + 1.4 * size, at[1] + 0.5 * size))


def curve(*points: Point, steps: int = 14) -> list[Point]:
    """A smooth line through points."""
    ps = [points[0], *points, points[-1]]
    line: list[Point] = []
    for a, b, c, d in zip(ps, ps[1:], ps[2:], ps[3:], strict=False):
        ts = [step / steps for step in range(steps)]
        line += [(spline(a[0], b[0], c[0], d[0], t), spline(a[1], b[1], c[1], d[1], t)) for t in ts]
    return [*line, points[-1]]


def spline(a: float, b: float, c: float, d: float, t: float) -> float:
    """Catmull and Rom's."""
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def blob(*points: Point, steps: int = 10) -> list[Point]:
    """A smooth closed shape through points."""
    ps = [points[-1], *points, points[0], points[1]]
    line: list[Point] = []
    for a, b, c, d in zip(ps, ps[1:], ps[2:], ps[3:], strict=False):
        ts = [step / steps for step in range(steps)]
        line += [(spline(a[0], b[0], c[0], d[0], t), spline(a[1], b[1], c[1], d[1], t)) for t in ts]
    return line


class Pen:
    """Draws a figure in units of its size, from its foot: x to the right, y up."""

    def __init__(
        self, scene: Scene, sheet: Sheet, at: Point, size: float, light: Light | None = None, lean: float = 0.0
    ) -> None:
        self._light = light or scene.light
        self._sheet = sheet
        self._at = at
        self._size = size
        self._lean = lean
        """How far to the right it leans for each unit of its height."""

    def shape(self, colour: Colour, *points: Point, alpha: float = 1.0) -> None:
        self._sheet.polygon([self._to(point) for point in points], self._light.on(colour), alpha)

    def soft(self, colour: Colour, *points: Point, alpha: float = 1.0) -> None:
        """A closed shape without corners."""
        self._sheet.polygon([self._to(point) for point in blob(*points)], self._light.on(colour), alpha)

    def oval(self, colour: Colour, middle: Point, width: float, height: float, alpha: float = 1.0) -> None:
        size = self._size
        self._sheet.ellipse(self._to(middle), width * size, height * size, self._light.on(colour), alpha)

    def line(self, colour: Colour, width: float, *points: Point, alpha: float = 1.0) -> None:
        line = [self._to(point) for point in (curve(*points) if len(points) > 2 else points)]
        self._sheet.line(line, width * self._size, self._light.on(colour), alpha)

    def lit(self, colour: Colour, middle: Point, width: float, height: float) -> None:
        """An oval that shines by itself."""
        self._sheet.ellipse(self._to(middle), width * self._size, height * self._size, colour)

    def _to(self, point: Point) -> Point:
        x = point[0] + self._lean * point[1]
        return self._at[0] + x * self._size, self._at[1] - point[1] * self._size
