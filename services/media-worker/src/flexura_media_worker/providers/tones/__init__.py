"""The provider `flexura-tones`: music composed and played by rules."""

from flexura_media_worker.providers.tones.provider import Tones

__all__ = ["Tones"]
