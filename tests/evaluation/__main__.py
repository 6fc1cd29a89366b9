"""``python -m tests.evaluation``: the model planner's figures on ``requests.toml``, from any server that speaks the Messages API."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path

from pydantic import ValidationError

from engine.domain.spend import Money
from engine.errors import RequestError
from engine.ports.language_model import ModelRole
from integrations.scripted_model.office import office_script
from tests.evaluation.cases import Case, load_cases
from tests.evaluation.desk import Till
from tests.evaluation.endpoint import Endpoint, configured, recorded, scripted
from tests.evaluation.recording import Recorder, Recording, write_recording
from tests.evaluation.report import Report, as_json, as_text
from tests.evaluation.runner import Conditions, evaluate

WRONG, UNUSABLE = 1, 2
"""Exit statuses: a request has no usable answer or something was written wrongly; there was nothing to ask."""
PAUSES = 2.0, 10.0, 30.0
"""Seconds before a request a real service did not answer is tried again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate, print, and say by the exit status whether all requests got a usable answer and none a wrong write."""
    options = _parser().parse_args(arguments)
    try:
        report = asyncio.run(_run(options))
    except (RequestError, OSError, ValidationError) as error:
        sys.stderr.write(f"{error.detail if isinstance(error, RequestError) else error}\n")
        return UNUSABLE
    sys.stdout.write(as_text(report))
    if options.json:
        Path(options.json).write_text(json.dumps(as_json(report), ensure_ascii=False, indent=1), encoding="utf-8")
    total = report.counts()["all"]
    return WRONG if report.stopped or total.failed or total.wrong_writes else 0


async def _run(options: argparse.Namespace) -> Report:
    cases = _chosen(options.only)
    async with _endpoint(options) as endpoint:
        recorder = Recorder()
        report = await evaluate(cases, _conditions(endpoint, options, recorder))
    if options.record:
        counts = {name: asdict(counted) for name, counted in report.counts().items()}
        recording = Recording(recorded_from=endpoint.recorded_from, answers=recorder.answers, counts=counts)
        write_recording(Path(options.record), recording)
    return report


def _endpoint(options: argparse.Namespace) -> AbstractAsyncContextManager[Endpoint]:
    if options.replay:
        return recorded(Path(options.replay))
    if options.scripted:
        return scripted(office_script())
    return configured(options.base_url, options.model)


def _conditions(endpoint: Endpoint, options: argparse.Namespace, recorder: Recorder) -> Conditions:
    model = endpoint.model.model(ModelRole.PLANNER)
    if options.limit_usd is not None and endpoint.prices.price(model) is None:
        detail = f"{model!r} has no price, so --limit-usd could not hold: leave it out, or set TIZMOR_PRICES."
        raise RequestError("evaluation_unpriced", detail)
    limit = None if options.limit_usd is None else Money.usd(options.limit_usd)
    return Conditions(
        model=endpoint.model,
        where=endpoint.where,
        notes=endpoint.notes,
        till=Till(prices=endpoint.prices, limit=limit),
        seconds=time.perf_counter,
        pause=asyncio.sleep,
        pauses=() if options.replay or options.scripted else PAUSES,
        keep=recorder.keep,
        done=_progress if sys.stderr.isatty() else None,
    )


def _chosen(only: Sequence[str]) -> tuple[Case, ...]:
    cases = load_cases()
    chosen = tuple(case for case in cases if not only or case.id in only or case.group in only)
    if not chosen:
        groups = ", ".join(dict.fromkeys(case.group for case in cases))
        raise RequestError("evaluation_no_request", f"No request is called {' or '.join(only)}; groups: {groups}.")
    return chosen


def _progress(judged: int) -> None:
    sys.stderr.write(f"\r{judged} judged ")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=__doc__)
    parser.add_argument("--base-url", metavar="URL", help="server to ask; ANTHROPIC_BASE_URL by default")
    parser.add_argument("--model", metavar="ID", help="model to ask; TIZMOR_PLANNER_MODEL by default")
    parser.add_argument("--limit-usd", metavar="X", type=float, help="begin no call once so much has been spent")
    parser.add_argument("--only", metavar="ID", action="append", default=[], help="a request or a group; repeatable")
    parser.add_argument("--json", metavar="FILE", help="write everything there as well")
    parser.add_argument("--record", metavar="FILE", help="keep the answers")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--replay", metavar="FILE", help="ask nobody: judge kept answers again")
    source.add_argument("--scripted", action="store_true", help="ask the scripted server's office, which is no model")
    return parser


if __name__ == "__main__":
    sys.exit(main())
