"""``python -m tests.servers.telegramd.preview FILE.json OUT.html [--dark]``.

FILE holds a list of messages as Telegram stores them, or one; see ``render_chat`` for what a message may be.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from tests.servers.telegramd.preview.page import render_chat


def main(arguments: list[str]) -> int:
    """Write one page."""
    places = [Path(one) for one in arguments if not one.startswith("--")]
    if len(places) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = places
    found: Any = json.loads(source.read_text("utf-8"))
    messages = cast("list[dict[str, Any]]", found if isinstance(found, list) else [found])
    target.write_text(render_chat(messages, "dark" if "--dark" in arguments else "light"), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
