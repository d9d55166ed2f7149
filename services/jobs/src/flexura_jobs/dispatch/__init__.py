"""Hints to the workers: who gets the next ones, sending them, finding those that were lost, and what to expect."""

from flexura_jobs.dispatch.bell import DispatchBell
from flexura_jobs.dispatch.dispatcher import Dispatcher
from flexura_jobs.dispatch.leader import Leader
from flexura_jobs.dispatch.outlooks import Outlooks
from flexura_jobs.dispatch.reconciler import Reconciler
from flexura_jobs.dispatch.stream import HintStream

__all__ = ["DispatchBell", "Dispatcher", "HintStream", "Leader", "Outlooks", "Reconciler"]
