"""From a prompt to what a film is to be: words for the camera here, the picture's and the music's words there."""

from flexura_media_worker.domain import Interpretation
from flexura_media_worker.providers.canvas import understand as pictures
from flexura_media_worker.providers.canvas.brief import Brief as Picture
from flexura_media_worker.providers.canvas.brief import Time, Weather
from flexura_media_worker.providers.motion.brief import Brief, Move
from flexura_media_worker.providers.prompts import Prompt, named
from flexura_media_worker.providers.tones.words import MOODS

MOVES = named(
    (Move.IN, "zoom in, zooms in, zooming in, zoom, push in, close up, dolly in, dolly, approaching"),
    (Move.OUT, "zoom out, zooms out, zooming out, pull back, dolly out, reveal"),
    (Move.LEFT, "pan left, pans left, panning left"),
    (Move.RIGHT, "pan right, pans right, panning right, pan, panning, tracking shot, drone shot, flyover"),
    (Move.STILL, "static shot, still camera, static camera, tripod, fixed camera"),
)
SPEEDS = named(
    (0.5, "slow motion, slow mo, slowly, slow"),
    (2.5, "timelapse, time lapse, sped up, fast motion, hyperlapse"),
)
PLAIN = named(("", "video, film, movie, clip, animation, animated, footage, loop, moving, camera, shot, scene"))
# What suits a place where the prompt names no mood: mood and genre.
MUSIC = {
    "abstract": "dreamy ambient", "beach": "calm folk", "city": "dreamy synthwave", "cliff": "mysterious cinematic",
    "desert": "mysterious cinematic", "field": "happy folk", "mountains": "calm cinematic", "pond": "calm classical",
    "river": "calm folk", "room": "calm ballad", "sky": "dreamy ambient", "space": "dreamy ambient",
    "street": "calm lofi",
}  # fmt: skip
USUAL = "calm ambient"
PLAYFUL = "playful waltz pluck"
SOUNDS = {"beach": "sea", "sea": "sea", "cliff": "sea", "desert": "wind", "room": "fireplace"}
SOUNDS_OF_WEATHER = {Weather.RAIN: "rain", Weather.STORM: "rain wind", Weather.SNOW: "wind"}


def understand(prompt: Prompt) -> Brief:
    moves, speeds, moods = prompt.find(MOVES), prompt.find(SPEEDS), prompt.find(MOODS)
    prompt.find(PLAIN)
    picture = pictures.understand(prompt)
    music = " ".join((*moods[:1], music_of(picture)))
    return Brief(picture, moves[0] if moves else Move.IN, speeds[0] if speeds else 1.0, music)


def music_of(picture: Picture) -> str:
    is_playful = "playing" in picture.traits or "dog" in picture.figures
    music = PLAYFUL if is_playful else MUSIC.get(picture.subject, USUAL)
    if picture.subject == "city" and picture.time is Time.DAY:
        music = "happy lofi"
    sounds = SOUNDS_OF_WEATHER.get(picture.weather, "") if picture.subject != "room" else ""
    return " ".join(part for part in (music, sounds, SOUNDS.get(picture.subject, "")) if part)


def interpretation(brief: Brief, prompt: Prompt) -> Interpretation:
    picture = pictures.interpretation(brief.picture, prompt)
    said = [f"camera: {brief.move}", f"music: {brief.music}"]
    if brief.speed != 1:
        said.append(f"speed: {brief.speed:g}")
    return Interpretation((*picture.understood, *said), picture.unknown)
