"""What needs no token: the chat page and its sign-in, and whether the process lives and can take work."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from bot.web.authentication import signed_in
from bot.web.site import SITE, Answer, Reply

SESSION_DAYS = 30

_SIGN_IN = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tizmor</title></head>
<body>
<main>
<h1>Tizmor</h1>
<p>This page opens with a one-time link. The program prints it in its terminal when it starts; it works once, for ten
minutes. Used up or too old? Stop the program and start it again: it prints a new one.</p>
<section lang="he" dir="rtl">
<p>העמוד הזה נפתח בקישור חד־פעמי. התוכנה מדפיסה אותו בחלון הפקודות שלה כשהיא עולה; הוא עובד פעם אחת, במשך עשר דקות.
כבר נוצל או פג? עצרו את התוכנה והפעילו אותה שוב: היא תדפיס קישור חדש.</p>
</section>
</main>
</body>
</html>
"""


async def page(request: web.Request) -> Answer:
    """The chat page; without a session, how to get one."""
    if await signed_in(request) is None:
        return _how_to_sign_in()
    index = request.app[SITE].options.static / "index.html"
    return web.FileResponse(index, headers={"Content-Type": "text/html; charset=utf-8"})


async def login(request: web.Request) -> Answer:
    """Use up a one-time code: set the session cookie and go to the page."""
    access = request.app[SITE].access
    principal = access.logins.redeem(request.query.get("code", ""))
    if principal is None:
        return _how_to_sign_in()
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
    response.set_cookie(
        access.cookie_name,
        access.session_cookie(principal),
        max_age=SESSION_DAYS * 24 * 3600,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=access.secure(request.headers.get("Host", "")),
    )
    return response


async def alive(request: web.Request) -> Answer:
    """The process answers."""
    del request
    return Reply(body={"status": "ok"})


async def ready(request: web.Request) -> Answer:
    """Everything that must work before work is taken does."""
    checks = await request.app[SITE].door.ready()
    good = all(checks.values())
    headers = {} if good else {"Retry-After": "2"}
    return Reply(body={"ready": good, "checks": dict(checks)}, status=200 if good else 503, headers=headers)


def _how_to_sign_in() -> web.Response:
    headers = {"Content-Type": "text/html; charset=utf-8", "WWW-Authenticate": "Bearer"}
    return web.Response(status=HTTPStatus.UNAUTHORIZED, body=_SIGN_IN.encode(), headers=headers)
