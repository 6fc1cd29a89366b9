"""``tizmor plan …`` as a person types it, beside the running process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.surfaces.serving import demo
from tests.surfaces.test_cli import tizmor
from tests.surfaces.test_http_plans import begun, steps
from tests.surfaces.test_http_story import session
from tests.waiting import until


async def plan(*arguments: str, typed: str = "") -> tuple[int, str, str]:
    run = await asyncio.to_thread(tizmor, "plan", *arguments, typed=typed)
    return run.returncode, run.stdout, run.stderr


async def test_versions_are_listed_compared_and_changed(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path))
    with demo(tmp_path) as process:
        async with session(process) as http:
            program = await begun(http)
            code, out, _ = await plan("drop", program.id, "s5", *home)
            assert (code, "follows at once" in out, "−" in out) == (0, True, True)
            await program.version(2)
            code, out, _ = await plan("versions", program.id, *home)
            assert (code, "Version 1" in out, "Version 2" in out, "current" in out) == (0, True, True, True)
            code, out, _ = await plan("compare", program.id, "1", "2", *home)
            assert (code, "s5" in out, "4 steps stay" in out) == (0, True, True)
            code, out, _ = await plan("compare", program.id, "2", "1", "--json", *home)
            assert [step["id"] for step in json.loads(out)["added"]] == ["s5"]
            code, _, error = await plan("retry", program.id, "s4", *home)
            assert (code, "has not failed" in error) == (2, True)
            code, out, _ = await plan("back", program.id, "1", *home)
            assert (code, "asked before it runs" in out) == (0, True)
            await program.post("/cancel", {}, 200)
            await until(program.get, lambda body: body["status"] == "done")
            code, out, _ = await plan("fork", program.id, "s1", "--json", *home, typed="1\nr\n")
            body = json.loads(out[out.index("{") :])  # after what the prompt says
            assert (code, body["outcome"], steps(body)[:3]) == (0, "rejected", ["s1", "s3", "s4"])
