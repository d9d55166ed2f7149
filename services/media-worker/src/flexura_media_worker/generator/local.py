"""The providers that compute on this machine, by name; each is loaded when it is asked for."""

import importlib
from collections.abc import Mapping

from flexura_media_worker.ports import Provider

PACKAGE = "flexura_media_worker.providers"
LOCAL_PROVIDERS: Mapping[str, tuple[str, str]] = {
    "flexura-canvas": (f"{PACKAGE}.canvas", "Canvas"),
    "flexura-motion": (f"{PACKAGE}.motion", "Motion"),
    "flexura-tones": (f"{PACKAGE}.tones", "Tones"),
    "flexura-testcard": (f"{PACKAGE}.testcard", "TestCard"),
}


class LocalProviders:
    """One of each. What cannot be loaded is tried again when it is asked for: it may have been installed since."""

    def __init__(self) -> None:
        self._loaded: dict[str, Provider] = {}

    def get(self, name: str) -> Provider:
        """Raises whatever the loading of its modules raises."""
        if name not in self._loaded:
            module, factory = LOCAL_PROVIDERS[name]
            importlib.invalidate_caches()
            provider: Provider = getattr(importlib.import_module(module), factory)()
            self._loaded[name] = provider
        return self._loaded[name]

    def missing(self, names: list[str]) -> dict[str, str]:
        """Loads these, and answers which of them cannot be loaded and why."""
        missing = {}
        for name in names:
            try:
                self.get(name)
            except Exception as error:  # noqa: BLE001 - whatever its modules raise, the others can be used.
                missing[name] = f"{type(error).__name__}: {error}"
        return missing
