"""What must hold after every schedule, judged from the rows and from what the world outside saw."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from engine.planning.editing import PLAN_EDIT
from engine.planning.follow_up import CHANGE
from tests.laboratory.interleavings.evidence import Evidence, Row
from tests.laboratory.interleavings.scenario import ASKS, Scenario

CLOSED_BY_NOBODY = {"pending", "superseded"}
YES = {"approved", "modified"}


def judge(scenario: Scenario, evidence: Evidence) -> list[str]:
    """A sentence for everything that does not hold."""
    rules = (decided_once, ended_right, stopped, happened_once, at_rest, told, numbered)
    found = [sentence for rule in rules for sentence in rule(scenario, evidence)]
    return [
        *found,
        *scenario.check(evidence),
        *(f for f in evidence.faults if not f.startswith(tuple(scenario.relief))),
    ]


def decided_once(scenario: Scenario, evidence: Evidence) -> Iterator[str]:
    """One decision a question: one row, one event, and whoever was told that theirs was taken is the one."""
    decisions = Counter(e["payload"]["approval"] for e in evidence.rows.events if e["type"] == "approval_decided")
    for asked in evidence.rows.approvals:
        name, status = asked["id"], asked["status"]
        wanted = 0 if status in CLOSED_BY_NOBODY else 1
        # one that is closed because it is beside the point may say so
        if decisions[name] > max(wanted, int(status == "superseded")) or decisions[name] < wanted:
            yield f"{name} is {status} after {decisions[name]} decisions"
        taken = {(c.who, c.what) for c in evidence.clicks if c.on == name and not c.code}
        if len(taken) > 1:
            yield f"{name} was decided by {sorted(taken)}"
        if taken and {who for who, _ in taken} != {asked["decided_by"]}:
            yield f"{name} is {status} by {asked['decided_by']}, and {sorted(taken)} were told that theirs counts"
        told = scenario.deaths or bool(taken) or asked["body"]["topic"] == PLAN_EDIT
        if status not in {*CLOSED_BY_NOBODY, "expired"} and not told:
            yield f"{name} is {status}, and nobody was told that theirs counts"


def ended_right(scenario: Scenario, evidence: Evidence) -> Iterator[str]:
    """Every accepted request ends, in a way that is allowed, or asks."""
    if not evidence.rows.executions and not scenario.deaths:
        yield "nothing was accepted"
    for execution in evidence.rows.executions:
        name, status = execution["id"], execution["status"]
        pending = [a for a in evidence.rows.of(evidence.rows.approvals, name) if a["status"] == "pending"]
        if status == "done":
            end = execution["outcome"]
            if pending:
                yield f"{name} is done and still asks"
        elif status == "waiting" and pending and not execution["paused"]:
            end = ASKS
        else:
            end = f"stuck: {status}, paused {execution['paused']}, {len(pending)} questions"
        if end not in scenario.ends:
            yield f"{name} ended {end}; right is {', '.join(sorted(scenario.ends))}"


def stopped(scenario: Scenario, evidence: Evidence) -> Iterator[str]:
    """No step starts after a committed stop or pause, or of a plan that a person changed since; a stop that was taken is how it ends, and nothing else is."""
    changes = {
        a["id"] for a in evidence.rows.approvals if a["body"]["topic"] == PLAN_EDIT or a["body"]["chosen"] == CHANGE
    }
    for execution in evidence.rows.executions:
        name = execution["id"]
        paused = cancelled = changing = False
        for event in evidence.rows.of(evidence.rows.events, name):
            match event["type"]:
                case "execution_paused":
                    paused = True
                case "execution_resumed":
                    paused = False
                case "cancel_requested":
                    cancelled = True
                case "approval_decided" if event["payload"]["approval"] in changes:
                    changing = True
                case "plan_made":
                    changing = False
                case "step_started" if paused or cancelled or changing:
                    why = "a stop" if cancelled else "a pause" if paused else "a change of the plan"
                    yield f"{event['payload']['step']} of {name} started after {why} (event {event['seq']})"
                case _:
                    pass
        taken = any(c.on == name and c.what == "cancel" and not c.code for c in evidence.clicks)
        cancelled = execution["outcome"] == "cancelled"
        if taken > cancelled or (cancelled > taken and not scenario.deaths):
            yield f"{name} ended {execution['outcome']}; a stop was {'taken' if taken else 'never taken'}"


def happened_once(scenario: Scenario, evidence: Evidence) -> Iterator[str]:
    """No effect twice, none without a yes, each as it was agreed to, and every one that succeeded."""
    printed = Counter(p.key for p in evidence.prints)
    yield from (f"{key} happened {times} times" for key, times in printed.items() if times > 1)
    if not scenario.repeats:
        called = Counter(evidence.calls)
        yield from (f"{key} was asked for {times} times" for key, times in called.items() if times > 1)
    if evidence.most_at_work > 1:
        yield f"{evidence.most_at_work} effects at once under one lock"
    for one in evidence.prints:
        gates = [a for a in evidence.rows.of(evidence.rows.approvals, one.execution) if a["step_id"] == one.step]
        agreed = [a["body"]["call"]["arguments"]["text"] for a in gates if a["kind"] == "gate" and a["status"] in YES]
        if one.text not in agreed:
            yield f"{one.key} printed {one.text!r}; agreed to was {agreed}"
    done = {intent["step_id"] for intent in evidence.rows.intents if intent["status"] == "done"}
    for step in evidence.rows.steps:
        if step["agent"] == "Publisher" and step["outcome"] == "succeeded" and step["step_id"] not in done:
            yield f"{step['step_id']} of {step['execution_id']} succeeded without its effect"


def at_rest(scenario: Scenario, evidence: Evidence) -> Iterator[str]:
    """Nothing is left running, and every step of what is done has ended, once."""
    del scenario
    over = {e["id"] for e in evidence.rows.executions if e["status"] == "done"}
    for step in evidence.rows.steps:
        where = f"{step['step_id']} of {step['execution_id']}"
        if step["status"] == "running":
            yield f"{where} is left running"
        if step["execution_id"] in over and step["status"] != "done":
            yield f"{where} is {step['status']}, and its execution is done"
    ended = Counter[tuple[str, str]]()
    for event in evidence.rows.events:
        if event["type"] == "plan_made" and event["payload"]["version"] == 1:
            ended.clear()  # what ended of a draft may have been dropped with it
        elif event["type"] == "step_finished":
            ended[event["execution_id"], event["payload"]["step"]] += 1
    yield from (f"{step} of {execution} ended {n} times" for (execution, step), n in ended.items() if n > 1)
    yield from _forgotten(evidence)


def _forgotten(evidence: Evidence) -> Iterator[str]:
    """An effect that nobody knows the outcome of is told as such, whatever became of its step."""
    results = {e["id"]: json.loads(e["result"]) for e in evidence.rows.executions if e["result"]}
    for intent in evidence.rows.intents:
        if intent["status"] in {"done", "void"}:
            continue
        result = results.get(intent["execution_id"], {})
        entries = [*result.get("unknown", ()), *result.get("done", ())]
        if intent["step_id"] not in {entry["step"] for entry in entries}:
            yield f"nobody is told that {intent['key']} may have happened"


def told(scenario: Scenario, evidence: Evidence) -> Iterator[str]:
    """Every message of every execution is there once, in its last state."""
    del scenario
    shown: dict[tuple[str, str], list[object]] = {}
    for message in evidence.told:
        shown.setdefault((message.execution, message.purpose), []).append(message.body)
    for wanted in evidence.wanted:
        bodies = shown.pop((wanted.execution, wanted.purpose), [])
        if bodies != [wanted.body]:
            yield f"{wanted.purpose} of {wanted.execution} shows {bodies}, not {wanted.body}"
    yield from (f"{purpose} of {execution} is shown, and nobody wants it" for execution, purpose in shown)


def numbered(scenario: Scenario, evidence: Evidence) -> Iterator[str]:
    """Events are numbered from 1 without gaps, and the last tells the end."""
    del scenario
    for execution in evidence.rows.executions:
        events: list[Row] = evidence.rows.of(evidence.rows.events, execution["id"])
        if [e["seq"] for e in events] != list(range(1, len(events) + 1)):
            yield f"events of {execution['id']} are numbered {[e['seq'] for e in events]}"
        ends = [e["seq"] for e in events if e["type"] == "execution_finished"]
        if ends != ([len(events)] if execution["status"] == "done" else []):
            yield f"{execution['id']} is {execution['status']} and told its end at {ends} of {len(events)}"
