"""The page people try an app with by hand: it shows what is there and does what is pressed."""

from __future__ import annotations

import aiohttp

from tests.contract.slackd.listening import Heard, Sdk, connected
from tests.servers.slackd import Slackd


async def test_a_person_reads_writes_and_presses_on_the_page(slack: Slackd, web: Sdk) -> None:
    general = slack.add_channel("general", members=[slack.dana])
    here = {"user": slack.dana.id, "channel": general.id}
    button = {"type": "button", "action_id": "ok", "text": {"type": "plain_text", "text": "All <right>"}}
    posted = await web.chat_postMessage(
        channel=general.id, text="card", blocks=[{"type": "actions", "elements": [button]}]
    )
    heard = Heard()
    async with connected(slack, heard), aiohttp.ClientSession(slack.world.base_url) as session:
        async with session.post("/ui/do", data=here | {"verb": "say", "text": "@app hello"}) as answer:
            page = await answer.text()
        async with session.post("/ui/do", data=here | {"verb": "press", "ts": posted["ts"], "action": "ok"}):
            pass
        async with session.post("/ui/do", data=here | {"verb": "press", "ts": posted["ts"], "action": "no"}) as answer:
            failed = await answer.text()
    assert "All &lt;right&gt;" in page
    assert slack.messages(general)[-1]["text"] == f"{slack.mention} hello"
    assert [press["actions"][0]["action_id"] for press in heard.interactions] == ["ok"]
    assert "no element" in failed
