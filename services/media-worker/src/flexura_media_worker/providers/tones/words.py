"""The words that decide what a piece is."""

from collections.abc import Mapping

from flexura_media_worker.providers.prompts import named
from flexura_media_worker.providers.tones.brief import Mood

TEMPO_BPM_MIN, TEMPO_BPM_MAX = 30, 240


MOODS = named(
    (Mood.CALM, ("calm, calming, peaceful, relaxing, relaxed, soft, gentle, quiet, serene, tranquil, soothing, chill, "
     "warm, mellow, meditative, meditation, sleep, sleepy, yoga, spa, cozy, cosy, slumber, zen, smooth, study, focus")),
    (Mood.HAPPY, ("happy, cheerful, joyful, joy, bright, playful, upbeat, fun, funny, sunny, merry, jolly, cute, "
     "optimistic, positive, birthday, summer, christmas, carefree, festive, whimsical")),
    (Mood.SAD, ("sad, melancholic, melancholy, mournful, lonely, sorrow, sorrowful, grief, tearful, heartbreak, "
     "heartbroken, nostalgic, emotional, bittersweet, wistful, somber, sombre")),
    (Mood.DARK, ("dark, evil, horror, scary, spooky, creepy, gloomy, sinister, haunting, ominous, gothic, brooding, "
     "halloween, doom, eerie, menacing")),
    (Mood.EPIC, ("epic, heroic, triumphant, powerful, majestic, grand, battle, victory, inspiring, inspirational, "
     "adventure, adventurous, massive, glorious, fantasy")),
    (Mood.TENSE, "tense, suspense, suspenseful, thriller, urgent, anxious, nervous, chase, dramatic, danger"),
    (Mood.DREAMY, ("dreamy, dream, dreamlike, ethereal, floating, magical, magic, hypnotic, space, spacey, cosmic, "
     "celestial, airy, underwater, heavenly")),
    (Mood.ROMANTIC, "romantic, love, tender, intimate, wedding, sentimental, sweet, passionate"),
    (Mood.ENERGETIC, ("energetic, energy, driving, intense, aggressive, exciting, workout, wild, hard, "
     "pumping, sport, angry")),
    (Mood.MYSTERIOUS, "mysterious, mystery, mystic, mystical, strange, enigmatic, curious, detective, noir, secret"),
)  # fmt: skip
GENRES = named(
    ("ambient", "ambient, atmospheric, atmosphere, soundscape, new age, chillout"),
    ("drone", "drone"),
    ("ballad", "ballad"),
    ("orchestral", "orchestral, orchestra, symphonic, symphony, trailer, anthem, fanfare, hymn"),
    ("cinematic", "cinematic, film, movie, film score, film music, documentary"),
    ("lo-fi", "lo fi, lofi, chillhop, hip hop, hiphop, boom bap, trip hop, rap, trap"),
    ("techno", "techno, trance, rave, industrial, minimal techno, edm, drum and bass, dnb, acid, dubstep"),
    ("house", "house, deep house, dance, disco, club, electronic dance"),
    ("synthwave", "synthwave, retrowave, vaporwave, electronic, electro, 80s, synthpop, cyberpunk"),
    ("jazz", "jazz, jazzy, swing, bossa nova, bossa, lounge, bebop, blues, bluesy"),
    ("rock", "rock, rock n roll, metal, punk, grunge, indie, rocking"),
    ("classical", "classical, baroque, chamber, chamber music, sonata, mozart, bach, beethoven, minuet, nocturne"),
    ("lullaby", "lullaby, lullabies, cradle song, bedtime, nursery rhyme, nursery"),
    ("waltz", "waltz"),
    ("chiptune", "chiptune, 8 bit, 8bit, chip tune, arcade, video game, retro game, game boy, gameboy, 16 bit"),
    ("funk", "funk, funky, groove, groovy, soul, r b, rnb"),
    ("folk", "folk, acoustic, country, celtic, bluegrass, medieval, campfire, irish"),
    ("pop", "pop, pop song, jingle, corporate"),
)
INSTRUMENTS = named(
    ("piano", "piano, grand piano"),
    ("keys", "electric piano, rhodes, keys, keyboard"),
    ("pad", "pad, synth pad, choir, voices"),
    ("pluck", "pluck, harp, kalimba, koto, lute, harpsichord, marimba, plucked, banjo, sitar"),
    ("guitar", "guitar, acoustic guitar, ukulele, electric guitar, mandolin"),
    ("strings", "strings, violin, viola, cello, string, string quartet, string section, fiddle"),
    ("bass", "bass, double bass, bass guitar, upright bass"),
    ("synth bass", "synth bass, sub bass, bassline, bass line"),
    ("bells", "bell, bells, glockenspiel, celesta, music box, chime, chimes, vibraphone, xylophone, tubular bells"),
    ("brass", "brass, horn, trumpet, trombone, french horn, tuba, saxophone, sax"),
    ("flute", "flute, whistle, recorder, pan flute, clarinet, oboe, woodwind, ocarina"),
    ("organ", "organ, church organ, pipe organ, accordion, harmonium"),
    ("synth", "synth, synthesizer, synthesiser, saw, lead synth, synth lead"),
    ("square", "square wave, pulse wave"),
    ("drums", "drum, drums, beat, percussion, drum kit, drumbeat, rhythm, rhythmic, timpani, taiko"),
)
WITHOUT = {f"{no} {word}": name for no in ("no", "without") for word, name in INSTRUMENTS.items()}
TEXTURES = named(
    ("rain", "rain, rainy, rainfall, raindrop, drizzle, rainstorm, storm, thunderstorm"),
    ("sea", "sea, ocean, wave, waves, beach, shore, surf, seaside, water, tide"),
    ("wind", "wind, windy, breeze, gust, desert, winter, blizzard"),
    ("fire", "fire, fireplace, campfire, bonfire, crackling, crackle, flames"),
    ("vinyl", "vinyl, record player, vinyl crackle, dusty, gramophone, old record"),
    ("noise", "noise, white noise, static, hiss, pink noise, brown noise"),
)
TEMPI = {f"{bpm}{unit}": float(bpm) for bpm in range(TEMPO_BPM_MIN, TEMPO_BPM_MAX + 1)
         for unit in (" bpm", "bpm", " beats per minute")}  # fmt: skip
PACES = named(
    (0.72, "very slow, largo, grave"),
    (0.82, "slow, slowly, adagio, lento, downtempo, lazy, laid back, unhurried"),
    (0.92, "andante, walking pace"),
    (1.0, "moderato, mid tempo, medium tempo"),
    (1.2, "fast, quick, allegro, lively, uptempo, up tempo, brisk, quickly"),
    (1.4, "very fast, presto, frantic, hectic, vivace"),
)
MODES = named(
    ("major", "major, dur"),
    ("minor", "minor, moll"),
    ("natural minor", "natural minor, aeolian"),
    ("harmonic minor", "harmonic minor"),
    ("dorian", "dorian"),
    ("phrygian", "phrygian"),
    ("lydian", "lydian"),
    ("mixolydian", "mixolydian"),
    ("major pentatonic", "pentatonic, major pentatonic"),
    ("minor pentatonic", "minor pentatonic"),
    ("blues", "blues, bluesy"),
)
LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


def tonics() -> dict[str, int]:
    plain = dict(LETTERS)
    sharp = {f"{letter} sharp": (place + 1) % 12 for letter, place in LETTERS.items()}
    flat = {f"{letter}{mark}": (place - 1) % 12 for letter, place in LETTERS.items() for mark in ("b", " flat")}
    return plain | sharp | flat


def keys() -> dict[str, tuple[int | None, str]]:
    """Each key by its names: its tonic, and its mode where a mode is said."""
    found: dict[str, tuple[int | None, str]] = {}
    for name, tonic in tonics().items():
        # "In a" begins too many other things.
        if name != "a":
            found[f"in {name}"] = (tonic, "")
        found[f"key of {name}"] = (tonic, "")
        found |= {f"{name} {word}": (tonic, mode) for word, mode in MODES.items()}
    # An A here is no A.
    found |= {f"a {word} {what}": (None, mode) for word, mode in MODES.items() for what in ("key", "scale", "mode")}
    return found


KEYS: Mapping[str, tuple[int | None, str]] = keys()
# What every answer is.
PLAIN = named(
    ("", "music, song, tune, piece, track, background, background music, loop, sound, melody, theme, soundtrack"),
    (
        "",
        "audio, instrumental, intro, outro, composition, score, musical, play, playing, key, scale, bpm, tempo, style",
    ),
    ("", "mood, please, make, me, create, generate, vibe, feel, feeling"),
)
ALONE = dict.fromkeys(("solo", "only", "alone", "unaccompanied", "just"), "alone")
