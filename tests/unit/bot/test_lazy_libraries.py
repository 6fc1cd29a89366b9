"""What only some installations use is loaded only there: the product starts fast and small without it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("slack_bolt", "slack_sdk", "telegram", "httpx", "anthropic", "mcp")


def test_serving_loads_no_chat_and_no_model() -> None:
    probe = f"import sys, bot.serve; print(sorted({set(HEAVY)} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.strip()
    assert loaded == "[]"
