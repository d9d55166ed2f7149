"""What must hold all the time, looked at again and again while a seed runs."""

from simulator.supervision import Supervisor


class Watch:
    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self.violations: list[str] = []

    def look(self) -> None:
        awake = [replica for replica in self._supervisor.replicas if not replica.process.is_paused]
        leading = [replica.process.name for replica in awake if replica.leader.leads]
        if len(leading) > 1:
            self.violations.append(f"{' and '.join(leading)} lead at the same time")
