"""The music of a film: soft, and as long as the film."""

import numpy as np

from flexura_media_worker.providers.tones.compose import compose
from flexura_media_worker.providers.tones.mix import mixed
from flexura_media_worker.providers.tones.sound import RATE, Samples
from flexura_media_worker.providers.tones.understand import read, understand

SOFT = 10 ** (-6 / 20)  # Six decibels below music that is there for itself.
SHORTEST_S = 1.0


def music(prompt: str, duration_s: float, chance: np.random.Generator) -> Samples:
    for_brief, for_notes, for_sound = chance.spawn(3)
    brief = understand(read(prompt), for_brief)
    length_s = max(SHORTEST_S, duration_s)
    sides = mixed(brief, compose(brief, length_s, for_notes), length_s, for_sound, lambda _: None)
    return sides[:, : round(duration_s * RATE)] * np.float32(SOFT)
