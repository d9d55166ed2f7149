"""What a picture is to show, as far as a prompt says it."""

from dataclasses import dataclass
from enum import StrEnum


class Time(StrEnum):
    SUNRISE = "sunrise"
    DAY = "day"
    SUNSET = "sunset"
    DUSK = "dusk"
    NIGHT = "night"


class Weather(StrEnum):
    CLEAR = "clear"
    CLOUDS = "clouds"
    RAIN = "rain"
    STORM = "storm"
    SNOW = "snow"
    FOG = "fog"


class Season(StrEnum):
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"
    WINTER = "winter"


class Style(StrEnum):
    LIGHT = "photo-like light"
    WATERCOLOUR = "watercolour"
    NEON = "neon"
    FLAT = "flat"
    INK = "ink"


@dataclass(frozen=True, slots=True)
class Brief:
    subject: str
    figures: tuple[str, ...]
    time: Time
    weather: Weather
    season: Season
    style: Style
    palette: tuple[str, ...] = ()
    """Names of colours that lead."""
    traits: frozenset[str] = frozenset()
    """What else was said: `futuristic`, `calm`, `cosy`, `rings`."""
