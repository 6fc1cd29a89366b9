"""``/ui``: a plain page to try a bot by hand: read a chat as somebody, write, reply, press.

Everything it does is a verb of the server's; what it shows is drawn by ``preview`` as Telegram would draw it.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from tests.servers.telegramd.keyboards import buttons
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.preview import render_chat
from tests.servers.telegramd.state import Chat, User

if TYPE_CHECKING:
    from tests.servers.telegramd.server import Telegramd

_PAGE = """<!doctype html><meta charset="utf-8"><title>telegramd</title>
<style>body{font:14px sans-serif;margin:1em}iframe{width:100%;height:65vh;border:1px solid #ccc;border-radius:6px}
form{display:inline-block;margin:.2em .6em .2em 0}nav a{margin-inline-end:1em}</style>"""


class Ui:
    """Pages of one server."""

    def __init__(self, telegram: Telegramd) -> None:
        self._telegram = telegram

    async def page(self, request: web.Request) -> web.StreamResponse:
        """A chat, as one person sees it."""
        telegram = self._telegram
        user = telegram.user(int(request.query.get("user", telegram.dana.id)))
        telegram.private(user)
        chats = [each for each in telegram.world.chats.values() if user.id in each.members and each.moved_to is None]
        mine = [each for each in chats if each.type != "private" or each.id == user.id]
        wanted = int(request.query.get("chat", user.id))
        where = next((each for each in mine if each.id == wanted), mine[0])
        messages = telegram.messages(where)
        drawn = render_chat(
            messages, request.query.get("theme", "light"), viewer=user.id, title=where.title or "Tizmor"
        )
        topics = ", ".join(f"{each.id} {escape(each.name)}" for each in where.topics.values())
        parts = [
            _PAGE,
            self._navigation(user, mine),
            f"<p><b>{escape(request.query.get('said', ''))}</b></p>",
            f'<iframe srcdoc="{escape(drawn)}"></iframe>',
            _form(
                user,
                where,
                "say",
                '<input name="text" size="60" dir="auto"> reply to <input name="reply" size="5"> '
                f'topic <input name="topic" size="5" title="{topics}">',
                "Say",
            ),
            *(self._presses(user, where, message) for message in messages[-12:]),
        ]
        return web.Response(text="\n".join(parts), content_type="text/html")

    async def do(self, request: web.Request) -> web.StreamResponse:
        """One verb of a person's, then back to the page with what came of it."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        telegram, user, chat = self._telegram, int(form["user"]), int(form["chat"])
        try:
            if form["verb"] == "say":
                text = form["text"].replace("@bot", f"@{telegram.username}")
                reply, topic = int(form["reply"] or 0), int(form["topic"] or 0)
                result: Any = await telegram.say(user, chat, text, reply_to=reply, topic=topic)
            else:
                query = await telegram.press(user, chat, int(form["message"]), form["data"])
                version = telegram.world.changes.version
                while telegram.answer(query) is None and version != await telegram.world.changes.after(version, 3):
                    version = telegram.world.changes.version
                result = telegram.answer(query) or "nobody answered"
        except (LookupError, PermissionError) as error:
            result = error
        raise web.HTTPSeeOther(f"/ui?{urlencode({'user': user, 'chat': chat, 'said': str(result)[:300]})}")

    def _navigation(self, user: User, mine: list[Chat]) -> str:
        people = [each for each in self._telegram.world.users.values() if not each.is_bot]
        who = "".join(f'<a href="/ui?user={each.id}">{escape(each.first_name)}</a>' for each in people)
        rooms = "".join(
            f'<a href="/ui?user={user.id}&amp;chat={each.id}">{escape(each.title or "private")}</a>' for each in mine
        )
        return f"<nav>as <b>{escape(user.first_name)}</b> · {who}</nav><nav>{rooms} (write @bot to mention it)</nav>"

    def _presses(self, user: User, where: Chat, message: Json) -> str:
        number = str(message["message_id"])
        forms = [
            _form(user, where, "press", "", str(each["text"]), message=number, data=str(each["callback_data"]))
            for each in buttons(message)
            if "callback_data" in each
        ]
        return f"<div>{number} {''.join(forms)}</div>" if forms else ""


def ui_routes(telegram: Telegramd) -> list[web.RouteDef]:
    """What to serve."""
    ui = Ui(telegram)
    return [web.get("/ui", ui.page), web.post("/ui/do", ui.do)]


def _form(user: User, where: Chat, verb: str, inside: str, label: str, **hidden: str) -> str:
    fields = {"user": str(user.id), "chat": str(where.id), "verb": verb, **hidden}
    kept = "".join(f'<input type="hidden" name="{key}" value="{escape(value)}">' for key, value in fields.items())
    return f'<form method="post" action="/ui/do">{kept}{inside}<button>{escape(label)}</button></form>'
