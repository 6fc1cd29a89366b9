"""Look at the chat page: a loopback server with canned messages through the real renderer, and its screenshots.

``python -m tests.unit.render.preview OUT [PATH-OF-CHROMIUM]`` writes PNG files of both languages, light and dark, wide
and phone, to the folder OUT. Not a test: the browser test of the story is elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Literal

from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from bot.render.card import render_card
from bot.render.replies import render_replies
from bot.render.texts import page_texts
from engine.domain.json import JsonObject
from tests.unit.render.model_story import model_states
from tests.unit.render.story import NOW, OWNER, WORDS, states

STATIC = Path(__file__).parents[3] / "bot" / "web" / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
UNFOLD = "for (const d of document.querySelectorAll('details')) d.open = true"
SIZES = {"wide": (1100, 900), "phone": (390, 844)}


def messages(locale: str, state: str) -> Iterable[JsonObject]:
    """The conversation of the story when it stands at a state."""
    if state == "empty":
        return
    snapshot = {**states(locale), **model_states(locale)}[state]
    thinking = frozenset({"WeeklyStatusAgent", "EditorAgent"}) if state in model_states(locale) else frozenset[str]()
    card = render_card(snapshot, now=NOW, model_agents=thinking, banner="scripted" if state == "paid" else "")
    bodies: list[tuple[str, str, JsonObject]] = [
        ("person", "text", {"text": WORDS[locale]["request"]}),
        ("tizmor", "card", card.to_json()),
        *(("tizmor", "reply", reply.to_json()) for reply in render_replies(snapshot, names={OWNER: "Dana Bar"})),
    ]
    for seq, (role, kind, body) in enumerate(bodies, 1):
        yield {
            "id": f"m{seq}",
            "seq": seq,
            "role": role,
            "kind": kind,
            "execution_id": snapshot.execution.id if role == "tizmor" else None,
            "at": NOW.isoformat(),
            "body": body,
        }


def application(locale: str, state: str) -> web.Application:
    """A server that tells one canned conversation."""
    closing = asyncio.Event()

    async def close(_app: web.Application) -> None:
        closing.set()

    async def index(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html", headers={"Content-Security-Policy": POLICY})

    async def texts(request: web.Request) -> web.StreamResponse:
        return web.json_response(page_texts(request.query["locale"]))

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        for message in messages(locale, state):
            await response.write(f"id: {message['seq']}\nevent: message\ndata: {json.dumps(message)}\n\n".encode())
        await closing.wait()
        return response

    app = web.Application()
    app.on_shutdown.append(close)
    app.router.add_get("/", index)
    app.router.add_get("/api/chat/texts", texts)
    app.router.add_get("/api/chat/stream", stream)
    app.router.add_static("/static", STATIC)
    return app


async def look(
    browser: Browser,
    out: Path,
    locale: str,
    state: str,
    *,
    size: str,
    scheme: Literal["light", "dark"],
    act: Callable[[Page], Awaitable[object]] | None = None,
) -> None:
    """Serve one state, open it, and save what it looks like."""
    runner = web.AppRunner(application(locale, state), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    width, height = SIZES[size]
    page = await browser.new_page(
        viewport={"width": width, "height": height}, locale=f"{locale}-IL", color_scheme=scheme, reduced_motion="reduce"
    )
    page.on("console", lambda message: print(state, message.type, message.text))
    page.on("pageerror", lambda error: print(state, error))
    port = runner.addresses[0][1]
    await page.goto(f"http://127.0.0.1:{port}/", wait_until="domcontentloaded")
    await page.wait_for_selector("#conversation .card" if state != "empty" else "#welcome:not([hidden])")
    name = f"{state}-{locale}-{size}-{scheme}"
    if act:
        await act(page)
        name += "-acted"
    await page.evaluate("document.getElementById('scroll').scrollTop = 0")
    needed = await page.evaluate(
        "document.getElementById('scroll').scrollHeight - document.getElementById('scroll').clientHeight"
    )
    await page.set_viewport_size({"width": width, "height": min(height + needed, 2400)})
    sideways = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if sideways > 0:
        print(name, "scrolls sideways by", sideways)
    await page.screenshot(path=out / f"{name}.png")
    await page.close()
    await runner.cleanup()


async def main(out: Path, chromium: str) -> None:
    """Save every view."""
    out.mkdir(parents=True, exist_ok=True)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    more = ["--disable-component-update", "--disable-sync"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=[*arguments, *more])
        for locale in ("he", "en"):
            for state in ("empty", *states(locale), *model_states(locale)):
                await look(browser, out, locale, state, size="wide", scheme="light")
            for state in ("empty", "choice", "gate", "done", "unsure", *model_states(locale)):
                await look(browser, out, locale, state, size="phone", scheme="light")
                await look(browser, out, locale, state, size="phone", scheme="dark")
                await look(browser, out, locale, state, size="wide", scheme="dark")
            await look(
                browser, out, locale, "gate", size="phone", scheme="light", act=lambda p: p.click("[data-key='edit']")
            )
            await look(
                browser,
                out,
                locale,
                "unsure",
                size="wide",
                scheme="light",
                act=lambda p: p.click("[data-key='change']"),
            )
            await look(browser, out, locale, "done", size="wide", scheme="light", act=lambda p: p.evaluate(UNFOLD))
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "/usr/bin/chromium"))
