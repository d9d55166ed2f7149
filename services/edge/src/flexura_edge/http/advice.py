"""What a caller can do about each error, written for people and for models."""

from collections.abc import Mapping
from dataclasses import dataclass

from flexura_kit.errors import Reason


@dataclass(frozen=True, slots=True)
class Advice:
    """A title that is the same each time, and steps; a step whose part in braces is not known is left out."""

    title: str
    steps: tuple[str, ...] = ()

    def next_actions(self, metadata: Mapping[str, str]) -> list[str]:
        return [step for step in (filled(step, metadata) for step in self.steps) if step]


def filled(step: str, metadata: Mapping[str, str]) -> str:
    try:
        return step.format_map({name: value for name, value in metadata.items() if value})
    except KeyError:
        return ""


_CATALOG = "Fetch GET /api/agent/models and take a model whose status is active."
_MEND_AND_SEND = "Mend what `errors` names and send the request again."
_WAIT_AND_SEND = "Wait for retry_after_ms and send the same request again."
_MAKE_A_KEY = (
    "Get a key from the operator of this server, who makes one with `make key` or `flexura-admin key create`, and send "
    "it as `Authorization: Bearer fx_live_...`."
)
_OPEN_AGAIN = "Get another one of POST /api/events/token; open the stream with it and the last `id` as `cursor`."
_AS_JSON = "Send the body as plain JSON with the header `Content-Type: application/json`."
_LOOK_FOR_JOB = (
    "Ask GET /api/jobs/{job_id} first: the job may have been accepted. Or send the same request again under the "
    "`Idempotency-Key` that it had."
)
_NEXT_JOB = "Submit the job again; if it fails again, try another model of GET /api/agent/models."
_OTHER_PAGE = "Use another page; POST /api/search finds some."

NO_ADVICE = Advice("Something went wrong")

# Every reason that a client over HTTP can meet: in an answer, or as `code` of a failed job or of an unread page.
ADVICE: dict[Reason, Advice] = {
    Reason.INTERNAL: Advice(
        "Internal error", ("Try again later; if it goes on, report the request_id to whoever runs this server.",)
    ),
    Reason.SERVICE_UNAVAILABLE: Advice("A part of the service is unavailable", (_LOOK_FOR_JOB, _WAIT_AND_SEND)),
    Reason.DEADLINE_EXCEEDED: Advice(
        "It took too long",
        (
            _LOOK_FOR_JOB,
            "Ask for less at once, or try again when less is going on: `retryable` says whether that is safe.",
        ),
    ),
    Reason.OVERLOADED: Advice("Too much is under way", (_WAIT_AND_SEND,)),
    Reason.CANCELED: Advice("The job was canceled", ("Submit the job again if it is still wanted.",)),
    Reason.INVALID_REQUEST: Advice("The request is not valid", (_MEND_AND_SEND,)),
    Reason.MALFORMED_JSON: Advice(
        "The body is not valid JSON",
        ("Look at line {line}, column {column} of the body.", "Write the body with a JSON library and send it again."),
    ),
    Reason.BODY_TOO_LARGE: Advice("The body is too large", ("Send a body of at most {limit_bytes} bytes.",)),
    Reason.UNSUPPORTED_MEDIA_TYPE: Advice("The body is not of a supported type", (_AS_JSON,)),
    Reason.UNSUPPORTED_ENCODING: Advice(
        "The body is compressed", ("Send the body without a `Content-Encoding` header, uncompressed.",)
    ),
    Reason.ROUTE_NOT_FOUND: Advice(
        "No such route", ("Try {nearest}.", "Fetch GET /api/openapi.json for every route there is.")
    ),
    Reason.METHOD_NOT_ALLOWED: Advice("The route does not take this method", ("Use {allowed}.",)),
    Reason.RANGE_NOT_SATISFIABLE: Advice(
        "The range lies outside the asset", ("Ask for bytes before {size_bytes}, or leave the `Range` header out.",)
    ),
    Reason.BAD_REQUEST: Advice("This is not a valid HTTP message", ("Send the request with a common HTTP client.",)),
    Reason.BODY_TIMEOUT: Advice("The body took too long to arrive", ("Send the whole body within {limit_s} seconds.",)),
    Reason.HEADERS_TOO_LARGE: Advice(
        "The headers are too large",
        ("Send `{header}` with at most {limit_bytes} bytes.", "Send fewer and shorter headers."),
    ),
    Reason.URI_TOO_LONG: Advice(
        "The request line is too long", ("Send a path and query of at most {limit_bytes} bytes.",)
    ),
    Reason.PRECONDITION_FAILED: Advice(
        "A condition of the request does not hold",
        ("Fetch it without `{header}`; the `ETag` and `Last-Modified` of that answer are what it has at present.",),
    ),
    Reason.EXPECTATION_FAILED: Advice(
        "The request expects what is not done here", ("Leave the `Expect` header out, or send `100-continue`.",)
    ),
    Reason.NOT_IMPLEMENTED: Advice(
        "This part of HTTP is not done here", ("Send the request with a common HTTP client.",)
    ),
    Reason.HTTP_VERSION_UNSUPPORTED: Advice(
        "This version of HTTP is not spoken here", ("Send the request as HTTP/1.1.",)
    ),
    Reason.EVENT_TOKEN_INVALID: Advice("This is not an event token", (_OPEN_AGAIN,)),
    Reason.EVENT_TOKEN_EXPIRED: Advice("The event token has expired", (_OPEN_AGAIN,)),
    Reason.API_KEY_MISSING: Advice("No API key was sent", (_MAKE_A_KEY,)),
    Reason.API_KEY_MALFORMED: Advice(
        "This is not an API key", ("Copy the whole key again; it was changed or cut on its way.", _MAKE_A_KEY)
    ),
    Reason.API_KEY_UNKNOWN: Advice(
        "The API key is not known here",
        ("Check that the key was made on this server and not on another one.", _MAKE_A_KEY),
    ),
    Reason.API_KEY_REVOKED: Advice("The API key was revoked", (_MAKE_A_KEY,)),
    Reason.API_KEY_EXPIRED: Advice("The API key has expired", ("Use the key that replaced this one.", _MAKE_A_KEY)),
    Reason.JOB_NOT_FOUND: Advice(
        "No such job",
        ("Use a job_id that a generate endpoint answered.", "Use the API key of the account that submitted the job."),
    ),
    Reason.ASSET_NOT_FOUND: Advice(
        "No such asset", ("Use the asset_url of GET /api/jobs/{{job_id}} as it is, once the job is completed.",)
    ),
    Reason.ASSET_LOST: Advice("The asset was lost", ("Submit the job again if it is still wanted.",)),
    Reason.JOB_DELETED: Advice("The job was deleted", ("Submit the job again if it is still wanted.",)),
    Reason.JOB_EXPIRED: Advice(
        "The job is no longer kept",
        ("Submit the job again if it is still wanted.", "Fetch what a job made before its `expires_at`."),
    ),
    Reason.MODEL_UNKNOWN: Advice("No such model", ('Send "model": "{nearest}" if that is what you meant.', _CATALOG)),
    Reason.MODEL_TYPE_MISMATCH: Advice(
        "The model makes something else",
        ("Send the request to {endpoint}.", "Leave `model` out for the default."),
    ),
    Reason.MODEL_UNAVAILABLE: Advice(
        "The model is not set up", ("Take one of these models: {active}.", _CATALOG, "Leave `model` out.")
    ),
    Reason.IDEMPOTENCY_KEY_REUSED: Advice(
        "The idempotency key was used for another request",
        (
            "Send {fields} as they were sent first, to be answered with the job of then.",
            "For another job, send a new `Idempotency-Key`.",
        ),
    ),
    Reason.QUEUE_LIMIT: Advice(
        "Too many jobs of this account are queued",
        (_WAIT_AND_SEND, "Cancel queued jobs that are not needed any more: POST /api/jobs/{{job_id}}/cancel."),
    ),
    Reason.CURSOR_EXPIRED: Advice(
        "The place in the feed is no longer kept",
        (
            "Begin anew without a cursor: GET /api/events.",
            "Then fetch GET /api/jobs to see how the jobs are whose events were missed.",
        ),
    ),
    Reason.EVENT_STREAM_LIMIT: Advice(
        "Too many event streams of this account are open",
        ("Close a stream that is not needed, or share one.", "Read pages instead: GET /api/events?wait=30 as JSON."),
    ),
    Reason.PROVIDER_FAILED: Advice("The provider answered with an error", (_NEXT_JOB,)),
    Reason.PROVIDER_REFUSED: Advice("The provider refused the request", ("Change the prompt or take another model.",)),
    Reason.PROVIDER_RETURNED_NOTHING: Advice("The provider returned nothing", (_NEXT_JOB,)),
    Reason.GENERATOR_CRASHED: Advice("The generator crashed", (_NEXT_JOB,)),
    Reason.WORKER_FAULT: Advice("The workers were at fault", (_NEXT_JOB,)),
    Reason.WORKER_LOST: Advice("The worker was lost", (_NEXT_JOB,)),
    Reason.OUTCOME_UNKNOWN: Advice(
        "Whether the provider did the work is not known",
        ("Submit the job again only if it may be paid for twice.",),
    ),
    Reason.SEARCH_UNAVAILABLE: Advice(
        "Search is not available",
        (
            "{engines} failed: wait for retry_after_ms and send the same request again.",
            "Fetch GET /api/agent/models: capabilities.search tells which engines there are and how they are.",
            "Use another source meanwhile.",
        ),
    ),
    Reason.CONTINUATION_EXPIRED: Advice(
        "The rest of the answer is no longer kept", ("Send the first request again, without `continue`.",)
    ),
    Reason.SEARCH_LIMIT: Advice(
        "Too many searches of this account are under way",
        (_WAIT_AND_SEND, "Have at most {limit} searches under way at once."),
    ),
    Reason.PAGE_UNREACHABLE: Advice(
        "The page could not be reached", ("Send its address to POST /api/extract later.", _OTHER_PAGE)
    ),
    Reason.PAGE_REFUSED: Advice("The page may not be read", (_OTHER_PAGE,)),
    Reason.PAGE_NOT_FOUND: Advice("There is no such page", ("Look for its address with POST /api/search.",)),
    Reason.PAGE_UNREADABLE: Advice("The page cannot be read", (_OTHER_PAGE,)),
    Reason.ADDRESS_REFUSED: Advice("The address is not read", ("Send an address of the public internet.",)),
    Reason.WEBHOOK_NOT_FOUND: Advice(
        "No such webhook",
        ("Use a webhook_id of GET /api/webhooks.", "Use the API key of the account that created the webhook."),
    ),
    Reason.DELIVERY_NOT_FOUND: Advice(
        "No such delivery", ("Use a delivery_id of GET /api/webhooks/{{webhook_id}}/deliveries.",)
    ),
    Reason.WEBHOOK_LIMIT: Advice(
        "There are as many as there may be", ("Delete a webhook that is not needed, or let old secrets expire.",)
    ),
    Reason.WEBHOOK_EXISTS: Advice(
        "There is such a webhook", ("Use the one of GET /api/webhooks whose scope is job, or delete it first.",)
    ),
    Reason.WEBHOOK_DISABLED: Advice(
        "The webhook was switched off", ("Create another one with POST /api/webhooks, and delete this one.",)
    ),
    Reason.WEBHOOKS_UNAVAILABLE: Advice(
        "Webhooks are not set up", ("Ask for the job instead: GET /api/jobs/{{job_id}}.",)
    ),
}
