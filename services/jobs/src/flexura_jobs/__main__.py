"""The jobs service as a process."""

from flexura_jobs.settings import JobsSettings
from flexura_jobs.wiring import build
from flexura_kit.lifecycle import main

if __name__ == "__main__":
    main("jobs", JobsSettings, build)
