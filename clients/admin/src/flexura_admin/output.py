"""What the commands print: columns for people, JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from google.protobuf.timestamp_pb2 import Timestamp

from flexura.auth.v1 import auth_service_pb2 as pb

HEADINGS = ("KEY ID", "NAME", "STARTS WITH", "CREATED", "STATE")
GAP = "  "


@dataclass(frozen=True)
class Output:
    """Results go to `results`, so that they can be piped; what is said about them goes to `remarks`."""

    results: TextIO
    remarks: TextIO
    as_json: bool

    def account(self, account: pb.Account) -> None:
        if self.as_json:
            self._json(account_fields(account))
            return
        self.results.write(f"{account.account_id}\n")

    def new_key(self, key: pb.ApiKey, secret: str) -> None:
        if self.as_json:
            self._json(key_fields(key) | {"secret": secret})
            return
        # Flushed first: whoever reads both sees the key before what is said of it.
        self.results.write(f"{secret}\n")
        self.results.flush()
        self.remarks.write(
            f"This is the only time the key is shown. Its id is {key.key_id}, of account {key.account_id}.\n"
        )

    def keys(self, keys: Sequence[pb.ApiKey]) -> None:
        if self.as_json:
            self._json([key_fields(key) for key in keys])
            return
        if not keys:
            self.remarks.write("The account has no keys. `flexura-admin key create` makes one.\n")
            return
        self.results.writelines(f"{line}\n" for line in table([HEADINGS, *map(row, keys)]))

    def revoked_key(self, key: pb.ApiKey) -> None:
        if self.as_json:
            self._json(key_fields(key))
            return
        self.results.write(f"{key.key_id} ({one_line(key.display_name) or 'no name'}) is revoked.\n")

    def _json(self, value: object) -> None:
        self.results.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def account_fields(account: pb.Account) -> dict[str, str]:
    return {
        "account_id": account.account_id,
        "display_name": account.display_name,
        "create_time": moment(account.create_time),
    }


def key_fields(key: pb.ApiKey) -> dict[str, str]:
    """The fields of a key as JSON has them; times that are absent are left out."""
    fields = {
        "key_id": key.key_id,
        "account_id": key.account_id,
        "display_name": key.display_name,
        "key_prefix": key.key_prefix,
        "state": state(key),
        "create_time": moment(key.create_time),
    }
    if key.HasField("revoke_time"):
        fields["revoke_time"] = moment(key.revoke_time)
    if key.HasField("expire_time"):
        fields["expire_time"] = moment(key.expire_time)
    return fields


def row(key: pb.ApiKey) -> tuple[str, ...]:
    until = f" until {moment(key.expire_time)}" if state(key) == "working" and key.HasField("expire_time") else ""
    return (
        key.key_id,
        one_line(key.display_name) or "-",
        key.key_prefix,
        moment(key.create_time),
        state(key) + until,
    )


def state(key: pb.ApiKey) -> str:
    if key.HasField("revoke_time"):
        return "revoked"
    if key.HasField("expire_time") and key.expire_time.ToDatetime(UTC) <= datetime.now(UTC):
        return "expired"
    return "working"


def moment(timestamp: Timestamp) -> str:
    return timestamp.ToDatetime(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def one_line(name: str) -> str:
    """The name without line ends and control characters, which would break a table or steer a terminal."""
    return "".join(character if character.isprintable() else "�" for character in name)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows in columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [GAP.join(map(str.ljust, cells, widths)).rstrip() for cells in rows]
