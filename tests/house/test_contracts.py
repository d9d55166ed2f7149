"""Every RPC of the protos is called by name in some test, and every service of the protos is known here."""

import re
from collections.abc import Iterable
from itertools import chain

import pytest
from google.protobuf.descriptor import FileDescriptor

from flexura.auth.v1 import auth_service_pb2
from flexura.jobs.v1 import jobs_service_pb2, webhooks_service_pb2, worker_service_pb2
from flexura.search.v1 import search_service_pb2
from flexura.status.v1 import status_service_pb2

from .tree import files, text

CONTRACTS: list[FileDescriptor] = [
    auth_service_pb2.DESCRIPTOR,
    jobs_service_pb2.DESCRIPTOR,
    search_service_pb2.DESCRIPTOR,
    status_service_pb2.DESCRIPTOR,
    webhooks_service_pb2.DESCRIPTOR,
    worker_service_pb2.DESCRIPTOR,
]
RPCS = sorted(
    f"{service.name}.{method.name}"
    for contract in CONTRACTS
    for service in contract.services_by_name.values()
    for method in service.methods
)
KINDS_OF_TEST = ("unit", "integration", "e2e", "faults")


def called(sources: Iterable[str]) -> set[str]:
    """Names what is taken from anything, as in `stub.CreateAccount(request)`; a servicer's `def` is no call."""
    return set(chain.from_iterable(re.findall(r"\.([A-Z]\w+)", source) for source in sources))


@pytest.fixture(scope="module")
def called_in_tests() -> set[str]:
    tests = (path for path in files() if path.parts[0] == "tests" and path.parts[1] in KINDS_OF_TEST)
    return called(text(path) for path in tests if path.suffix == ".py")


@pytest.mark.parametrize("rpc", RPCS)
def test_the_rpc_is_called_in_some_test(rpc: str, called_in_tests: set[str]) -> None:
    assert rpc.split(".")[1] in called_in_tests


def test_an_rpc_that_is_only_defined_or_mentioned_is_not_called() -> None:
    assert called(["async def GetStatus(self, request)", "# see GetStatus", "pb.GetStatusRequest()"]) == {
        "GetStatusRequest"
    }
    assert "GetStatus" in called(["await stub.GetStatus(request, timeout=1)"])


def test_every_service_file_of_the_protos_is_checked_here() -> None:
    declared = {path.name for path in files() if path.parts[0] == "protos" and path.name.endswith("_service.proto")}

    assert {contract.name.rpartition("/")[2] for contract in CONTRACTS} == declared
