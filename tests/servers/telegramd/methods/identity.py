"""Who the bot is."""

from __future__ import annotations

from tests.servers.telegramd.calls import Call, method
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.shapes import me_json


@method("getMe")
def get_me(call: Call) -> Json:
    """The bot itself."""
    return me_json(call.world)
