from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator
from time import perf_counter
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.strict_json import parse
from bot.web.bodies import MAX_BODY_BYTES
from engine.errors import RequestError
from tests.surfaces.web.conftest import OWNER_TOKEN, Served

DEEP = 100_000

BAD_JSON = {
    "empty": (b" ", "json_invalid"),
    "not json": (b"request=x", "json_invalid"),
    "two values": (b"{} {}", "json_invalid"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "json_invalid"),
    "a bare control": (b'{"request": "a\x00b"}', "json_invalid"),
    "not UTF-8": (b'{"request": "\xff"}', "json_encoding"),
    "a surrogate in UTF-8": (b'{"request": "\xed\xa0\x80"}', "json_encoding"),
    "UTF-16": ('{"request": "x"}'.encode("utf-16"), "json_encoding"),
    "a lone surrogate": (b'{"request": "\\ud800"}', "json_surrogate"),
    "a lone surrogate as a key": (b'{"\\udfff": 1}', "json_surrogate"),
    "duplicate keys": (b'{"request": "a", "request": "b"}', "json_duplicate_key"),
    "duplicate keys within": (b'{"request": {"\\u0061": 1, "a": 2}}', "json_duplicate_key"),
    "NaN": (b'{"request": NaN}', "json_number"),
    "Infinity": (b'{"request": -Infinity}', "json_number"),
    "a number beyond all": (b'{"request": 1e999}', "json_number"),
    "an integer of 5,000 digits": (b'{"request": ' + b"7" * 5000 + b"}", "json_number"),
    "depth 100,000 of arrays": (b"[" * DEEP + b"]" * DEEP, "json_depth"),
    "depth 100,000, never closed": (b"[" * DEEP, "json_depth"),
    "depth 100,000 of objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "json_depth"),
    "depth 65": (b"[" * 65 + b"]" * 65, "json_depth"),
    "depth behind a string of brackets": (b'{"\\"]]]]": "[[{{", "a": ' + b"[" * 64 + b"]" * 64 + b"}", "json_depth"),
    "a string without end": (b'"' + b'\\"' * 500_000, "json_invalid"),
    "many openings in a string without end": (b"[" * 60 + b'"' + b'\\"[' * 300_000, "json_invalid"),
}

BAD_FIELDS: dict[str, tuple[Any, str]] = {
    "not an object": ([], ""),
    "null": (None, ""),
    "a missing field": ({}, "/request"),
    "an unknown field": ({"request": "x", "shell": "rm"}, "/shell"),
    "an unknown field with a slash": ({"request": "x", "a/b~c": 1}, "/a~1b~0c"),
    "a number for text": ({"request": 5}, "/request"),
    "null for text": ({"request": None}, "/request"),
    "text for a flag": ({"request": "x", "dry_run": "true"}, "/dry_run"),
    "a number for a flag": ({"request": "x", "dry_run": 1}, "/dry_run"),
    "another language": ({"request": "x", "locale": "fr"}, "/locale"),
    "a zone that is none": ({"request": "x", "timezone": "Asia"}, "/timezone"),
    "a zone that is a path": ({"request": "x", "timezone": "../../etc/passwd"}, "/timezone"),
    "an empty zone": ({"request": "x", "timezone": ""}, "/timezone"),
    "an empty user": ({"request": "x", "user_id": ""}, "/user_id"),
    "a user with NUL": ({"request": "x", "user_id": "a\x00"}, "/user_id"),
    "a user with a line break": ({"request": "x", "user_id": "dana\n"}, "/user_id"),
    "a conversation of a chat outside": ({"request": "x", "conversation_id": "slack:T1:C1:171.1"}, "/conversation_id"),
    "a long conversation": ({"request": "x", "conversation_id": "c" * 129}, "/conversation_id"),
    "an empty request": ({"request": ""}, "/request"),
    "nothing but white space": ({"request": " \n\t "}, "/request"),
    "nothing but NUL": ({"request": "\x00\x00"}, "/request"),
    "nothing but bidi overrides": ({"request": "\u202e\u2066\u200b"}, "/request"),
    "16,001 characters": ({"request": "א" * 16_001}, "/request"),
    "half a megabyte": ({"request": "x" * 500_000}, "/request"),
}


@pytest.mark.parametrize("name", BAD_JSON)
async def test_bad_json_is_a_named_problem(served: Served, name: str) -> None:
    raw, code = BAD_JSON[name]
    answer = await served.ask("POST", "/api/orchestrate", raw=raw)
    assert (answer.status, answer.json["code"]) == (400, code)
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert served.door.commands == []


@pytest.mark.parametrize("name", BAD_FIELDS)
async def test_a_bad_field_is_named_with_what_to_do(served: Served, name: str) -> None:
    body, pointer = BAD_FIELDS[name]
    answer = await served.ask("POST", "/api/orchestrate", raw=json.dumps(body).encode())
    assert answer.status == 400
    assert answer.json["pointer"] == pointer
    assert answer.json["type"] == "about:blank"
    assert (pointer or "The body") in answer.json["detail"]
    assert served.door.commands == []


async def test_the_detail_is_one_plain_sentence(served: Served) -> None:
    answer = await served.ask("POST", "/api/orchestrate", {"request": "x", "shell": "rm", "dry_run": "yes"})
    assert answer.json["errors"] == [
        {"pointer": "/dry_run", "detail": "is wrong: input should be a valid boolean; correct it"},
        {
            "pointer": "/shell",
            "detail": "is not a known field; remove it (known: request, user_id, conversation_id, locale, timezone, "
            "dry_run)",
        },
    ]
    assert answer.json["detail"] == "Field /dry_run is wrong: input should be a valid boolean; correct it."


async def test_a_megabyte_is_too_large_with_and_without_its_length(served: Served) -> None:
    body = json.dumps({"request": "x" * MAX_BODY_BYTES}).encode()
    assert (await served.ask("POST", "/api/orchestrate", raw=body)).status == 413

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    headers = {"Authorization": f"Bearer {OWNER_TOKEN}", "Content-Type": "application/json"}
    async with served.client.post(f"{served.url}/api/orchestrate", data=pieces(), headers=headers) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (413, "body_too_large")


async def test_a_megabyte_of_request_within_the_limit_is_refused_by_name(served: Served) -> None:
    answer = await served.ask("POST", "/api/orchestrate", {"request": "x" * 1_000_000})
    assert (answer.status, answer.json["code"], answer.json["pointer"]) == (400, "request_too_long", "/request")


async def test_nul_and_bidi_overrides_are_taken_out(served: Served) -> None:
    answer = await served.ask("POST", "/api/orchestrate", {"request": "קבע\u202e פגישה\u0000 עם\u2066 Yoav\u2069"})
    assert answer.status == 202
    assert served.door.commands[0].text == "קבע פגישה עם Yoav"


async def test_ten_thousand_emoji_are_a_request(served: Served) -> None:
    answer = await served.ask("POST", "/api/orchestrate", {"request": "🎉" * 10_000})
    assert answer.status == 202
    assert served.door.commands[0].text == "🎉" * 10_000


async def test_emoji_escaped_as_a_pair_are_whole_characters(served: Served) -> None:
    answer = await served.ask("POST", "/api/orchestrate", raw=b'{"request": "\\ud83c\\udf89"}')
    assert answer.status == 202
    assert served.door.commands[0].text == "🎉"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "",
    ],
)
async def test_only_json_is_taken(served: Served, kind: str) -> None:
    answer = await served.ask("POST", "/api/orchestrate", raw=b'{"request": "x"}', headers={"Content-Type": kind})
    assert (answer.status, answer.json["code"]) == (415, "content_type_unsupported")


async def test_a_compressed_body_is_refused(served: Served) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    answer = await served.ask("POST", "/api/orchestrate", raw=bomb, headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.json["code"]) == (415, "content_encoding_unsupported")


async def test_a_client_that_leaves_in_the_middle_hurts_nobody(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/orchestrate HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {OWNER_TOKEN}\r\n"
    writer.write((head + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{").encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await served.ask("GET", "/healthz", token=None)).status == 200


async def test_an_unknown_route_and_a_wrong_method_are_problems(served: Served) -> None:
    unknown = await served.ask("GET", "/api/nothing\u202ehere")
    assert (unknown.status, unknown.json["code"]) == (404, "route_unknown")
    wrong = await served.ask("DELETE", "/api/orchestrate")
    assert (wrong.status, wrong.json["code"]) == (405, "method_not_allowed")
    assert set(wrong.headers["Allow"].split(",")) == {"GET", "POST"}


@pytest.mark.parametrize(
    "path", ["/static/../../etc/passwd", "/static/..%2f..%2fetc%2fpasswd", "/static/none.js", "/static/%00"]
)
async def test_static_files_stay_in_their_folder(served: Served, path: str) -> None:
    async with aiohttp.ClientSession() as client, client.get(URL(served.url + path, encoded=True)) as response:
        assert response.status in {403, 404}


async def test_no_body_makes_the_server_slow() -> None:
    """A megabyte of the worst shapes is read in well under a second."""
    worst = [b'"' + b'\\"' * 520_000, b"[]," * 340_000, b'"[' * 520_000, b"\\" * 1_000_000, b'{"a":"' * 170_000]
    for raw in worst:
        began = perf_counter()
        with pytest.raises(RequestError):
            parse(raw)
        assert perf_counter() - began < 2


def test_the_greatest_allowed_is_allowed() -> None:
    assert parse(b"[" * 64 + b"]" * 64)
    assert parse(b"7" * 4300)
    assert parse(b'["' + b"[" * 1000 + b'"]') == ["[" * 1000]
