"""The provider `flexura-testcard`: test cards for the eye and the ear, and bad behaviour on request."""

from flexura_media_worker.providers.testcard.provider import TestCard

__all__ = ["TestCard"]
