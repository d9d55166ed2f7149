"""`flexura-admin`: reads the command line, calls the auth service, prints the answer."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence

from flexura.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from flexura_admin.arguments import parser
from flexura_admin.output import Output
from flexura_admin.target import auth_target
from flexura_kit.errors import FlexuraError, Reason
from flexura_kit.rpc import rpc_channel

FAILED = 1


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Runs one command and answers the exit status: 0 done, 1 refused or unreachable, 2 wrong usage."""
    options = parser(environment).parse_args(arguments)
    target = options.target or auth_target(environment)
    try:
        asyncio.run(run(options, target))
    except FlexuraError as error:
        sys.stderr.write(f"flexura-admin: {explained(error, target)}\n")
        return FAILED
    except BrokenPipeError:
        # The reader has left, as `head` does. Nothing may be written to it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    return 0


async def run(options: argparse.Namespace, target: str) -> None:
    async with rpc_channel(target) as channel:
        await options.command(AuthServiceStub(channel), options, Output(sys.stdout, sys.stderr, as_json=options.json))


def explained(error: FlexuraError, target: str) -> str:
    """The error in one sentence, with what the operator can do where the service was not reached."""
    if error.reason is Reason.SERVICE_UNAVAILABLE and "service" in error.metadata:
        return (
            f"the auth service does not answer at {target}. Start Flexura with `make run`, set FLEXURA_HOME to the "
            "home of the one that runs, or set FLEXURA_AUTH_TARGET to the gRPC address of auth (host:port)"
        )
    fields = "; ".join(f"{violation.field}: {violation.message}" for violation in error.violations)
    return f"{error.message} ({fields})" if fields else error.message


if __name__ == "__main__":
    sys.exit(main())
