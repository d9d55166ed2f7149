"""The check of a request: what is made of a good one, and the sentence for each wrong one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from flexura_jobs.catalog import OptionsCheck, read_catalog
from flexura_jobs.domain.catalog import Catalog, Deployment
from flexura_jobs.domain.jobs import JobRequest, MediaType
from flexura_jobs.service import RequestCheck, WebhookAddresses
from flexura_kit.egress import Egress
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId, new_uuid7

SEED = 4711
OF_TIMES = "timeout_s takes 1 to 3600 seconds for flexura-testcard-image, waiting included"
MODELS = read_catalog(None)
GOOD = JobRequest(
    job_id=JobId(new_uuid7()),
    account_id=AccountId("acc_1"),
    media_type=MediaType.IMAGE,
    model="",
    prompt="a lighthouse",
    options_json="",
    traceparent="",
)


def check(*providers: str, substitution: bool = True) -> RequestCheck:
    catalog = Catalog(MODELS, Deployment(frozenset(providers), substitution))
    return RequestCheck(catalog, OptionsCheck(MODELS), lambda: SEED, WebhookAddresses(Egress(), takes_http=False).fault)


def refused(request: JobRequest, by: RequestCheck | None = None) -> FlexuraError:
    with pytest.raises(FlexuraError) as error:
        (by or check("flexura-testcard")).accept(request)
    return error.value


def sentences(options: dict[str, Any], media_type: MediaType = MediaType.IMAGE, model: str = "") -> dict[str, str]:
    request = replace(GOOD, options_json=orjson.dumps(options).decode(), media_type=media_type, model=model)
    return {violation.field: violation.message for violation in refused(request).violations}


def test_an_empty_model_takes_the_default_and_says_who_does_the_work() -> None:
    job = check("flexura-testcard").accept(GOOD)
    assert (job.requested_model, job.model) == ("nvidia-flux", "flexura-testcard-image")
    assert orjson.loads(job.options_json) == {"width": 1024, "height": 1024, "steps": 4, "seed": SEED}


def test_a_model_whose_provider_is_set_up_does_its_own_work() -> None:
    job = check("nvidia").accept(GOOD)
    assert (job.requested_model, job.model) == ("nvidia-flux", "nvidia-flux")


def test_video_defaults_are_even_and_filled_in() -> None:
    job = check("flexura-testcard").accept(replace(GOOD, media_type=MediaType.VIDEO))
    options = orjson.loads(job.options_json)
    assert (options["width"], options["height"], options["duration_s"], options["fps"]) == (768, 432, 4, 24)


@pytest.mark.parametrize(
    ("options", "field", "sentence"),
    [
        ({"width": -1}, "options.width", "width takes a whole number from 64 to 2048, not -1"),
        ({"width": 2049}, "options.width", "width takes a whole number from 64 to 2048, not 2049"),
        ({"width": "big"}, "options.width", 'width takes a whole number from 64 to 2048, not "big"'),
        ({"height": 64.5}, "options.height", "height takes a whole number from 64 to 2048, not 64.5"),
        ({"steps": True}, "options.steps", "steps takes a whole number from 1 to 50, not true"),
        ({"seed": "7"}, "options.seed", 'seed takes a whole number from 0 to 4294967295, not "7"'),
        ({"seed": 2**32}, "options.seed", "seed takes a whole number from 0 to 4294967295, not 4294967296"),
        (
            {"widht": 64},
            "options.widht",
            "nvidia-flux has no option widht; did you mean width? It takes width, height, steps, seed",
        ),
        ({"x": 1}, "options.x", "nvidia-flux has no option x; it takes width, height, steps, seed"),
    ],
)
def test_a_wrong_option_is_named_with_what_it_takes(options: dict[str, Any], field: str, sentence: str) -> None:
    assert sentences(options) == {field: sentence}


def test_a_name_that_is_no_option_is_told_whatever_it_has() -> None:
    assert sentences({"widht": None, "width": None}) == {
        "options.widht": "nvidia-flux has no option widht; did you mean width? It takes width, height, steps, seed"
    }
    job = check("flexura-testcard").accept(replace(GOOD, options_json='{"width":null,"steps":2}'))
    assert orjson.loads(job.options_json) == {"width": 1024, "height": 1024, "steps": 2, "seed": SEED}


@pytest.mark.parametrize(("name", "told"), [("", '""'), (" width", '" width"'), ("a\nb", '"a\\nb"'), ("_a-b", "_a-b")])
def test_a_name_that_cannot_be_seen_is_told_in_quotes(name: str, told: str) -> None:
    (sentence,) = sentences({name: 1}).values()
    assert f"has no option {told};" in sentence
    if name:
        assert f"there is no model {told};" in refused(replace(GOOD, model=name)).message


def test_every_wrong_option_is_named_at_once() -> None:
    found = sentences({"width": 1, "height": 1, "steps": 0, "colour": "red"})
    assert set(found) == {"options.width", "options.height", "options.steps", "options.colour"}


def test_thousands_of_wrong_options_make_no_long_answer() -> None:
    error = refused(replace(GOOD, options_json=orjson.dumps({f"width{number}": 1 for number in range(5000)}).decode()))
    assert len(error.violations) == 20
    assert len(error.message) < 1000


def test_odd_video_sizes_are_refused_with_the_reason() -> None:
    found = sentences({"width": 101}, MediaType.VIDEO)
    assert found == {"options.width": "width takes a whole number from 64 to 2048 that is a multiple of 2, not 101"}


def test_ways_to_fail_on_purpose_are_listed() -> None:
    found = sentences({"fail": "loudly"}, model="flexura-testcard-image")
    assert found == {"options.fail": 'fail takes one of crash, hang, empty, refuse, error, not "loudly"'}


def test_a_long_wrong_value_is_told_back_shortened() -> None:
    found = sentences({"width": "x" * 5000, "y" * 5000: 1})
    assert all(len(field) < 100 for field in found)
    assert all(len(sentence) < 250 for sentence in found.values())


@pytest.mark.parametrize("options_json", ["[]", "3", '"a"', "null", "{", '{"width": 1e999}', '{"width": NaN}'])
def test_options_that_are_no_object_are_refused(options_json: str) -> None:
    error = refused(replace(GOOD, options_json=options_json))
    assert (error.kind, error.reason) == (Kind.INVALID, Reason.INVALID_REQUEST)
    assert error.violations[0].field == "options"


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "x" * 10_001, "a\0b"])
def test_a_prompt_that_is_blank_too_long_or_unstorable_is_refused(prompt: str) -> None:
    error = refused(replace(GOOD, prompt=prompt))
    assert [violation.field for violation in error.violations] == ["prompt"]


def test_the_longest_prompt_in_any_script_is_taken() -> None:
    assert len(check("flexura-testcard").accept(replace(GOOD, prompt="燈" * 10_000)).prompt) == 10_000


def test_an_unknown_model_names_the_nearest_and_those_that_can_be_used() -> None:
    error = refused(replace(GOOD, model="nvidia-fluks"))
    assert (error.kind, error.reason) == (Kind.INVALID, Reason.MODEL_UNKNOWN)
    assert error.metadata == {
        "model": "nvidia-fluks",
        "nearest": "nvidia-flux",
        "active": "nvidia-flux,flexura-testcard-image",
    }
    assert error.violations[0].field == "model"


def test_a_model_of_another_type_names_the_right_endpoint() -> None:
    error = refused(replace(GOOD, model="flexura-testcard-video"))
    assert (error.kind, error.reason) == (Kind.INVALID, Reason.MODEL_TYPE_MISMATCH)
    assert error.metadata["endpoint"] == "/api/generate/video"
    assert error.metadata["model_type"] == "video"


def test_an_offline_model_is_refused_and_names_those_that_can_be_used() -> None:
    error = refused(replace(GOOD, model="nvidia-flux"), check("flexura-testcard", substitution=False))
    assert (error.kind, error.reason) == (Kind.BUSY, Reason.MODEL_UNAVAILABLE)
    assert error.metadata == {"model": "nvidia-flux", "active": "flexura-testcard-image"}


def test_a_type_that_nobody_serves_is_refused_as_unavailable() -> None:
    assert refused(GOOD, check()).reason is Reason.MODEL_UNAVAILABLE


def test_an_unknown_media_type_is_refused() -> None:
    assert refused(replace(GOOD, media_type=None)).violations[0].field == "media_type"


@pytest.mark.parametrize(
    "job_id", ["", "abc", new_uuid7().upper(), f"{new_uuid7()}\0"], ids=["empty", "short", "upper case", "with a NUL"]
)
def test_an_id_that_is_no_uuid_is_refused(job_id: str) -> None:
    assert refused(replace(GOOD, job_id=JobId(job_id))).violations[0].field == "job_id"


@pytest.mark.parametrize("account_id", ["", "a\0b", "a b", "x" * 101])
def test_an_account_that_cannot_be_one_is_refused(account_id: str) -> None:
    assert refused(replace(GOOD, account_id=AccountId(account_id))).violations[0].field == "account_id"


def test_a_malformed_trace_is_dropped_and_a_good_one_kept() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    accept = check("flexura-testcard").accept
    assert accept(replace(GOOD, traceparent=trace)).traceparent == trace
    assert accept(replace(GOOD, traceparent="x\0")).traceparent == ""


def test_what_the_caller_adds_is_kept_and_its_time_is_the_jobs() -> None:
    labels = {"client_ref": "order 7", "metadata_json": '{"project":"demo"}'}
    job = check("flexura-testcard").accept(replace(GOOD, timeout=timedelta(seconds=30), **labels))
    assert (job.client_ref, job.metadata_json) == ("order 7", '{"project":"demo"}')
    assert job.deadline == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"client_ref": "a" * 201}, "client_ref", "client_ref takes at most 200 characters, not 201; shorten it"),
        ({"metadata_json": "[]"}, "metadata", 'metadata takes an object of strings such as {"project": "demo"}'),
        (
            {"metadata_json": '{"a": 1}'},
            "metadata.a",
            'metadata takes an object of strings such as {"project": "demo"}, and "a" has 1; write it in quotes',
        ),
        (
            {"metadata_json": orjson.dumps({str(n): "" for n in range(51)}).decode()},
            "metadata",
            "metadata takes at most 50 entries, not 51",
        ),
        (
            {"metadata_json": '{"": "a"}'},
            "metadata.",
            "a name in metadata has 1 to 40 characters, not 0; leave the entry out",
        ),
        (
            {"metadata_json": orjson.dumps({"a": "b" * 501}).decode()},
            "metadata.a",
            "a value in metadata takes at most 500 characters, not 501; shorten it",
        ),
        *(
            (
                {"timeout": timedelta(seconds=seconds)},
                "timeout_s",
                f"{OF_TIMES}, not {seconds}; leave it out for 3600",
            )
            for seconds in (-1, 0.5, 3601)
        ),
    ],
)
def test_a_wrong_label_or_time_is_told_by_its_field(changes: dict[str, Any], field: str, sentence: str) -> None:
    (violation,) = refused(replace(GOOD, **changes)).violations
    assert (violation.field, violation.message) == (field, sentence)


def test_an_address_is_kept_with_its_job() -> None:
    job = check("flexura-testcard").accept(replace(GOOD, webhook_url="https://example.com/hook"))
    assert job.webhook_url == "https://example.com/hook"


@pytest.mark.parametrize("url", ["http://example.com", "https://127.0.0.1", "example.com"])
def test_an_address_that_messages_may_not_go_to_is_named(url: str) -> None:
    error = refused(replace(GOOD, webhook_url=url))
    assert [violation.field for violation in error.violations] == ["webhook_url"]
