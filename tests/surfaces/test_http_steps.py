"""A program edits a step of an open plan as a form would: the real process, real sockets."""

from __future__ import annotations

from pathlib import Path

from tests.surfaces.serving import demo
from tests.surfaces.test_http_plans import Program, begun, steps
from tests.surfaces.test_http_story import session

PLAIN: dict[str, object] = {"empty": False, "nullable": False, "whole": False, "least": 1, "most": 300, "choices": []}


async def test_a_step_tells_its_arguments_and_which_of_them_is_refused(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        async with session(process) as http:
            program = await begun(http)
            form = await program.get("/steps/s4")
            assert (form["step"], form["version"], form["agent"]) == ("s4", 1, "CalendarAgent")
            [title] = form["fields"]
            assert (title["name"], title["input"], title["rule"]) == ("title", "text", PLAIN)
            assert title["raw"] == title["value"]
            async with http.get("/openapi.json") as response:
                shapes = (await response.json())["components"]["schemas"]
            assert set(form) == set(shapes["StepFormView"]["required"])
            assert set(title) == set(shapes["ArgumentView"]["required"])
            assert set(title["rule"]) == set(shapes["RuleView"]["required"])
            wrong = {"title": "Coffee", "duration_minutes": 2}
            refused = await program.post("/plan", {"edit": {"step": "s4", "inputs": wrong}}, 400)
            assert (refused["code"], refused["pointer"]) == ("inputs_invalid", "/edit/inputs/duration_minutes")
            assert "greater than or equal to 5" in refused["detail"]
            other = await program.post("/plan", {"edit": {"step": "s4", "inputs": {"~a/b": 1}}}, 400)
            assert (other["code"], "pointer" in other) == ("inputs_invalid", False)
            await program.post("/plan", {"edit": {"step": "s4", "inputs": {"title": "Coffee"}}})
            assert steps(await program.version(2))[3] == "v2s4"
            assert [field["raw"] for field in (await program.get("/steps/v2s4"))["fields"]] == ["Coffee"]


async def test_a_step_that_cannot_be_edited_says_why(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        async with session(process) as http:
            program = await begun(http)
            assert (await program.get("/steps/s1", 409))["code"] == "step_finished"
            assert (await program.get("/steps/zz", 404))["code"] == "step_unknown"
            assert (await Program(http, "0" * 32).get("/steps/s4", 404))["code"] == "execution_unknown"
            assert (await Program(http, "nobody").get("/steps/s4", 404))["code"] == "execution_unknown"
            await program.post("/plan", {"edit": {"step": "s4", "inputs": {"title": "Coffee"}}})
            await program.version(2)
            assert (await program.get("/steps/s4", 409))["code"] == "step_replaced"
            await program.post("/cancel", {}, 200)
            assert (await program.get("/steps/v2s4", 409))["code"] == "execution_ended"
