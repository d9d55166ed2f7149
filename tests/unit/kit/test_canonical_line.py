"""The one line of each request."""

import re
from datetime import datetime

import orjson

from flexura_kit.log import CanonicalLine


def test_a_canonical_line_is_one_line_of_json_with_what_every_line_has() -> None:
    written: list[bytes] = []
    line = CanonicalLine()
    line.configure("edge", written.append)
    line.info("request_answered", status=200, request_id="a\nb", account_id=None)
    [text] = written
    assert text.endswith(b"\n")
    assert text.count(b"\n") == 1
    fields = orjson.loads(text)
    del fields["time"]
    assert fields == {
        "event": "request_answered",
        "level": "info",
        "service": "edge",
        "status": 200,
        "request_id": "a\nb",
        "account_id": None,
    }


def test_its_time_is_utc_with_microseconds() -> None:
    written: list[bytes] = []
    line = CanonicalLine()
    line.configure("edge", written.append)
    before = datetime.now().astimezone()
    line.info("request_answered")
    time = orjson.loads(written[0])["time"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", time)
    assert abs((datetime.fromisoformat(time) - before).total_seconds()) < 5
