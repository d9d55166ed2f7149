"""A cat that plays with its yarn: when the paw strikes, and how the ball rolls away and comes back."""

import numpy as np

ROUND_S = 2.0
RAISED, STRUCK, GONE = 0.22, 0.34, 0.70  # When in each round the paw goes, hits, and the ball turns back.


def reached(time_s: float) -> float:
    """How far the paw is stretched: 0 lifted, 1 at the ball."""
    moment = time_s / ROUND_S % 1
    if moment < RAISED:
        return 0.0
    if moment < STRUCK:
        return float(np.sin(np.pi / 2 * (moment - RAISED) / (STRUCK - RAISED)))
    return float(np.clip(1 - (moment - STRUCK) / (GONE - STRUCK), 0, 1) ** 1.5)


def rolled(time_s: float) -> float:
    """How far the ball is away: 0 at the paw, 1 at its farthest."""
    moment = time_s / ROUND_S % 1
    if moment < STRUCK:
        return 0.0
    if moment < GONE:
        return float(1 - (1 - (moment - STRUCK) / (GONE - STRUCK)) ** 2)
    return float(0.5 + 0.5 * np.cos(np.pi * (moment - GONE) / (1 - GONE)))
