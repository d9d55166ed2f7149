"""One run that measures everything and writes docs/performance.md."""
