"""Generates the stubs in `gen` from the protos, or checks that they are up to date."""

import argparse
import filecmp
import sys
import tempfile
from pathlib import Path

from grpc_tools import _proto, protoc

HERE = Path(__file__).parent
SOURCES = sorted(HERE.glob("flexura/**/*.proto"))
PROGRAMS = Path(sys.executable).parent
WELL_KNOWN = Path(_proto.__file__).parent if _proto.__file__ else Path(next(iter(_proto.__path__)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where the stubs differ")
    if not parser.parse_args().check:
        for stale in (HERE / "gen").rglob("*.py*"):
            stale.unlink()
        generate(HERE / "gen")
        return 0
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        differing = differences(Path(fresh), HERE / "gen")
    for name in differing:
        print(f"protos/gen/{name} is not what the protos say; run `make gen`", file=sys.stderr)
    return 1 if differing else 0


def generate(target: Path) -> None:
    plugins = [f"--plugin={name}={PROGRAMS / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")]
    services = [str(path) for path in SOURCES if path.name.endswith("_service.proto")]
    messages = [f"-I{HERE}", f"-I{WELL_KNOWN}", f"--python_out={target}", f"--mypy_out=quiet:{target}"]
    stubs = [f"-I{HERE}", f"-I{WELL_KNOWN}", f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}"]
    for arguments in ([*messages, *map(str, SOURCES)], [*stubs, *services]):
        if protoc.main(["protoc", *plugins, *arguments]) != 0:
            sys.exit("protoc failed")
    (target / "flexura" / "py.typed").touch()


def differences(fresh: Path, committed: Path) -> list[str]:
    names = {
        str(path.relative_to(root))
        for root in (fresh, committed)
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    _, differing, missing = filecmp.cmpfiles(fresh, committed, sorted(names), shallow=False)
    return differing + missing


if __name__ == "__main__":
    sys.exit(main())
