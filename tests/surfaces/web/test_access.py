from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.access import Access, AccessOptions, OneTimeCodes, load_token
from bot.web.routes import PUBLIC, ROUTES
from bot.web.site import Route
from engine.domain.ids import ExecutionId, PrincipalId
from engine.domain.tenant import Principal
from engine.errors import RequestError
from tests.surfaces.web.conftest import OWNER_TOKEN, Served, frames, serve
from tests.surfaces.web.memory_door import DANA, OWNER, ManualClock

ADMITTED = {"/healthz", "/readyz"}


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.method} {route.path}" for route in ROUTES])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": f"Basic {OWNER_TOKEN}"},
        {"Authorization": OWNER_TOKEN},
        {"Authorization": "Bearer טוקן"},
        {"Cookie": "tizmor_00000000=b3duZXI.00"},
    ],
)
async def test_every_route_demands_proof(served: Served, route: Route, headers: dict[str, str]) -> None:
    path = route.path.replace("{id}", "e1").replace("{version}", "1").replace("{step}", "s1")
    answer = await served.ask(route.method, path, token=None, headers=headers)
    assert (answer.status, answer.json["code"]) == (401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_the_router_knows_no_other_door(served: Served) -> None:
    known = {route.path for route in ROUTES} | {route.path for route in PUBLIC} | {"/static"}
    assert {resource.canonical for resource in served.runner.app.router.resources()} == known
    assert {route.path for route in PUBLIC} == ADMITTED | {"/", "/login"}


async def test_a_principal_without_a_role_may_do_nothing(served: Served) -> None:
    answer = await served.ask("GET", "/api/orchestrate", token="guest-token")
    assert (answer.status, answer.json["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("path", sorted(ADMITTED))
async def test_health_needs_no_token(served: Served, path: str) -> None:
    assert (await served.ask("GET", path, token=None)).status == 200


async def test_not_ready_says_what_is_missing(served: Served) -> None:
    served.door.health = {"database": True, "slack": False}
    answer = await served.ask("GET", "/readyz", token=None)
    assert answer.status == 503
    assert answer.json == {"ready": False, "checks": {"database": True, "slack": False}}


async def test_metrics_are_prometheus_text(served: Served) -> None:
    answer = await served.ask("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "tizmor_up 1" in answer.text


async def test_a_one_time_link_opens_the_page_once(served: Served) -> None:
    link = f"/login?code={served.access.login_code()}"
    first = await served.ask("GET", link, token=None)
    assert (first.status, first.headers["Location"]) == (303, "/")
    cookie = first.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert part in cookie
    assert "Secure" not in cookie
    page = await served.ask("GET", "/", token=None, headers={"Cookie": cookie.split(";")[0]})
    assert (page.status, "Tizmor" in page.text) == (200, True)
    again = await served.ask("GET", link, token=None)
    assert again.status == 401
    assert "Set-Cookie" not in again.headers


async def test_a_link_dies_after_ten_minutes(served: Served) -> None:
    code = served.access.login_code()
    await served.clock.advance(timedelta(minutes=10), step=timedelta(minutes=10))
    assert (await served.ask("GET", f"/login?code={code}", token=None)).status == 401


async def test_without_a_session_the_page_says_in_both_languages_how_to_get_one(served: Served) -> None:
    for path in ("/", "/login", "/login?code=x"):
        answer = await served.ask("GET", path, token=None)
        assert answer.status == 401
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "one-time link" in answer.text
        assert "קישור חד־פעמי" in answer.text


async def test_a_cookie_reads_and_writes_from_our_own_page(served: Served) -> None:
    cookie = await served.sign_in()
    headers = {"Cookie": cookie, "Origin": served.url}
    assert (await served.ask("GET", "/api/orchestrate", token=None, headers={"Cookie": cookie})).status == 200
    assert (await served.ask("POST", "/api/orchestrate", {"request": "x"}, token=None, headers=headers)).status == 202


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1:1", "http://localhost:8787", ""],
)
async def test_a_cookie_does_not_write_from_another_page(served: Served, origin: str | None) -> None:
    headers = {"Cookie": await served.sign_in(), **({"Origin": origin} if origin is not None else {})}
    for route in ROUTES:
        if route.method == "POST":
            path = route.path.replace("{id}", "e1").replace("{version}", "1").replace("{step}", "s1")
            answer = await served.ask("POST", path, {}, token=None, headers=headers)
            assert (answer.status, answer.json["code"]) == (403, "origin_not_allowed")
    assert served.door.commands == []


async def test_a_token_needs_no_origin(served: Served) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    assert (await served.ask("POST", "/api/orchestrate", {"request": "x"}, headers=headers)).status == 202


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "127.0.0.1@evil.example",
        "",
        "[::1",
        "localhost:x",
    ],
)
async def test_a_wrong_host_is_refused_everywhere(served: Served, host: str) -> None:
    for path in ("/", "/healthz", "/api/orchestrate", "/static/chat.js", "/login?code=x"):
        answer = await served.ask("GET", path, headers={"Host": host})
        assert (answer.status, answer.json["code"]) == (403, "host_not_allowed")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8787", "127.0.0.1", "[::1]:8787"])
async def test_our_own_names_are_hosts(served: Served, host: str) -> None:
    assert (await served.ask("GET", "/healthz", headers={"Host": host})).status == 200


async def test_the_public_url_is_a_host_and_an_origin(tmp_path: Path) -> None:
    async with serve(tmp_path, public_url="https://tizmor.example.org") as served:
        host = {"Host": "tizmor.example.org"}
        login = await served.ask("GET", f"/login?code={served.access.login_code()}", token=None, headers=host)
        assert "Secure" in login.headers["Set-Cookie"]
        headers = {**host, "Cookie": login.headers["Set-Cookie"].split(";")[0]}
        body = {"request": "x"}
        for origin, status in [("https://tizmor.example.org", 202), ("http://tizmor.example.org.evil", 403)]:
            sent = {**headers, "Origin": origin}
            assert (await served.ask("POST", "/api/orchestrate", body, token=None, headers=sent)).status == status


async def test_a_ticket_opens_one_stream_once(served: Served) -> None:
    await served.ask("POST", "/api/orchestrate", {"request": "x"}, token="dana-token")
    await served.door.finish(ExecutionId("e1"))
    ticket = (await served.ask("POST", "/api/tickets", token="dana-token")).json["ticket"]
    path = f"/api/orchestrate/stream/e1?ticket={ticket}"
    async with served.client.get(served.url + path) as response:
        assert [name async for _, name, _ in frames(response)] == ["complete"]
    assert (await served.ask("GET", path, token=None)).status == 401


async def test_a_ticket_dies_after_a_minute_and_opens_nothing_else(served: Served) -> None:
    ticket = (await served.ask("POST", "/api/tickets")).json["ticket"]
    assert (await served.ask("GET", f"/api/orchestrate?ticket={ticket}", token=None)).status == 401
    assert (await served.ask("POST", f"/api/tickets?ticket={ticket}", token=None)).status == 401
    await served.clock.advance(timedelta(seconds=60), step=timedelta(seconds=60))
    assert (await served.ask("GET", f"/api/chat/stream?ticket={ticket}", token=None)).status == 401


async def test_every_answer_carries_the_security_headers(served: Served) -> None:
    cookie = {"Cookie": await served.sign_in()}
    for path in ("/", "/static/chat.js", "/api/orchestrate", "/healthz", "/nothing", "/openapi.json"):
        token = None if path == "/" else OWNER_TOKEN
        answer = await served.ask("GET", path, token=token, headers=cookie)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == ("no-cache" if "static" in path else "no-store")
        assert "aiohttp" not in answer.headers["Server"]
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_session_survives_a_restart_and_dies_with_the_token() -> None:
    def opened(token: str) -> Access:
        return Access(owner=OWNER, token=token, clock=ManualClock(), options=AccessOptions())

    cookie = opened("a" * 40).session_cookie(OWNER)
    assert await opened("a" * 40).by_session(cookie) == OWNER
    assert await opened("b" * 40).by_session(cookie) is None
    assert opened("a" * 40).cookie_name != opened("b" * 40).cookie_name


@pytest.mark.parametrize("change", ["dana", "", ".", "..", "b3duZXI", "b3duZXI.", "%%%.x", "א.ב", "\ud800.\ud800"])
async def test_a_forged_session_is_nobody(change: str) -> None:
    access = Access(owner=OWNER, token="a" * 40, clock=ManualClock(), options=AccessOptions())
    assert await access.by_session(change) is None
    signature = access.session_cookie(OWNER).partition(".")[2]
    assert await access.by_session(f"ZGFuYQ.{signature}") is None


async def test_another_persons_session_stands_for_them_as_long_as_they_are_known() -> None:
    known = {DANA.id: DANA}

    async def find(principal_id: PrincipalId) -> Principal | None:
        return known.get(principal_id)

    access = Access(owner=OWNER, token="a" * 40, clock=ManualClock(), options=AccessOptions(find=find))
    cookie = access.session_cookie(DANA)
    assert await access.by_session(cookie) == DANA
    known.clear()
    assert await access.by_session(cookie) is None


def test_codes_have_a_bound() -> None:
    codes = OneTimeCodes(ManualClock(), timedelta(minutes=1))
    first, _ = codes.issue(OWNER)
    last = [codes.issue(OWNER)[0] for _ in range(1_000)][-1]
    assert codes.redeem(first) is None
    assert codes.redeem(last) == OWNER


def test_the_owners_token_is_made_once_and_for_the_owners_eyes(tmp_path: Path) -> None:
    path = tmp_path / "api_token"
    token = load_token(path)
    assert re.fullmatch(r"tzm_[\w-]{43}", token)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_token(path) == token
    assert [entry.name for entry in tmp_path.iterdir()] == ["api_token"]


def test_a_token_file_others_can_read_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "api_token"
    token = load_token(path)
    path.chmod(0o644)
    assert load_token(path) == token
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff" * 40, "ט".encode() * 40])
def test_a_file_that_holds_no_token_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "api_token"
    path.write_bytes(content)
    with pytest.raises(RequestError, match="api_token_unusable") as caught:
        load_token(path)
    assert str(path) in caught.value.detail


def test_a_home_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="api_token_unusable"):
        load_token(tmp_path / "none" / "api_token")
