"""What can be wrong with the language model that is set up, in words: said by ``tizmor doctor`` and at every start."""

from __future__ import annotations

from collections.abc import Mapping

from bot.render.texts import Phrase, Texts

_SETTINGS = {"planner": "TIZMOR_PLANNER_MODEL", "agent": "TIZMOR_AGENT_MODEL"}


def finding_words(code: str, parameters: Mapping[str, str], texts: Texts) -> Phrase:
    """A finding of the adapter's in a sentence that says what to do.

    Args:
        code: stable; one that is not known here is named in the sentence.
        parameters: ``host``, ``model``, ``role``, ``on``, ``code``, as far as the finding has them.
        texts: the language.
    """
    values = {"host": "", "code": code, **parameters, "setting": _SETTINGS.get(parameters.get("role", ""), "")}
    if code == "model_retiring" and not parameters.get("on"):
        code = "model_retiring_soon"
    key = f"model.finding.{code}"
    return texts.say(key if texts.knows(key) else "model.finding.model_unchecked", **values)


def setting_of(role: str) -> str:
    """Name of the setting that holds a role's model."""
    return _SETTINGS[role]
