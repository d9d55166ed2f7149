"""Media types of bodies as browsers parse them (WHATWG mimesniff), and weights of answers (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterator, Sequence

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
BLANKS = " \t\r\n"
# A value in quotes goes on to its end or to that of the header; whatever stands behind it says nothing.
QUOTED_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|\\?\Z)[^;]*', re.DOTALL)
NAME = re.compile(r"[^;=]*")
VALUE = re.compile(r"[^;]*")
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
# The names that the encoding standard gives it, and ASCII, which is UTF-8.
UTF_8 = frozenset({"utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"})
CHARSETS = UTF_8 | {"us-ascii", "ascii"}
HEADER_CHARACTERS_MAX = 1000
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')
PARTED = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
QUALITY = re.compile(r"q[ \t]*=[ \t]*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)", re.IGNORECASE)


def is_json(header: str) -> bool:
    """Tells whether it names JSON in UTF-8: `application/json`, `text/json` or `.../...+json`, in any spelling.

    A header that was sent several times may have been joined by commas: then each of them names it.
    """
    if len(header) > HEADER_CHARACTERS_MAX:
        return False
    types = PARTED.findall(header)
    return bool(types) and all(map(_is_json, types))


def _is_json(text: str) -> bool:
    essence, _, parameters = text.strip(BLANKS).partition(";")
    kind, _, subtype = essence.rstrip(BLANKS).lower().partition("/")
    if not (TOKEN.fullmatch(kind) and TOKEN.fullmatch(subtype)):
        return False
    names_json = (subtype == "json" and kind in {"application", "text"}) or subtype.endswith("+json")
    return names_json and set(_charsets(parameters)) <= CHARSETS


def _charsets(parameters: str) -> Iterator[str]:
    """What they say of the charset: two could be read as either, so all count. An empty value says nothing."""
    place = 0
    while place < len(parameters):
        name, place = _next(NAME, parameters, place)
        if parameters[place : place + 1] != "=":
            place += 1
            continue
        place += 1
        while parameters[place : place + 1] in {" ", "\t"}:
            place += 1
        quoted = QUOTED_VALUE.match(parameters, place)
        if quoted is not None:
            value, place = ESCAPE.sub(r"\1", quoted[1]), quoted.end()
        else:
            value, place = _next(VALUE, parameters, place)
        place += 1
        value = value.strip(f"{BLANKS}'").lower()
        if name.strip(BLANKS).lower() == "charset" and value:
            yield value


def _next(part: re.Pattern[str], text: str, place: int) -> tuple[str, int]:
    found = part.match(text, place)
    return (found[0], found.end()) if found else ("", place)


def quality_of(accept: Sequence[str], media_type: str) -> float:
    """How much `Accept` headers want a type that they name (RFC 9110, 12.5.1); 0 where they do not name it."""
    return max((quality for name, quality in _accepted(accept) if name == media_type), default=0.0)


def _accepted(accept: Sequence[str]) -> Iterator[tuple[str, float]]:
    # What stands in quotes parts nothing and is no quality.
    for element in QUOTED.sub("", ",".join(accept)).split(","):
        name, *parameters = (part.strip(" \t") for part in element.split(";"))
        qualities = [found[1] for parameter in parameters if (found := QUALITY.fullmatch(parameter))]
        yield name.lower(), min(float(qualities[0]), 1.0) if qualities else 1.0
