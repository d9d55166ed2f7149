"""Media types of bodies and of answers, as RFC 9110, 8.3.1 has them, and read as generously as meaning allows."""

import re
from collections.abc import Iterator, Sequence

WORD = r"[!#$%&'*+.^_`|~0-9a-z-]+"
# Empty parameters and blanks around `=` are no part of the grammar, and clients write them.
TYPE = re.compile(rf" ?({WORD})/({WORD}) ?(?:;|\Z)", re.IGNORECASE)
PARAMETER = re.compile(rf" ?(?:({WORD}) ?= ?({WORD}|\"(?:[^\"\\]|\\.)*\"))? ?(?:;|\Z)", re.IGNORECASE)
ESCAPE = re.compile(r"\\(.)")
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})  # ASCII is UTF-8.
HEADER_CHARACTERS_MAX = 1000
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')
QUALITY = re.compile(r"q[ \t]*=[ \t]*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.IGNORECASE)


def is_json(header: str) -> bool:
    """Tells whether it names JSON in UTF-8: `application/json`, `text/json` or `.../...+json`, in any spelling."""
    if len(header) > HEADER_CHARACTERS_MAX:
        return False
    header = " ".join(header.split())
    found = TYPE.match(header)
    if found is None:
        return False
    kind, subtype = found[1].lower(), found[2].lower()
    names_json = (subtype == "json" and kind in {"application", "text"}) or subtype.endswith("+json")
    return names_json and _charsets(header, found.end()) <= UTF_8


def _charsets(header: str, place: int) -> set[str]:
    """What the parameters say of the charset; a parameter that cannot be read says something unknown."""
    charsets = set()
    while place < len(header):
        found = PARAMETER.match(header, place)
        if found is None:
            return {"unknown"}
        place = found.end()
        if (found[1] or "").lower() == "charset":
            value = found[2]
            charsets.add(ESCAPE.sub(r"\1", value[1:-1] if value.startswith('"') else value).strip(" '").lower())
    return charsets


def quality_of(accept: Sequence[str], media_type: str) -> float:
    """How much `Accept` headers want a type that they name (RFC 9110, 12.5.1); 0 where they do not name it."""
    return max((quality for name, quality in _accepted(accept) if name == media_type), default=0.0)


def _accepted(accept: Sequence[str]) -> Iterator[tuple[str, float]]:
    # What stands in quotes parts nothing and is no quality.
    for element in QUOTED.sub("", ",".join(accept)).split(","):
        name, *parameters = (part.strip(" \t") for part in element.split(";"))
        qualities = [found[1] for parameter in parameters if (found := QUALITY.fullmatch(parameter))]
        yield name.lower(), min(float(qualities[0]), 1.0) if qualities else 1.0
