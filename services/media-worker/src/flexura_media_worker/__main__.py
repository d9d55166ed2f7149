"""Starts the media worker."""

from flexura_kit.lifecycle import main
from flexura_media_worker.settings import MediaWorkerSettings
from flexura_media_worker.wiring import SERVICE, build

if __name__ == "__main__":
    main(SERVICE, MediaWorkerSettings, build)
