"""Slots: each one a process that computes one job at a time and may be killed at any time."""
