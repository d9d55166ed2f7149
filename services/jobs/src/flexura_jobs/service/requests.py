"""The check of a request for a job, and what is made of one that passes."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from flexura_jobs.domain.catalog import Catalog, Model, Offer, effective_options
from flexura_jobs.domain.jobs import JobRequest, NewJob
from flexura_jobs.ports import OptionsCheck
from flexura_jobs.service.fingerprints import request_key
from flexura_jobs.service.webhook_addresses import written_url
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.nearest import nearest_name
from flexura_kit.values import plain

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,100}")
IDEMPOTENCY_KEY = re.compile(r"[!-~]{0,255}")
KEY_ID = re.compile(r"[A-Za-z0-9_-]{0,100}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
SHOWN_CHARACTERS_MAX = 60  # Of a name that is told back: the caller may send any.
CLIENT_REF_CHARACTERS_MAX = 200
METADATA_ENTRIES_MAX = 50
METADATA_NAME_CHARACTERS_MAX = 40
METADATA_VALUE_CHARACTERS_MAX = 500
TIMEOUT_MIN = timedelta(seconds=1)
SENTENCES_MAX = 5  # In the message.
VIOLATIONS_MAX = 20  # Told at once: an answer is no longer than its reader needs, whatever was sent.


class RequestCheck:
    """Turns a request into a job, or says all that is wrong with it at once."""

    def __init__(
        self,
        catalog: Catalog,
        options_check: OptionsCheck,
        pick_seed: Callable[[], int],
        address_fault: Callable[[str], str | None],
    ) -> None:
        self._catalog = catalog
        self._options_check = options_check
        self._pick_seed = pick_seed
        self._address_fault = address_fault

    def accept(self, request: JobRequest) -> NewJob:
        """Raises INVALID, or BUSY where the model is not set up."""
        refuse_wrong_caller(request)
        request = replace(request, webhook_url=written_url(request.webhook_url))
        offer = self._offer(request)
        options, violations = parse_options(request.options_json, offer.model)
        violations = [
            *prompt_violations(request.prompt, offer.model),
            *violations,
            *self._options_check.violations(offer.model, options),
            *label_violations(request),
            *timeout_violations(request, offer.served_by or offer.model),
            *self._address_violations(request),
        ]
        if violations:
            raise invalid_request(violations)
        return self._new_job(request, offer, options)

    def _offer(self, request: JobRequest) -> Offer:
        media_type = request.media_type
        if media_type is None:
            raise invalid_request([FieldViolation("media_type", "media_type takes image, video or audio")])
        if not request.model:
            default = self._catalog.default_offer(media_type)
            if default is None:
                raise FlexuraError(
                    Kind.BUSY,
                    Reason.MODEL_UNAVAILABLE,
                    f"no model for {media_type} is set up in this deployment",
                    model="",
                    active="",
                )
            return default
        offer = self._catalog.offer(request.model)
        if offer is None:
            raise self._model_unknown(request)
        if offer.model.media_type is not media_type:
            raise type_mismatch(offer.model, request)
        if offer.served_by is None:
            raise self._model_unavailable(offer.model)
        return offer

    def _address_violations(self, request: JobRequest) -> Iterator[FieldViolation]:
        fault = self._address_fault(request.webhook_url) if request.webhook_url else None
        if fault is not None:
            yield FieldViolation("webhook_url", f"webhook_url {fault}")

    def _new_job(self, request: JobRequest, offer: Offer, options: dict[str, Any]) -> NewJob:
        server = offer.served_by or offer.model
        return NewJob(
            job_id=request.job_id,
            account_id=request.account_id,
            media_type=server.media_type,
            requested_model=offer.model.model,
            model=server.model,
            prompt=request.prompt,
            options_json=orjson.dumps(effective_options(offer, options, self._pick_seed)).decode(),
            deadline=request.timeout or server.deadline,
            # Only a help for people: a malformed one is not worth a refusal.
            traceparent=request.traceparent if TRACEPARENT.fullmatch(request.traceparent) else "",
            client_ref=request.client_ref,
            metadata_json=request.metadata_json or "{}",
            request_key=request_key(request),
            webhook_url=request.webhook_url,
        )

    def _model_unknown(self, request: JobRequest) -> FlexuraError:
        name = request.model[:SHOWN_CHARACTERS_MAX]
        active = self._catalog.available(request.media_type)
        nearest = nearest_name(name, self._catalog.names, similarity_min=0) or ""
        told = name if name.isprintable() and name == name.strip() else shown(name)
        sentence = f"there is no model {told}; the nearest is {nearest}, and {listed(active)} can be used"
        return FlexuraError(
            Kind.INVALID,
            Reason.MODEL_UNKNOWN,
            sentence,
            [FieldViolation("model", sentence)],
            model=name,
            nearest=nearest,
            active=",".join(active),
        )

    def _model_unavailable(self, model: Model) -> FlexuraError:
        active = self._catalog.available(model.media_type)
        return FlexuraError(
            Kind.BUSY,
            Reason.MODEL_UNAVAILABLE,
            f"{model.model} is offline, because its provider {model.provider} is not set up in this deployment; "
            f"{listed(active)} can be used",
            model=model.model,
            active=",".join(active),
        )


def refuse_wrong_caller(request: JobRequest) -> None:
    violations = caller_violations(request)
    if violations:
        raise invalid_request(violations)


def caller_violations(request: JobRequest) -> list[FieldViolation]:
    """What is wrong with that which is no part of the body: the database is not asked for it."""
    violations = []
    if not is_job_id(request.job_id):
        violations.append(FieldViolation("job_id", "job_id takes a UUID in lower case"))
    if not ACCOUNT.fullmatch(request.account_id):
        violations.append(FieldViolation("account_id", "account_id takes 1 to 100 of a-z, A-Z, 0-9, _ and -"))
    if not IDEMPOTENCY_KEY.fullmatch(request.idempotency_key):
        violations.append(
            FieldViolation("idempotency_key", "idempotency_key takes 1 to 255 visible ASCII characters, without spaces")
        )
    if not KEY_ID.fullmatch(request.key_id):
        violations.append(FieldViolation("key_id", "key_id takes up to 100 of a-z, A-Z, 0-9, _ and -"))
    return violations


def is_job_id(text: str) -> bool:
    """Tells whether a job may bear this id; others are not asked of the database, which takes not every character."""
    return UUID.fullmatch(text) is not None


def parse_options(options_json: str, model: Model) -> tuple[dict[str, Any], list[FieldViolation]]:
    """An option that is null was left out; a name that the model does not know is told, whatever it has."""
    try:
        options = orjson.loads(options_json or "{}")
    except orjson.JSONDecodeError:
        return {}, [FieldViolation("options", "options takes a JSON object, and this is not JSON")]
    if not isinstance(options, dict):
        return {}, [FieldViolation("options", 'options takes a JSON object such as {"width": 1024}')]
    known = model.option_names
    return {name: plain(value) for name, value in options.items() if value is not None or name not in known}, []


def prompt_violations(prompt: str, model: Model) -> Iterator[FieldViolation]:
    if not prompt.strip():
        yield FieldViolation("prompt", "prompt must say what to make, in 1 or more characters that are not blank")
    elif len(prompt) > model.prompt_characters_max:
        too_long = f"prompt takes at most {model.prompt_characters_max} characters, not {len(prompt)}; shorten it"
        yield FieldViolation("prompt", too_long)
    if "\0" in prompt:
        yield FieldViolation("prompt", "prompt must not hold the character U+0000; leave it out")


def label_violations(request: JobRequest) -> Iterator[FieldViolation]:
    """What is wrong with the names that the caller gives the job for its own use."""
    if len(request.client_ref) > CLIENT_REF_CHARACTERS_MAX:
        yield FieldViolation("client_ref", client_ref_too_long(request.client_ref))
    if "\0" in request.client_ref:
        yield FieldViolation("client_ref", "client_ref must not hold the character U+0000; leave it out")
    try:
        metadata = orjson.loads(request.metadata_json or "{}")
    except orjson.JSONDecodeError:
        metadata = None
    if not isinstance(metadata, dict):
        yield FieldViolation("metadata", 'metadata takes an object of strings such as {"project": "demo"}')
        return
    if len(metadata) > METADATA_ENTRIES_MAX:
        yield FieldViolation("metadata", f"metadata takes at most {METADATA_ENTRIES_MAX} entries, not {len(metadata)}")
    for name, value in metadata.items():
        yield from entry_violations(name, value)


def client_ref_too_long(text: str) -> str:
    return f"client_ref takes at most {CLIENT_REF_CHARACTERS_MAX} characters, not {len(text)}; shorten it"


def entry_violations(name: str, value: object) -> Iterator[FieldViolation]:
    """What is wrong with one entry of the metadata."""
    place = f"metadata.{name[:SHOWN_CHARACTERS_MAX]}"
    if not 1 <= len(name) <= METADATA_NAME_CHARACTERS_MAX:
        said = f"a name in metadata has 1 to {METADATA_NAME_CHARACTERS_MAX} characters, not {len(name)}"
        yield FieldViolation(place, f"{said}; {f'shorten {shown(name)}' if name else 'leave the entry out'}")
    if not isinstance(value, str):
        said = 'metadata takes an object of strings such as {"project": "demo"}, and'
        yield FieldViolation(place, f"{said} {shown(name)} has {shown(value)}; write it in quotes")
    elif len(value) > METADATA_VALUE_CHARACTERS_MAX:
        longest = f"takes at most {METADATA_VALUE_CHARACTERS_MAX} characters, not {len(value)}; shorten it"
        yield FieldViolation(place, f"a value in metadata {longest}")


def shown(value: object) -> str:
    """What was sent, short enough to repeat."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}..."


def timeout_violations(request: JobRequest, model: Model) -> Iterator[FieldViolation]:
    if request.timeout is not None and not TIMEOUT_MIN <= request.timeout <= model.deadline:
        limit = f"{model.deadline.total_seconds():g}"
        yield FieldViolation(
            "timeout_s",
            f"timeout_s takes 1 to {limit} seconds for {model.model}, waiting included, not "
            f"{request.timeout.total_seconds():g}; leave it out for {limit}",
        )


def type_mismatch(model: Model, request: JobRequest) -> FlexuraError:
    endpoint = f"/api/generate/{model.media_type}"
    sentence = f"{model.model} makes {model.media_type}, not {request.media_type}; send it to {endpoint}"
    return FlexuraError(
        Kind.INVALID,
        Reason.MODEL_TYPE_MISMATCH,
        sentence,
        [FieldViolation("model", sentence)],
        model=model.model,
        model_type=model.media_type.value,
        endpoint=endpoint,
    )


def invalid_request(violations: list[FieldViolation]) -> FlexuraError:
    message = "; ".join(violation.message for violation in violations[:SENTENCES_MAX])
    return FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, violations[:VIOLATIONS_MAX])


def listed(names: list[str]) -> str:
    return ", ".join(names) or "no model of this type"
