"""``/ui``: a plain page to try an app by hand: read a channel as somebody, write, press, fill in modals, stop.

Everything it does is a verb of the server's; what it shows is drawn by ``preview`` as Slack would draw it.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from aiohttp import web

from tests.servers.slackd import elements
from tests.servers.slackd.log import Json
from tests.servers.slackd.preview import render_html, render_view_html
from tests.servers.slackd.state import Channel, User

if TYPE_CHECKING:
    from tests.servers.slackd.server import Slackd

_PAGE = """<!doctype html><meta charset="utf-8"><title>slackd</title>
<style>body{font:14px sans-serif;margin:1em}iframe{width:100%;border:1px solid #ccc;border-radius:6px}
form{display:inline-block;margin:.2em .6em .2em 0}.said{height:65vh}.modal{height:50vh}nav a{margin-inline-end:1em}</style>"""


class Ui:
    """Pages of one server."""

    def __init__(self, slack: Slackd) -> None:
        self._slack = slack

    async def page(self, request: web.Request) -> web.StreamResponse:
        """A channel, as one person sees it."""
        slack = self._slack
        user = slack.user(request.query.get("user", slack.dana.id))
        if not any(user.id in channel.members for channel in slack.world.channels.values()):
            slack.im(user)
        mine = [channel for channel in slack.world.channels.values() if user.id in channel.members]
        wanted = request.query.get("channel")
        where = slack.channel(wanted) if wanted in {channel.id for channel in mine} else mine[0]
        messages = slack.messages(where) + [each for each in slack.ephemerals(user) if each["channel"] == where.id]
        drawn = render_html(sorted(messages, key=_thread_order), title=where.name or f"DM of {user.name}")
        said = request.query.get("said", "")
        parts = [
            _PAGE,
            self._navigation(user, mine),
            f"<p><b>{escape(said)}</b></p>" if said else "",
            f'<iframe class="said" srcdoc="{escape(drawn)}"></iframe>',
            _form(user, where, "say", '<input name="text" size="60" dir="auto"> thread <input name="thread">', "Say"),
            *(
                _form(user, where, "command", f'{escape(name)} <input name="text" dir="auto">', "Run", name=name)
                for name in sorted(slack.world.manifest.commands)
            ),
            *(self._presses(user, where, message) for message in messages[-12:]),
            *(self._modal(user, where, view) for view in slack.views(user)),
            *self._stops(user, where),
        ]
        return web.Response(text="\n".join(parts), content_type="text/html")

    async def do(self, request: web.Request) -> web.StreamResponse:
        """One verb of a person's, then back to the page with what came of it."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        slack, user, where = self._slack, form["user"], form["channel"]
        try:
            match form["verb"]:
                case "say":
                    text = form["text"].replace("@app", slack.mention)
                    result: Any = await slack.say(user, where, text, form.get("thread") or None)
                case "command":
                    result = await slack.command(user, where, form["name"], form["text"])
                case "press":
                    chosen = form.get("selected")
                    result = await slack.click(user, where, form["ts"], form["action"], selected=chosen)
                case "submit":
                    given = {key[2:]: value for key, value in form.items() if key.startswith("b_") and value}
                    result = await slack.submit(user, form["view"], given)
                case "close":
                    result = await slack.close_view(user, form["view"])
                case _:
                    result = await slack.press_native_stop(user, where, form["ts"])
        except (LookupError, PermissionError, AssertionError) as error:
            result = error
        query = urlencode({"user": user, "channel": where, "said": str(result)[:300]})
        raise web.HTTPSeeOther(f"/ui?{query}")

    def _navigation(self, user: User, mine: list[Channel]) -> str:
        people = [each for each in self._slack.world.users.values() if not each.bot]
        who = "".join(f'<a href="/ui?user={each.id}">{escape(each.name)}</a>' for each in people)
        rooms = "".join(
            f'<a href="/ui?user={user.id}&amp;channel={each.id}">#{escape(each.name or "direct")}</a>' for each in mine
        )
        return f"<nav>as <b>{escape(user.name)}</b> · {who}</nav><nav>{rooms} (write @app to mention the app)</nav>"

    def _presses(self, user: User, where: Channel, message: Json) -> str:
        forms: list[str] = []
        for _, element in elements.elements_of(cast("list[Json]", message.get("blocks") or [])):
            label = str(cast("Json", element.get("text") or {}).get("text") or element["action_id"])
            options = "".join(
                f'<option value="{escape(option["value"])}">{escape(option["text"]["text"])}</option>'
                for option in cast("list[Json]", element.get("options") or [])
            )
            inside = f'<select name="selected">{options}</select>' if options else ""
            forms.append(_form(user, where, "press", inside, label, ts=message["ts"], action=element["action_id"]))
        return f"<div>{message['ts']} {''.join(forms)}</div>" if forms else ""

    def _modal(self, user: User, where: Channel, view: Json) -> str:
        inputs = "".join(
            f' {escape(str(block["block_id"]))} <input name="b_{escape(str(block["block_id"]))}" dir="auto">'
            for block in view["blocks"]
            if block.get("type") == "input"
        )
        send = _form(user, where, "submit", inputs, "Submit", view=view["id"])
        close = _form(user, where, "close", "", "Close", view=view["id"])
        return f'<iframe class="modal" srcdoc="{escape(render_view_html(view))}"></iframe>{send}{close}'

    def _stops(self, user: User, where: Channel) -> list[str]:
        return [
            _form(user, where, "stop", "", f"Stop {thread}", ts=thread)
            for (channel, thread), session in self._slack.world.sessions.items()
            if channel == where.id and session.status == "processing"
        ]


def ui_routes(slack: Slackd) -> list[web.RouteDef]:
    """What to serve."""
    ui = Ui(slack)
    return [web.get("/ui", ui.page), web.post("/ui/do", ui.do)]


def _form(user: User, where: Channel, verb: str, inside: str, label: str, **hidden: str) -> str:
    fields = {"user": user.id, "channel": where.id, "verb": verb, **hidden}
    kept = "".join(f'<input type="hidden" name="{key}" value="{escape(value)}">' for key, value in fields.items())
    return f'<form method="post" action="/ui/do">{kept}{inside}<button>{escape(label)}</button></form>'


def _thread_order(message: Json) -> tuple[float, float]:
    return float(message.get("thread_ts", message["ts"])), float(message["ts"])
