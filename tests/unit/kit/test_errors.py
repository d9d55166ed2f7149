"""The error family: the same on both sides of a wire, and equal to the protos."""

import uuid

import pytest

from flexura.errors.v1 import error_pb2, error_reason_pb2
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.ids import new_uuid7
from flexura_kit.rpc import error_from_message, error_to_message, reason_from_proto, reason_to_proto
from flexura_kit.rpc.errors import CODES


def test_the_kits_reasons_are_those_of_the_protos() -> None:
    declared = {
        name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name
    } - {"UNSPECIFIED"}
    assert {reason.name for reason in Reason} == declared
    assert all(reason.value == reason.name.lower() for reason in Reason)


def test_the_kits_kinds_are_those_of_the_protos_and_each_has_a_status_of_its_own() -> None:
    declared = {name.removeprefix("ERROR_KIND_") for name in error_pb2.ErrorKind.DESCRIPTOR.values_by_name} - {
        "UNSPECIFIED"
    }
    assert {kind.name for kind in Kind} == declared
    assert len(set(CODES.values())) == len(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_an_error_comes_back_from_a_message_as_it_went(kind: Kind) -> None:
    error = FlexuraError(
        kind, Reason.MODEL_UNKNOWN, "no such model", [FieldViolation("model", "take another")], nearest="nvidia-flux"
    )
    back = error_from_message(error_to_message(error))
    assert (back.kind, back.reason, back.message) == (kind, Reason.MODEL_UNKNOWN, "no such model")
    assert back.violations == (FieldViolation("model", "take another"),)
    assert back.metadata == {"nearest": "nvidia-flux"}


def test_metadata_of_a_sender_may_bear_any_name() -> None:
    message = error_pb2.Error(kind=error_pb2.ERROR_KIND_INVALID, metadata={"message": "x", "kind": "y"})
    assert error_from_message(message).metadata == {"message": "x", "kind": "y"}


def test_a_reason_of_a_newer_service_is_internal() -> None:
    assert reason_from_proto(9999) is Reason.INTERNAL
    assert all(reason_from_proto(reason_to_proto(reason)) is reason for reason in Reason)


def test_ids_are_uuids_of_version_7_in_order_of_time() -> None:
    ids = [uuid.UUID(new_uuid7()) for _ in range(1000)]
    assert {(id_.version, id_.variant) for id_ in ids} == {(7, uuid.RFC_4122)}
    assert len(set(ids)) == 1000
    assert [id_.int >> 80 for id_ in ids] == sorted(id_.int >> 80 for id_ in ids)
