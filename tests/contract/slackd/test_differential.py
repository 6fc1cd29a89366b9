"""The same calls to our local server and to another's (backlot, which writes down what it measured at the real one).

The shapes of both answers must agree: keys, types, error codes. What differs is listed below, each with its reason; a
difference that is not listed fails, and so does a listed one that is gone. Backlot lives in an environment of its own,
which continuous integration builds; elsewhere the tests are skipped, visibly.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slackd import SlackdOptions, serve_slackd
from tests.servers.slackd.sample import sample_manifest

Json = dict[str, Any]
ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-backlot" / "bin" / "python"
NEEDED = os.environ.get("TIZMOR_TESTS_NEED_BACKLOT")  # noqa: TID251 - a switch of the tests, not of the product
beside_backlot = pytest.mark.skipif(
    not PYTHON.exists() and not NEEDED, reason="backlot is not installed; .ci/run shows how it is"
)
BOOT = """
import backlot, json, sys
with backlot.serve() as server:
    print(json.dumps({"url": server.base_url, "token": server.token}), flush=True)
    sys.stdin.read()
"""
MISSING = "1700000000.000001"
SECTION = json.dumps([{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}])
METADATA = json.dumps({"event_type": "card", "event_payload": {"id": "e1"}})


@dataclass(slots=True)
class Side:
    """One server, and what it answered by the name of the call."""

    url: str
    token: str
    channel: str = ""
    user: str = ""
    answers: dict[str, Json] = field(default_factory=dict[str, Json])

    async def call(self, label: str, method: str, /, *, token: str | None = "", **arguments: Any) -> Json:
        """Ask, and keep the answer, also a refusal."""
        client = AsyncWebClient(token=self.token if token == "" else token, base_url=self.url)
        reads = method.startswith(("conversations.", "users."))  # by GET, as the SDK asks; writes are forms
        asked: Json = {"http_verb": "GET", "params": arguments} if reads else {"data": arguments}
        try:
            response = cast("Any", await client.api_call(method, **asked))  # pyright: ignore[reportUnknownMemberType] - untyped there
        except SlackApiError as error:
            response = cast("Any", error.response)
        answer: object = response.data
        assert isinstance(answer, dict), f"{label}: {answer!r}"
        self.answers[label] = cast("Json", answer)
        return self.answers[label]


@asynccontextmanager
async def backlot() -> AsyncGenerator[Side]:
    """Backlot over its own small corpus, telling nobody about it."""
    silent = {**os.environ, "BACKLOT_TELEMETRY": "0", "DO_NOT_TRACK": "1"}  # noqa: TID251 - a child's environment
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        str(PYTHON), "-c", BOOT, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, env=silent
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            line = b""
            while not line.startswith(b"{"):
                line = await process.stdout.readline()
                assert line, "backlot did not start"
        told = json.loads(line)
        assert told["url"].startswith("http://127.0.0.1:")
        side = Side(f"{told['url']}/slack/api/", told["token"])
        listed = await side.call("conversations.list", "conversations.list", limit=2)
        side.channel = listed["channels"][0]["id"]
        people = await side.call("conversations.members", "conversations.members", channel=side.channel)
        side.user = people["members"][0]
        yield side
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def ours() -> AsyncGenerator[Side]:
    """Our server with every scope the script needs, and without rates: the script is in a hurry."""
    async with serve_slackd(SlackdOptions(manifest=sample_manifest(), rates=False)) as slack:
        channel = slack.add_channel("differential", members=[slack.dana])
        side = Side(slack.api_url, slack.bot_token, channel.id, slack.dana.id)
        await side.call("conversations.list", "conversations.list", limit=2)
        await side.call("conversations.members", "conversations.members", channel=channel.id)
        yield side


async def script(side: Side) -> None:
    """What a bot does, and what it does wrong."""
    call, channel, user = side.call, side.channel, side.user
    await call("auth.test", "auth.test")
    await call("auth.test: wrong token", "auth.test", token="xoxb-wrong")
    await call("auth.test: no token", "auth.test", token=None)
    await call("unknown method", "chat.shout")
    await call("users.info", "users.info", user=user)
    await call("users.info: nobody", "users.info", user="U0NOBODY")
    await call("conversations.info", "conversations.info", channel=channel)
    await call("conversations.info: nowhere", "conversations.info", channel="C0NOWHERE")
    await _posts(side)
    await _refused_posts(side)
    await _reactions(side)


async def _posts(side: Side) -> None:
    call, channel = side.call, side.channel
    ts = (await call("post", "chat.postMessage", channel=channel, text="top"))["ts"]
    reply = (await call("post: in a thread", "chat.postMessage", channel=channel, text="re", thread_ts=ts))["ts"]
    await call("post: with blocks", "chat.postMessage", channel=channel, text="x", blocks=SECTION)
    await call("post: only blocks", "chat.postMessage", channel=channel, blocks=SECTION)
    await call("post: with metadata", "chat.postMessage", channel=channel, text="x", metadata=METADATA)
    await call("history", "conversations.history", channel=channel, limit=2)
    await call("history: nowhere", "conversations.history", channel="C0NOWHERE")
    await call("replies", "conversations.replies", channel=channel, ts=ts)
    await call("replies: of a reply", "conversations.replies", channel=channel, ts=reply)
    await call("replies: nothing", "conversations.replies", channel=channel, ts=MISSING)
    await call("update", "chat.update", channel=channel, ts=ts, text="new")
    await call("update: with blocks", "chat.update", channel=channel, ts=ts, text="new", blocks=SECTION)
    await call("update: no text", "chat.update", channel=channel, ts=ts)
    await call("update: nothing", "chat.update", channel=channel, ts=MISSING, text="new")
    await call("update: nowhere", "chat.update", channel="C0NOWHERE", ts=ts, text="new")
    await call("ephemeral", "chat.postEphemeral", channel=channel, user=side.user, text="psst")
    await call("ephemeral: nobody", "chat.postEphemeral", channel=channel, user="U0NOBODY", text="psst")
    await call("ephemeral: no text", "chat.postEphemeral", channel=channel, user=side.user)
    await call("permalink", "chat.getPermalink", channel=channel, message_ts=reply)
    await call("permalink: nothing", "chat.getPermalink", channel=channel, message_ts=MISSING)
    await call("delete", "chat.delete", channel=channel, ts=reply)
    await call("delete: again", "chat.delete", channel=channel, ts=reply)


async def _refused_posts(side: Side) -> None:
    call, channel = side.call, side.channel
    await call("post: no text", "chat.postMessage", channel=channel)
    await call("post: spaces", "chat.postMessage", channel=channel, text="  ")
    await call("post: no blocks", "chat.postMessage", channel=channel, blocks="[]")
    await call("post: blocks that are no JSON", "chat.postMessage", channel=channel, text="x", blocks="abc")
    await call("post: blocks that are no list", "chat.postMessage", channel=channel, text="x", blocks="{}")
    await call("post: no channel", "chat.postMessage", text="x")
    await call("post: an empty channel", "chat.postMessage", channel="", text="x")
    await call("post: nowhere", "chat.postMessage", channel="C0NOWHERE", text="x")
    await call("post: a thread of nothing", "chat.postMessage", channel=channel, text="x", thread_ts=MISSING)
    await call("post: a thread that is no stamp", "chat.postMessage", channel=channel, text="x", thread_ts="abc")


async def _reactions(side: Side) -> None:
    ts = (await side.call("post: to react to", "chat.postMessage", channel=side.channel, text="x"))["ts"]
    there = {"channel": side.channel, "timestamp": ts, "name": "eyes"}
    await side.call("reaction", "reactions.add", **there)
    await side.call("reaction: again", "reactions.add", **there)
    await side.call("reaction: to nothing", "reactions.add", **{**there, "timestamp": MISSING})
    await side.call("reaction: nowhere", "reactions.add", **{**there, "channel": "C0NOWHERE"})
    await side.call("reaction: seen in history", "conversations.history", channel=side.channel, limit=1)
    await side.call("reaction removed", "reactions.remove", **there)
    await side.call("reaction removed: again", "reactions.remove", **there)


def shape(value: Any, path: str = "") -> dict[str, set[str]]:
    """Every place in an answer with the types found there; an error code is its own type."""
    found: dict[str, set[str]] = {}

    def note(where: str, kind: str) -> None:
        found.setdefault(where or "/", set()).add(kind)

    def walk(node: Any, where: str) -> None:
        if isinstance(node, dict):
            note(where, "object")
            for key, inner in node.items():  # pyright: ignore[reportUnknownVariableType]
                walk(inner, f"{where}/{key}")
        elif isinstance(node, list):
            note(where, "list")
            for inner in node:  # pyright: ignore[reportUnknownVariableType]
                walk(inner, f"{where}/*")
        else:
            note(where, f"={node}" if where in ("/ok", "/error") else type(node).__name__)

    walk(value, path)
    return found


def differences(mine: Mapping[str, Json], others: Mapping[str, Json]) -> set[str]:
    """One line for each place where the answers to a call differ in shape."""
    lines: set[str] = set()
    for name in mine:
        one, other = shape(mine[name]), shape(others[name])
        if one["/ok"] != other["/ok"] or one.get("/error") != other.get("/error"):
            lines.add(f"{name} · {_verdict(mine[name])} | {_verdict(others[name])}")
            continue
        for place in one.keys() | other.keys():
            kinds, theirs = one.get(place, {"absent"}), other.get(place, {"absent"})
            if kinds != theirs and not _below_absent(place, one, other):
                lines.add(f"{name} · {place} · {'/'.join(sorted(kinds))} | {'/'.join(sorted(theirs))}")
    return lines


def _verdict(answer: Json) -> str:
    return str(answer.get("error", "ok"))


def _below_absent(place: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    above = place.rpartition("/")[0] or "/"
    return (above in one and above not in other) or (above in other and above not in one)


KNOWN: Mapping[str, str] = {
    # backlot has no app behind its token, keeps no metadata, and shows blocks it makes of the text instead of those sent
    "auth.test · /bot_id · str | absent": "its token is a service account's",
    "* · */app_id · str | absent": "its author is no app",
    "* · */bot_profile · object | absent": "its author is no app",
    "post: with metadata · /message/metadata · object | absent": "it keeps none",
    "* · */blocks/[*]/elements · absent | list": "it does not keep the blocks that were sent",
    "* · */blocks/[*]/text · object | absent": "it does not keep the blocks that were sent",
    "post: only blocks · /message/blocks · list | absent": "it does not keep the blocks that were sent",
    "post: only blocks · /warning · str | absent": "it does not warn of a missing text",
    "post: only blocks · /response_metadata · object | absent": "it does not warn of a missing text",
    # ours is stricter on purpose: what the real one lets through is never what this product means
    "post: spaces · no_text | ok": "nobody can read it",
    "ephemeral: no text · no_text | ok": "nobody can read it",
    # ours says less: fields of listings that no code of ours reads
    "conversations.* · */last_read · absent | str": "not kept",
    "conversations.* · */num_members · absent | int": "not kept",
    "conversations.* · */pending_connected_team_ids · absent | list": "not kept",
    "conversations.* · */properties · absent | object": "not kept",
    "users.info · /user/has_2fa · absent | bool": "not kept",
    "users.info · /user/profile/* · absent | str": "not kept",
    "users.info · /user/profile/image_72 · str | absent": "it has no pictures",
    "users.info · /user/profile/team · str | absent": "it has one team",
    "replies* · /messages/[*]/is_locked · absent | bool": "threads are not locked here",
    "replies* · /messages/[*]/subscribed · absent | bool": "nobody subscribes here",
    # the two differ, and nothing of ours leans on it
    "post: in a thread · /message/parent_user_id · str | absent": "both give it in replies, ours also in the answer to the post",
    "* · */blocks · absent | list": "the real one makes a rich_text block of a plain text; ours keeps only blocks that were sent",
}
"""Differences, ours | theirs, with the reason for each; ``*`` is anything, ``[*]`` an item of a list."""


@beside_backlot
async def test_both_servers_answer_in_the_same_shapes() -> None:
    async with ours() as mine, backlot() as others:
        await script(mine)
        await script(others)
    found = differences(mine.answers, others.answers)
    unexplained = {line for line in found if not any(fnmatchcase(line, pattern) for pattern in KNOWN)}
    gone = {pattern for pattern in KNOWN if not any(fnmatchcase(line, pattern) for line in found)}
    assert not unexplained, "\n".join(["not listed as known:", *sorted(unexplained)])
    assert not gone, "\n".join(["no longer so, drop them from the list:", *sorted(gone)])
    assert len(mine.answers) > 45


@pytest.mark.parametrize(
    ("mine", "other", "lines"),
    [
        ({"ok": False, "error": "no_text"}, {"ok": True}, "call · no_text | ok"),
        ({"ok": False, "error": "no_text"}, {"ok": False, "error": "bad"}, "call · no_text | bad"),
        ({"ok": True, "ts": "1"}, {"ok": True, "ts": 1}, "call · /ts · str | int"),
        (
            {"ok": True, "found": [{"a": 1}]},
            {"ok": True, "found": [{"b": 1}]},
            "call · /found/*/a · int | absent; call · /found/*/b · absent | int",
        ),
        ({"ok": True}, {"ok": True, "user": {"id": "U1"}}, "call · /user · absent | object"),
    ],
)
def test_a_difference_of_an_error_a_type_or_a_key_is_seen_once(mine: Json, other: Json, lines: str) -> None:
    assert differences({"call": mine}, {"call": other}) == set(lines.split("; "))
    assert differences({"call": mine}, {"call": mine}) == set()
