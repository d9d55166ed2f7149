"""The known name that a misspelled one was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches

from flexura_kit.redaction import redacted

# The time of a comparison grows with the square of the length, and strangers choose the length.
COMPARED_CHARACTERS_MAX = 40
SIMILARITY_MIN = 0.6


def nearest_name(given: str, known: Iterable[str], similarity_min: float = SIMILARITY_MIN) -> str | None:
    """Answers the known name most like the given one, or None where none is like it enough.

    Compares the first 40 characters, without regard to case. A `similarity_min` of 0 always answers a name if one
    is known. Source of the measure: `difflib.SequenceMatcher.ratio`.
    """
    by_start: dict[str, str] = {}
    for name in known:
        by_start.setdefault(_compared(name), name)
    found = get_close_matches(_compared(given), by_start, n=1, cutoff=similarity_min)
    return by_start[found[0]] if found else None


def unknown_names(given: Iterable[str], known: Iterable[str]) -> str | None:
    """Says which of the given names are not known, which ones were meant, and which there are; None where all are."""
    names = list(known)
    unknown = [name for name in given if name not in names]
    if not unknown:
        return None
    meant = (nearest_name(name, names) for name in unknown)
    hints = [
        f"{redacted(name)} (did you mean {near}?)" if near else redacted(name)
        for name, near in zip(unknown, meant, strict=True)
    ]
    return f"{', '.join(hints)}; there are {', '.join(names)}"


def _compared(name: str) -> str:
    # Cut again after folding, which may lengthen a text.
    return name[:COMPARED_CHARACTERS_MAX].casefold()[:COMPARED_CHARACTERS_MAX]
