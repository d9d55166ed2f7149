"""What the operator's command prints: columns for people, JSON for programs."""

import io
import json
from datetime import UTC, datetime, timedelta

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura_admin.output import Output, state, table
from flexura_kit.rpc import to_timestamp

CREATED = datetime(2026, 4, 1, 12, tzinfo=UTC)
NOW = datetime.now(UTC)


def key(name: str = "ci", revoked: datetime | None = None, expires: datetime | None = None) -> pb.ApiKey:
    return pb.ApiKey(
        key_id="key_1",
        account_id="acc_1",
        display_name=name,
        key_prefix="fx_live_abcd",
        create_time=to_timestamp(CREATED),
        revoke_time=to_timestamp(revoked),
        expire_time=to_timestamp(expires),
    )


def output(*, as_json: bool = False) -> tuple[Output, io.StringIO, io.StringIO]:
    results, remarks = io.StringIO(), io.StringIO()
    return Output(results, remarks, as_json=as_json), results, remarks


def test_a_new_key_stands_alone_among_the_results_so_that_it_can_be_piped() -> None:
    shown, results, remarks = output()

    shown.new_key(key(), "fx_live_secret")

    assert results.getvalue() == "fx_live_secret\n"
    assert "only time" in remarks.getvalue()
    assert "fx_live_secret" not in remarks.getvalue()


def test_keys_stand_in_columns() -> None:
    shown, results, _ = output()

    shown.keys([key("ci"), key("a longer name", revoked=CREATED)])

    heading, first, second = results.getvalue().splitlines()
    assert first.index("fx_live_abcd") == second.index("fx_live_abcd") == heading.index("STARTS WITH")
    assert first.endswith("working")
    assert second.endswith("revoked")


def test_an_account_without_keys_is_told_how_to_make_one() -> None:
    shown, results, remarks = output()

    shown.keys([])

    assert results.getvalue() == ""
    assert "key create" in remarks.getvalue()


def test_the_state_of_a_key_is_what_auth_would_say() -> None:
    assert state(key()) == "working"
    assert state(key(expires=NOW + timedelta(days=1))) == "working"
    assert state(key(expires=NOW - timedelta(days=1))) == "expired"
    assert state(key(revoked=NOW, expires=NOW - timedelta(days=1))) == "revoked"


def test_json_has_what_the_columns_have_and_leaves_out_times_that_are_absent() -> None:
    shown, results, _ = output(as_json=True)

    shown.keys([key(expires=NOW + timedelta(days=1)), key(revoked=NOW)])

    expiring, revoked = json.loads(results.getvalue())
    assert expiring["state"] == "working"
    assert "revoke_time" not in expiring
    assert "expire_time" not in revoked
    assert expiring["create_time"] == "2026-04-01T12:00:00Z"


def test_a_name_cannot_break_the_table_or_steer_the_terminal() -> None:
    shown, results, _ = output()

    shown.keys([key("one\ntwo\x1b[2J\u202e")])

    assert len(results.getvalue().splitlines()) == 2
    assert "\x1b" not in results.getvalue()
    assert "\u202e" not in results.getvalue()


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table([("a", "b"), ("longer", "c")]) == ["a       b", "longer  c"]
