"""The settings of the media worker."""

import os
from pathlib import Path

from pydantic import Field

from flexura_kit.addresses import RPCAddress
from flexura_kit.settings import BlobSettings, BusSettings, Positive, Settings


class MediaWorkerSettings(Settings):
    nats: BusSettings = BusSettings()
    s3: BlobSettings = BlobSettings()
    jobs_target: RPCAddress
    """Where the jobs service listens: `unix:/path.sock`, `host:port` or `dns:///name:port`."""
    slots: Positive = Field(default_factory=lambda: 2 * (os.cpu_count() or 1))
    """Jobs at once, each with a process of its own; twice the number of cores where nothing is said: while one slot
    waits for its next claim, another has work."""
    spool_dir: Path
    """Folder where results lie until they are stored; it needs room for two results a slot."""
    providers: str = "flexura-canvas,flexura-motion,flexura-tones,flexura-testcard"
    """Names of the providers that this worker runs, separated by commas."""
    generator_memory_bytes: Positive = 4 << 30
    """Address space that the process of a slot may take; past it, its job fails and the process is replaced."""
    result_bytes_max: Positive = 1 << 30
    """Size that one result may have."""
