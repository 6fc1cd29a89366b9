"""A stand-in that writes without a model reads nothing twice, asks nobody, and says how it came about."""

from __future__ import annotations

import pytest

from engine.agents.inputs import ThreadInputs, WeeklyStatusInputs
from engine.agents.shortfalls import Shortfall, problem
from engine.agents.thread_agent import ThreadAgent
from engine.agents.weekly_status_agent import WeeklyStatusAgent
from engine.agents.without_model import WithoutModel
from engine.domain.artifact import Summary
from engine.errors import AuthExpiredError
from tests.unit.agents.conversation import Here, MemoryRemarks
from tests.unit.agents.office import Desk, MemoryDocuments, ScriptedModel

TEXT = "# Tevuot\n\nDecision: we open the Tevuot pilot in Haifa in February.\n"
EXPIRED = AuthExpiredError("model_key_wrong", "The key is not accepted.")


async def test_it_goes_on_from_what_was_read_and_says_that_no_model_wrote_it() -> None:
    documents = MemoryDocuments({"a.md": TEXT})
    planned = WeeklyStatusAgent(documents)
    inputs = WeeklyStatusInputs(topic="Tevuot", documents=documents.found("a.md"))
    desk = Desk(planned, model=ScriptedModel([EXPIRED]))
    with pytest.raises(AuthExpiredError):
        await planned.run(inputs, desk)
    read = list(documents.reads)
    after = desk.again()
    summary = await WithoutModel(planned).run(inputs, after)
    assert isinstance(summary, Summary)
    assert documents.reads == read
    assert "Haifa" in summary.text
    assert summary.problems == (problem(Shortfall.AWAY),)


async def test_where_there_never_was_a_model_nothing_is_said_of_it() -> None:
    documents = MemoryDocuments({"a.md": TEXT})
    inputs = WeeklyStatusInputs(topic="Tevuot", documents=documents.found("a.md"))
    agent = WeeklyStatusAgent(documents)
    without = await agent.run(inputs, Desk(agent))
    assert await WithoutModel(agent).run(inputs, Desk(agent)) == without


async def test_its_card_is_the_agents_but_for_the_model() -> None:
    agent = ThreadAgent(MemoryRemarks())
    spec = WithoutModel(agent).spec
    assert (spec.name, spec.stands_in_for, spec.uses_model) == ("ThreadAgentWithoutModel", "ThreadAgent", False)
    assert (spec.inputs, spec.output, spec.effect, spec.tools) == (
        agent.spec.inputs,
        agent.spec.output,
        agent.spec.effect,
        agent.spec.tools,
    )


async def test_a_conversation_is_quoted_without_a_model() -> None:
    remarks = MemoryRemarks()
    remarks.say("Dana", "Decision: the pilot opens in Haifa.")
    agent = ThreadAgent(remarks)
    summary = await WithoutModel(agent).run(ThreadInputs(topic="pilot"), Here(agent, model=ScriptedModel([EXPIRED])))
    assert isinstance(summary, Summary)
    assert "Haifa" in summary.text
    assert problem(Shortfall.AWAY) in summary.problems
