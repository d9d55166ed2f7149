"""Where the programs lie that wheels brought along."""

import sysconfig
from pathlib import Path


def program(name: str, wheel: str) -> Path:
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; the wheel {wheel} brings it: pip install {wheel}, or make run")
    return path
