"""``python -m tests.servers.slackd.preview FILE.json OUT.html [--dark]``.

FILE holds a list of messages, one message, a view, or an object with ``title`` and ``messages`` or ``view``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from tests.servers.slackd.preview.page import render_html, render_view_html


def rendered(found: Any, *, title: str, dark: bool) -> str:
    """Whatever a file holds, as a page."""
    if isinstance(found, list):
        return render_html(cast("list[dict[str, Any]]", found), title=title, dark=dark)
    if "view" in found:
        return render_view_html(found["view"], dark=dark)
    if found.get("type") in ("modal", "home"):
        return render_view_html(found, dark=dark)
    return render_html(found.get("messages", [found]), title=found.get("title", title), dark=dark)


def main(arguments: list[str]) -> int:
    """Write one page."""
    places = [Path(one) for one in arguments if not one.startswith("--")]
    if len(places) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = places
    found = json.loads(source.read_text("utf-8"))
    target.write_text(rendered(found, title=source.stem, dark="--dark" in arguments), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
