"""The providers that compute on this machine, by name."""

from collections.abc import Callable, Mapping

from flexura_media_worker.ports import Provider
from flexura_media_worker.providers.canvas import Canvas
from flexura_media_worker.providers.motion import Motion
from flexura_media_worker.providers.testcard import TestCard
from flexura_media_worker.providers.tones import Tones

LOCAL_PROVIDERS: Mapping[str, Callable[[], Provider]] = {
    "flexura-canvas": Canvas,
    "flexura-motion": Motion,
    "flexura-tones": Tones,
    "flexura-testcard": TestCard,
}
