"""Text without the characters that nobody sees."""

import re

# Joiners shape letters of these scripts, where they stand alone between two of them; elsewhere they hide something.
JOINED = "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af"
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffc\ufffe\uffff\U0001d173-\U0001d17a\U000e0000-\U000effff\U000f0000-\U0010ffff]"
    f"|(?<![{JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{JOINED}])"
)
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f]")
BLANKS = re.compile(r"\s+")


def fit(text: str) -> str:
    """Without what XML has no room for; as an entity, it comes through the parser of pages."""
    return UNFIT.sub("", text)


def seen(text: str) -> str:
    """What a person sees of a text, its lines kept."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return SPACES.sub(" ", UNSEEN.sub("", BREAKS.sub("\n", text)))


def line(text: str | None, characters_max: int) -> str:
    """What a person sees of a text, in one line."""
    return BLANKS.sub(" ", seen(text or "")).strip()[:characters_max].strip()
