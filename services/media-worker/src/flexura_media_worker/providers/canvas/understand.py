"""From a prompt to what the picture is to show."""

from flexura_media_worker.domain import Interpretation
from flexura_media_worker.providers.canvas import words
from flexura_media_worker.providers.canvas.brief import Brief, Season, Style, Time, Weather
from flexura_media_worker.providers.prompts import Prompt

FIGURES_MAX = 3
COLOURS_MAX = 6
# Where somebody or something is to be seen, and nobody says where: the place that suits them.
AT_HOME = {
    "cat": "room", "dog": "field", "bird": "sky", "fish": "pond", "person": "field", "umbrella": "street",
    "boat": "sea", "car": "street", "tree": "field", "flower": "field", "lighthouse": "sea", "castle": "cliff",
    "robot": "field", "house": "field", "yarn": "room",
}  # fmt: skip
ON_FOOT = frozenset({"car", "person", "umbrella", "dog", "cat", "robot"})  # In a city they are in its streets.
UNKNOWN_SUBJECT = "abstract"


def understand(prompt: Prompt) -> Brief:
    styles = prompt.find(words.STYLES)
    subjects = prompt.find(words.SUBJECTS)
    figures = [figure for figure in prompt.find(words.FIGURES) if figure]
    times = prompt.find(words.TIMES)
    weathers = prompt.find(words.WEATHERS)
    seasons = prompt.find(words.SEASONS)
    palette = prompt.find(words.COLOUR_NAMES)
    traits = prompt.find(words.TRAITS)
    subject = subject_of(subjects, figures)
    weather = weathers[0] if weathers else Weather.CLEAR
    if Weather.STORM in weathers:
        weather = Weather.STORM
    return Brief(
        subject=subject,
        figures=tuple(figures[:FIGURES_MAX]),
        time=times[0] if times else time_of(subject, styles),
        weather=weather,
        season=seasons[0] if seasons else season_of(weather),
        style=(styles_but_light(styles) or styles or [Style.LIGHT])[0],
        palette=tuple(palette[:COLOURS_MAX]),
        traits=frozenset(traits),
    )


def subject_of(subjects: list[str], figures: list[str]) -> str:
    # An abstract picture is of whatever it names only in a manner.
    if "abstract" in subjects:
        return "abstract"
    if subjects[:1] == ["city"] and ON_FOOT & set(figures):
        return "street"
    if subjects:
        return subjects[0]
    return AT_HOME[figures[0]] if figures else UNKNOWN_SUBJECT


def styles_but_light(styles: list[Style]) -> list[Style]:
    return [style for style in styles if style is not Style.LIGHT]


def time_of(subject: str, styles: list[Style]) -> Time:
    if subject == "space" or Style.NEON in styles:
        return Time.NIGHT
    if subject == "room":
        return Time.DUSK
    return Time.DAY


def season_of(weather: Weather) -> Season:
    return Season.WINTER if weather is Weather.SNOW else Season.SUMMER


def interpretation(brief: Brief, prompt: Prompt) -> Interpretation:
    said = [f"subject: {brief.subject}"]
    if brief.figures:
        said.append(f"figures: {', '.join(brief.figures)}")
    if brief.subject not in {"abstract", "space"}:
        said += [f"time: {brief.time}", f"weather: {brief.weather}", f"season: {brief.season}"]
    said.append(f"style: {brief.style}")
    if brief.palette:
        said.append(f"colours: {', '.join(brief.palette)}")
    if brief.traits:
        said.append(f"also: {', '.join(sorted(brief.traits))}")
    return Interpretation(tuple(said), tuple(prompt.unknown))
