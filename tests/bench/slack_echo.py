"""What acknowledges everything Slack sends and does nothing else: ``python -m tests.bench.slack_echo socket|http``."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import aiohttp
from aiohttp import web


async def over_socket() -> None:
    """Open Socket Mode and acknowledge."""
    environment = os.environ  # noqa: TID251 - its parent's choice
    headers = {"Authorization": f"Bearer {environment['SLACK_APP_TOKEN']}"}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{environment['SLACK_API_URL']}apps.connections.open", headers=headers) as response:
            url = (await response.json())["url"]
        async with session.ws_connect(url) as socket:
            print("ready: socket", flush=True)
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                envelope = json.loads(message.data)
                if "envelope_id" in envelope:
                    await socket.send_str(json.dumps({"envelope_id": envelope["envelope_id"]}))


async def over_http() -> None:
    """Listen and acknowledge."""

    async def events(request: web.Request) -> web.Response:
        body = await request.read()
        if b"url_verification" in body:
            return web.json_response({"challenge": json.loads(body)["challenge"]})
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/slack/events", events)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"ready: http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(over_socket() if sys.argv[1] == "socket" else over_http())
