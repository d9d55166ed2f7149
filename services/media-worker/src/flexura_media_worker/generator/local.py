"""The providers that compute on this machine, by name."""

from collections.abc import Callable, Mapping

from flexura_media_worker.ports import Provider
from flexura_media_worker.providers.canvas import Canvas
from flexura_media_worker.providers.testcard import TestCard

LOCAL_PROVIDERS: Mapping[str, Callable[[], Provider]] = {
    "flexura-canvas": Canvas,
    "flexura-testcard": TestCard,
}
