"""A language model behind the Anthropic Messages API, or behind a server that speaks it.

Importing this costs nothing: the SDK is loaded on the first call, or by ``AnthropicModel.warm``, in a thread.
"""

from integrations.anthropic.model import AnthropicModel
from integrations.anthropic.models import Finding, examine
from integrations.anthropic.options import AnthropicOptions, Effort, RoleOptions, Timeouts
from integrations.anthropic.prices import price_table

__all__ = [
    "AnthropicModel",
    "AnthropicOptions",
    "Effort",
    "Finding",
    "RoleOptions",
    "Timeouts",
    "examine",
    "price_table",
]
