"""What the operating system holds a generator to."""

import resource


def limit(memory_bytes: int, file_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    # A crash of a generator is an answer, not a puzzle: no core files.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
