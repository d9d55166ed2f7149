"""The sending of webhooks as a process."""

from flexura_jobs.settings import WebhooksSettings
from flexura_jobs.webhooks.wiring import build
from flexura_kit.lifecycle import main

if __name__ == "__main__":
    main("webhooks", WebhooksSettings, build)
