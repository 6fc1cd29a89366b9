"""Usage: tokens are counted the same way every time, and marked prefixes are read from the cache the second time."""

from __future__ import annotations

from typing import Any

from anthropic import AsyncAnthropic
from anthropic.types import Message, Usage

from integrations.scripted_model import SayText, ServerOptions, always, serve_scripted
from tests.contract.scripted_model.calling import EMIT_PLAN, HELLO, MODEL, sdk

FINE = always(SayText("fine"))
PROMPT = "You make plans for an office. " * 100
HOUR: dict[str, str] = {"type": "ephemeral", "ttl": "1h"}
MINUTES: dict[str, str] = {"type": "ephemeral"}


class Hands:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def _system(*texts: tuple[str, dict[str, str] | None]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text} | ({"cache_control": control} if control else {}) for text, control in texts]


async def _used(client: AsyncAnthropic, **body: Any) -> Usage:
    asked: dict[str, Any] = {"model": MODEL, "max_tokens": 50, "messages": HELLO} | body
    message: object = await client.post("/v1/messages", body=asked, cast_to=Message)
    assert isinstance(message, Message)
    return message.usage


def _split(usage: Usage) -> tuple[int, int, int, int]:
    """Fresh, read, written for five minutes, written for an hour."""
    assert usage.cache_creation is not None
    five, hour = usage.cache_creation.ephemeral_5m_input_tokens, usage.cache_creation.ephemeral_1h_input_tokens
    assert usage.cache_creation_input_tokens == five + hour
    return usage.input_tokens, usage.cache_read_input_tokens or 0, five, hour


async def test_a_marked_prefix_is_written_once_and_read_until_its_time_is_over() -> None:
    now = Hands()
    async with serve_scripted(FINE, ServerOptions(now=now)) as server, sdk(server.url) as client:
        system = _system((PROMPT, HOUR))
        first = _split(await _used(client, system=system))
        second = _split(await _used(client, system=system, messages=[{"role": "user", "content": "another question"}]))
        now.seconds = 3_599
        third = _split(await _used(client, system=system))
        now.seconds += 3_599
        renewed = _split(await _used(client, system=system))
        now.seconds += 3_601
        late = _split(await _used(client, system=system))
    fresh, _, _, written = first
    assert written > 700
    assert first == (fresh, 0, 0, written)
    assert second[1:] == (written, 0, 0)
    assert third == renewed == (fresh, written, 0, 0)
    assert late == first


async def test_each_breakpoint_is_charged_by_its_own_lifetime() -> None:
    now = Hands()
    async with serve_scripted(FINE, ServerOptions(now=now)) as server, sdk(server.url) as client:
        system = _system((PROMPT, HOUR), (PROMPT, MINUTES))
        _, _, five, hour = _split(await _used(client, system=system))
        now.seconds = 301
        later = _split(await _used(client, system=system))
    assert five == hour > 700
    assert later[1:] == (hour, five, 0)


async def test_one_other_character_in_the_prefix_and_nothing_is_read() -> None:
    async with serve_scripted(FINE) as server, sdk(server.url) as client:
        await _used(client, system=_system((PROMPT, MINUTES)))
        other = _split(await _used(client, system=_system((PROMPT + "!", MINUTES))))
        model = _split(await _used(client, system=_system((PROMPT, MINUTES)), model="claude-sonnet-5-5"))
        tools = _split(await _used(client, system=_system((PROMPT, MINUTES)), tools=[EMIT_PLAN]))
    assert other[1] == model[1] == tools[1] == 0


async def test_a_growing_conversation_reads_what_the_turn_before_wrote() -> None:
    turns: list[dict[str, Any]] = [{"role": "user", "content": PROMPT}]
    async with serve_scripted(FINE) as server, sdk(server.url) as client:
        first = _split(await _used(client, messages=turns, cache_control=MINUTES))
        turns += [{"role": "assistant", "content": "fine"}, {"role": "user", "content": "and now?"}]
        second = _split(await _used(client, messages=turns, cache_control=MINUTES))
    assert first[2] > 700
    assert second[1] == first[2]
    assert 0 < second[2] < 20


async def test_what_is_read_lives_on_though_it_is_not_marked_again() -> None:
    now = Hands()
    one, other = ([{"role": "assistant", "content": said}, {"role": "user", "content": "go on"}] for said in ("a", "b"))
    turns: list[dict[str, Any]] = [{"role": "user", "content": PROMPT}]
    async with serve_scripted(FINE, ServerOptions(now=now)) as server, sdk(server.url) as client:
        written = _split(await _used(client, messages=turns, cache_control=MINUTES))[2]
        now.seconds = 299
        await _used(client, messages=[*turns, *one], cache_control=MINUTES)
        now.seconds = 590
        assert _split(await _used(client, messages=[*turns, *other], cache_control=MINUTES))[1] == written


async def test_a_short_prefix_is_not_cached_and_nobody_says_so() -> None:
    async with serve_scripted(FINE) as server, sdk(server.url) as client:
        for _ in range(2):
            assert _split(await _used(client, system=_system(("short", MINUTES))))[1:] == (0, 0, 0)


async def test_the_cache_can_be_filled_without_an_answer() -> None:
    async with serve_scripted(FINE) as server, sdk(server.url) as client:
        system = _system((PROMPT, HOUR))
        warm: Any = await client.messages.create(model=MODEL, max_tokens=0, messages=HELLO, system=system)  # type: ignore[arg-type]
        assert (warm.content, warm.stop_reason) == ([], "max_tokens")
        assert _split(await _used(client, system=system))[1] > 700
        assert [exchange.number for exchange in server.requests] == [None, 1]


async def test_all_classes_together_are_what_count_tokens_says() -> None:
    async with serve_scripted(FINE) as server, sdk(server.url) as client:
        system = _system((PROMPT, HOUR), ("something short", None))
        counted = await client.messages.count_tokens(
            model=MODEL,
            messages=HELLO,
            system=system,  # type: ignore[arg-type]
            tools=[EMIT_PLAN],
        )
        used = [await _used(client, system=system, tools=[EMIT_PLAN]) for _ in range(2)]
    assert [sum(_split(usage)) for usage in used] == [counted.input_tokens] * 2


async def test_hebrew_takes_about_twice_the_tokens() -> None:
    async with serve_scripted(FINE) as server, sdk(server.url) as client:

        async def count(text: str) -> int:
            turns: Any = [{"role": "user", "content": text}]
            return (await client.messages.count_tokens(model=MODEL, messages=turns)).input_tokens

        english, hebrew = await count("a" * 400), await count("א" * 400)
    assert 100 <= english < 110
    assert 200 <= hebrew < 210
