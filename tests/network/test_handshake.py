"""What a server's answer to the handshake tells: when to come again, and what time it is."""

from __future__ import annotations

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response

from daemon.network.handshake import brain_engine, refusal, retry_after_s, server_s

NOW = "Sun, 06 Nov 1994 08:49:37 GMT"
NOW_S = 784111777.0


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0", 0),
        ("2.5", 2.5),
        ("007", 7),
        ("-7", 0),
        ("-0.5", 0),
        ("+7", 0),
        ("9" * 30, 86400),
        ("9" * 6000, 86400),
        ("1e3", 0),
        ("inf", 0),
        ("nan", 0),
        ("0x10", 0),
        ("٧", 0),
        ("7 s", 0),
        ("", 0),
        ("soon", 0),
        ("30, 60", 30),
        ("30 ,", 30),
        ("30; 60", 0),
        ("1994-11-06T08:50:07Z", 30),
        ("1994-11-06 09:50:07+01:00", 30),
        ("1994-11-06T08:50:07", 30),
        ("1994-13-06T08:50:07Z", 0),
        ("9999-12-31T23:59:59-23:59", 86400),
        ("0001-01-01T00:00:00+23:59", 0),
        ("Sun, 06 Nov 1994 08:50:07 GMT", 30),
        ("Sunday, 06-Nov-94 08:50:07 GMT", 30),
        ("Sun Nov  6 08:50:07 1994", 30),
        ("Sun, 06 Nov 1994 09:50:07 +0100", 30),
        ("Sun, 06 Nov 1994 08:50:07 -0000", 30),
        ("Sun, 06 Nov 1994 08:49:07 GMT", 0),
        ("Sun, 06 Nov 2094 08:49:37 GMT", 86400),
        ("Sun, 06 Nov 99999 08:49:37 GMT", 0),
        ("Sun, 36 Nov 1994 08:49:37 GMT", 0),
        ("Sun, 06 Nov 1994 08:49:37 +999999999999", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_clock(told: str, seconds: float) -> None:
    headers = Headers({"Retry-After": told, "Date": NOW})
    assert retry_after_s(headers, clock=lambda: 0.0) == seconds


def test_retry_after_as_a_date_without_the_servers_clock_is_by_our_own() -> None:
    headers = Headers({"Retry-After": "Sun, 06 Nov 1994 08:50:07 GMT"})
    assert retry_after_s(headers, clock=lambda: NOW_S + 10) == 20
    headers["Date"] = "today"
    assert retry_after_s(headers, clock=lambda: NOW_S + 10) == 20


def test_headers_that_come_twice_are_no_failure() -> None:
    headers = Headers([("Retry-After", "3"), ("Retry-After", "9"), ("Date", NOW), ("Date", "x")])
    assert (retry_after_s(headers), server_s(headers)) == (3, NOW_S)
    assert (retry_after_s(Headers()), server_s(Headers())) == (0, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error":{"code":"invalid_api_key"}}', "invalid_api_key"),
        (b'{"error":{"type":"server_error"}}', "server_error"),
        (b'{"error":"no"}', "HTTP 503"),
        (b'{"error":{"code":"\xff"}}', "HTTP 503"),
        (b"[1]", "HTTP 503"),
        (b'{"error":' + b"[" * 100_000, "HTTP 503"),
        (b"", "HTTP 503"),
        (b'{"error":{"code":"' + b"x" * 5000 + b'"}}', "x" * 80),
    ],
)
def test_a_refusal_is_told_by_its_code_else_by_its_status(body: bytes, reason: str) -> None:
    said = refusal(Response(503, "No", Headers({"Retry-After": "4"}), body))
    assert (str(said), said.code, said.retry_after_s) == (reason, 503, 4.0)


@pytest.mark.parametrize(
    ("server", "engine"),
    [
        ("voiced-brain/both", "both"),
        ("voiced-brain", ""),
        ("nginx/1.22", ""),
        ("", ""),
        ("voiced-brain/" + 9999 * "x", 80 * "x"),
    ],
)
def test_our_own_brain_tells_which_engine_answers(server: str, engine: str) -> None:
    assert brain_engine(Headers({"Server": server})) == engine
    assert brain_engine(Headers()) == ""
