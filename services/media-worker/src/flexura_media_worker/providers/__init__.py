"""The providers, one file or folder each, and which of them compute on this machine."""

from flexura_kit.nearest import unknown_names
from flexura_kit.startup import SettingsError

# Names only: what they compute with is loaded by the process that computes.
LOCAL = ("flexura-canvas", "flexura-motion", "flexura-tones", "flexura-testcard")


def provider_names(names: str) -> tuple[str, ...]:
    """Reads the list of providers, or stops the process with the one that is not known."""
    given = tuple(name.strip() for name in names.split(",") if name.strip())
    if not given:
        raise SettingsError(f"FLEXURA_PROVIDERS: names no provider; there are {', '.join(LOCAL)}")
    unknown = unknown_names(given, LOCAL)
    if unknown:
        raise SettingsError(f"FLEXURA_PROVIDERS: no provider of this worker is named {unknown}")
    return given
