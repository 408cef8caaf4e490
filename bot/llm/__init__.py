"""The only door to the openai package: one request to a language model, whatever the endpoint can do."""

from bot.llm.embedder import Embedder
from bot.llm.endpoint import OpenAiEndpoint
from bot.llm.model import Asked, Model
from bot.llm.probing import Probed, probe, probe_embeddings
from bot.llm.replies import BrokenReplyError, Reply, ToolCall
from bot.llm.settings import Settings, endpoint_of, missing_secrets
from bot.llm.usage import ModelError, Usage, Why

__all__ = [
    "Asked",
    "BrokenReplyError",
    "Embedder",
    "Model",
    "ModelError",
    "OpenAiEndpoint",
    "Probed",
    "Reply",
    "Settings",
    "ToolCall",
    "Usage",
    "Why",
    "endpoint_of",
    "missing_secrets",
    "probe",
    "probe_embeddings",
]
