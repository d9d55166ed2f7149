"""The light of a scene: what time, weather and season make of its colours."""

from dataclasses import dataclass, replace

from flexura_media_worker.providers.canvas.brief import Brief, Season, Time, Weather
from flexura_media_worker.providers.canvas.colours import WHITE, Colour, faded, grey, mix, times


@dataclass(frozen=True, slots=True)
class Light:
    top: Colour
    middle: Colour
    horizon: Colour
    """The sky, from the top down."""
    sun: Colour
    sun_height: float
    """Of the sun or the moon: 0 at the horizon, 1 at the top."""
    ambient: Colour
    """What everything is seen in."""
    haze: Colour
    thickness: float
    """How much of what is far away the air swallows."""
    has_sun: bool = True
    has_stars: bool = False

    @property
    def is_dark(self) -> bool:
        return grey(self.ambient) < 0.55

    def on(self, colour: Colour, distance: float = 0.0) -> Colour:
        """A colour as it is seen in this light, from 0 (here) to 1 (at the horizon)."""
        return mix(times(colour, self.ambient), self.haze, min(1.0, distance * self.thickness))


LIGHTS = {
    Time.SUNRISE: Light(
        (0.34, 0.47, 0.70), (0.83, 0.68, 0.70), (1.0, 0.83, 0.62), (1.0, 0.92, 0.72), 0.10, (1.0, 0.88, 0.80),
        (0.98, 0.80, 0.68), 0.80,
    ),
    Time.DAY: Light(
        (0.16, 0.42, 0.80), (0.42, 0.68, 0.93), (0.80, 0.91, 0.97), (1.0, 0.98, 0.90), 0.80, (1.0, 1.0, 0.98),
        (0.76, 0.87, 0.95), 0.62,
    ),
    Time.SUNSET: Light(
        (0.20, 0.20, 0.44), (0.80, 0.40, 0.40), (1.0, 0.68, 0.32), (1.0, 0.86, 0.52), 0.09, (0.92, 0.68, 0.56),
        (0.96, 0.58, 0.38), 0.70,
    ),
    Time.DUSK: Light(
        (0.07, 0.10, 0.26), (0.27, 0.25, 0.46), (0.84, 0.48, 0.40), (1.0, 0.62, 0.44), 0.02, (0.48, 0.46, 0.62),
        (0.46, 0.36, 0.50), 0.70, has_sun=False,
    ),
    Time.NIGHT: Light(
        (0.012, 0.02, 0.07), (0.04, 0.06, 0.17), (0.11, 0.14, 0.30), (0.92, 0.94, 1.0), 0.66, (0.30, 0.34, 0.50),
        (0.10, 0.13, 0.27), 0.75, has_stars=True,
    ),
}  # fmt: skip
CLOUDED = {Weather.CLOUDS: 0.35, Weather.RAIN: 0.7, Weather.STORM: 0.85, Weather.SNOW: 0.6, Weather.FOG: 0.3}
DARKENED = {Weather.CLOUDS: 0.96, Weather.RAIN: 0.78, Weather.STORM: 0.55, Weather.SNOW: 0.97, Weather.FOG: 0.97}


def light_of(brief: Brief) -> Light:
    light = LIGHTS[brief.time]
    clouded = CLOUDED.get(brief.weather)
    if clouded is None:
        return light
    dark = DARKENED[brief.weather]

    def dull(colour: Colour) -> Colour:
        return times(faded(colour, clouded * 0.8), dark)

    cover = mix(dull(light.middle), dull(light.horizon), 0.45)
    light = replace(
        light,
        top=mix(dull(light.top), cover, clouded * 0.6),
        middle=mix(dull(light.middle), cover, clouded * 0.5),
        horizon=dull(light.horizon),
        ambient=times(mix(light.ambient, faded(light.ambient, 0.7), clouded), (1 + dark) / 2),
        haze=mix(dull(light.haze), cover, 0.5),
        has_sun=light.has_sun and brief.weather is Weather.CLOUDS,
        has_stars=False,
    )
    if brief.weather in {Weather.FOG, Weather.SNOW, Weather.STORM, Weather.RAIN}:
        light = replace(light, thickness=min(1.0, light.thickness * 1.35))
    if brief.weather is Weather.FOG:
        haze = mix(faded(LIGHTS[brief.time].haze, 0.4), WHITE, 0.18 * grey(light.ambient))
        top, middle, horizon = mix(light.top, haze, 0.45), mix(light.middle, haze, 0.6), mix(light.horizon, haze, 0.8)
        light = replace(light, haze=haze, top=top, middle=middle, horizon=horizon)
    return light


GRASS = {
    Season.SPRING: (0.42, 0.66, 0.24),
    Season.SUMMER: (0.34, 0.55, 0.20),
    Season.AUTUMN: (0.62, 0.52, 0.22),
    Season.WINTER: (0.92, 0.94, 0.98),
}
LEAVES = {
    Season.SPRING: ((0.50, 0.72, 0.28), (0.62, 0.80, 0.36), (0.95, 0.72, 0.80)),
    Season.SUMMER: ((0.18, 0.42, 0.14), (0.26, 0.52, 0.18), (0.36, 0.60, 0.22)),
    Season.AUTUMN: ((0.80, 0.32, 0.10), (0.92, 0.55, 0.12), (0.70, 0.20, 0.10)),
    Season.WINTER: ((0.88, 0.91, 0.96), (0.80, 0.84, 0.92), (0.95, 0.97, 1.0)),
}


def grass(brief: Brief) -> Colour:
    return GRASS[Season.WINTER if brief.weather is Weather.SNOW else brief.season]


def leaves(brief: Brief) -> tuple[Colour, Colour, Colour]:
    return LEAVES[Season.WINTER if brief.weather is Weather.SNOW else brief.season]
