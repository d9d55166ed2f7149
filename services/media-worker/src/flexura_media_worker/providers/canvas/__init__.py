"""The provider `flexura-canvas`: pictures drawn by rules from what a prompt says."""

from flexura_media_worker.providers.canvas.provider import Canvas

__all__ = ["Canvas"]
