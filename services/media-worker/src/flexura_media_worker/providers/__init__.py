"""The providers, one file or folder each, and which of them compute on this machine."""

# Names only: what they compute with is loaded by the process that computes.
LOCAL = ("flexura-canvas", "flexura-motion", "flexura-tones", "flexura-testcard")
