"""Cursors into answers: they say where to go on, and only the account that was given one can use it."""

import hmac
import json
from dataclasses import astuple, dataclass

from flexura_kit import base64url
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_search.domain.packing import Place

SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Continuation:
    """The material that an answer was cut from, and the place where the next part begins."""

    material: str
    place: Place


class Continuations:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, account_id: str, continuation: Continuation) -> str:
        place = continuation.place
        fields = [continuation.material, *astuple(place)]
        payload = json.dumps(fields, separators=(",", ":")).encode()
        return base64url.encode(self._signature(account_id, payload) + payload)

    def read(self, account_id: str, text: str) -> Continuation:
        """Raises INVALID_REQUEST where it is none of ours, or another account's."""
        try:
            raw = base64url.decode(text)
        except ValueError as error:
            raise foreign() from error
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(account_id, payload)):
            raise foreign()
        material, *place = json.loads(payload)
        return Continuation(material, Place(*place))

    def _signature(self, account_id: str, payload: bytes) -> bytes:
        return hmac.digest(self._key, account_id.encode() + b"\0" + payload, "sha256")[:SIGNATURE_BYTES]


def foreign() -> FlexuraError:
    message = "`continue` is not one that this account was answered; send it as it was, or search anew"
    return FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, [FieldViolation("continue", message)])


def expired() -> FlexuraError:
    message = "what this answer was cut from is no longer kept; send the request again without `continue`"
    return FlexuraError(Kind.REFUSED, Reason.CONTINUATION_EXPIRED, message)
