"""The provider `flexura-motion`: scenes of `flexura-canvas` in motion, with music of `flexura-tones`."""

from flexura_media_worker.providers.motion.provider import Motion

__all__ = ["Motion"]
