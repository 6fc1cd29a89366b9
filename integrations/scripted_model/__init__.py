"""A scripted Messages API on loopback: scripts instead of a model, for tests and an honest demonstration."""

from __future__ import annotations

from integrations.scripted_model.journal import Ending, Exchange
from integrations.scripted_model.options import MODELS, SCRIPTED, ServedModel, ServerOptions
from integrations.scripted_model.pacing import Hold, Pacer, Progress, spread
from integrations.scripted_model.scripts import (
    CutStream,
    EndWithoutStop,
    ErrorInStream,
    HangUp,
    HttpFault,
    Late,
    MaxTokens,
    RawTool,
    Refusal,
    Reply,
    SayText,
    Script,
    Shaped,
    Spoken,
    Stall,
    UseTools,
    always,
    in_order,
    use_tool,
)
from integrations.scripted_model.server import ScriptedServer, serve_scripted
from integrations.scripted_model.view import RequestView, ToolOutput, Turn

__all__ = [
    "MODELS",
    "SCRIPTED",
    "CutStream",
    "EndWithoutStop",
    "Ending",
    "ErrorInStream",
    "Exchange",
    "HangUp",
    "Hold",
    "HttpFault",
    "Late",
    "MaxTokens",
    "Pacer",
    "Progress",
    "RawTool",
    "Refusal",
    "Reply",
    "RequestView",
    "SayText",
    "Script",
    "ScriptedServer",
    "ServedModel",
    "ServerOptions",
    "Shaped",
    "Spoken",
    "Stall",
    "ToolOutput",
    "Turn",
    "UseTools",
    "always",
    "in_order",
    "serve_scripted",
    "spread",
    "use_tool",
]
