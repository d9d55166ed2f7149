"""Values as people may see them: without what may be a secret, printable, and bounded."""

import re

CHARACTERS_MAX = 120
# User and password of an address. The last @ counts: a password may hold one itself.
CREDENTIALS = re.compile(r"(?s)^([^:/@]+://)?.*@")
QUERY = re.compile(r"(?s)(:/[^?]*)\?.+")
# As libpq's `host=h password=p` has it.
SECRET_PAIR = re.compile(r"(?i)\b(\w*(?:password|passwd|secret|token|key)\w*\s*=\s*)('[^']*'|[^\s&]*)")
UNPRINTABLE = re.compile("[^ -~\u00a1-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def redacted(value: str) -> str:
    """The value without user, password and parameters of an address."""
    plain = CREDENTIALS.sub(r"\1***@", value)
    plain = QUERY.sub(r"\1?***", plain)
    plain = SECRET_PAIR.sub(r"\1***", plain)
    plain = UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), plain)
    if len(plain) > CHARACTERS_MAX:
        return f"{plain[:CHARACTERS_MAX]}… ({len(value)} characters)"
    return plain
