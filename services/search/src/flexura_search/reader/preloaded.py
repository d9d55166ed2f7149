"""What the server of forks imports: all that parsing needs, loaded by reading one page, so that all workers share it.

The work at import is on purpose: libraries load most of what they need when they are first used.
"""

import gc

from flexura_search.domain.queries import TextFormat
from flexura_search.reader.parsing.highlights import highlights
from flexura_search.reader.parsing.parse import parse

PAGE = b"<html><head><title>Warm</title></head><body><article><p>Reading one page loads all.</p></article></body>"

parse(PAGE, "text/html", "utf-8", "http://warm.invalid/", TextFormat.MARKDOWN, "page")
highlights("Reading one page loads all.", "page")
# What is looked at by the collector is written to, and what is written to is shared no more.
gc.collect()
gc.freeze()
