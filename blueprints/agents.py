"""Who can work: a profile per kind of agent, with its model, limits and credential."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from blueprints.fields import Duration, Line, Model, Name, Slug, Text, VariableName


class SecretBlock(Model):
    """A Prefect Secret block."""

    block: Slug
    """Its name; its value is read when the mission starts, and recorded nowhere."""


class Prices(Model):
    """US dollars per million tokens."""

    input: Annotated[float, Field(ge=0)]
    """Tokens sent that no cache held."""
    output: Annotated[float, Field(ge=0)]
    """Tokens written by the model."""
    cache_read: Annotated[float, Field(ge=0)] | None = None
    """Tokens read from the provider's cache. Default: as `input`."""
    cache_write: Annotated[float, Field(ge=0)] | None = None
    """Tokens written to it. Default: as `input`."""


_LIMITS = {"retries", "timeout", "idle_timeout", "max_turns", "max_tokens", "max_usd"}


class AgentBase(Model):
    timeout: Duration = 3600.0
    """Longest an attempt may run."""
    idle_timeout: Duration | None = None
    """Longest an attempt may go without printing anything. Default: no such limit."""
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    """Further attempts after a failed one, each in a fresh workspace."""
    env: list[VariableName] = []
    """Names of environment variables the agent may see besides the usual ones. No value is ever recorded."""
    fallback: list[Name] = []
    """Agents that take over, in this order, while this one's quota is exhausted or its model is unavailable."""

    def shape(self) -> dict[str, Any]:
        """What of it shapes its work, for content keys: not how often it may try and how long, nor who pays what."""
        return self.model_dump(mode="json", exclude=_LIMITS | {"fallback", "credential", "prices"})


class CommandAgent(AgentBase):
    """Any program: prompt on stdin, workspace as working directory, git as the evidence."""

    kind: Literal["command"]
    """command: a program of yours does the work."""
    argv: Annotated[list[Text], Field(min_length=1)]
    """Program and arguments, run without a shell. `./agent` is relative to the blueprint's folder."""
    reads: list[Literal["AGENTS.md", "CLAUDE.md"]] = []
    """The repository's instruction files that the program reads by itself; the others are put into its prompt."""


class ScriptedAgent(AgentBase):
    """Plays a file of steps: for rehearsals, examples and tests."""

    kind: Literal["scripted"]
    """scripted: prepared steps are played."""
    script: Line
    """YAML file of steps by role and assignment, relative to the blueprint's folder."""


class ModelAgent(AgentBase):
    """What agents on a language model have in common."""

    idle_timeout: Duration | None = 1800.0
    """Longest an attempt may go without an event: a message, a tool call, its result."""
    effort: Name | None = None
    """How much the model thinks, as its provider names it, such as low, medium or high."""
    credential: VariableName | SecretBlock | None = None
    """The environment variable, or `{block: …}` of Prefect, with the key. Default: the provider's usual variable."""
    base_url: Line | None = None
    """Address of the provider or of a compatible server. Default: the provider's own."""
    max_turns: Annotated[int, Field(ge=1)] = 500
    """Most calls of the model in an attempt."""
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Most tokens an attempt may use, those read from a cache included."""
    max_usd: Annotated[float, Field(gt=0)] | None = None
    """Most money an attempt may cost; needs a known price."""
    prices: Prices | None = None
    """Default: from a price list, by the model's name; a model that is not in it costs an unknown amount."""

    @property
    def price_list(self) -> dict[str, float] | None:
        """`prices`, by the kinds of tokens that a transcript names."""
        return self.prices.model_dump(by_alias=True, exclude_none=True) if self.prices else None


class ApiAgent(ModelAgent):
    model: Line
    """As its provider names it."""
    window: Annotated[int, Field(ge=1000)] | None = None
    """Tokens that fit into a conversation. Default: from a list, by the model's name, or 200000."""
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    """Most tokens of one answer. Default: 32000 or a quarter of the window; over `api: chat` what the server has."""


class AnthropicAgent(ApiAgent):
    """A model through Anthropic's Messages API, with tools of the engine's own."""

    kind: Literal["anthropic"]
    """anthropic: a model of Anthropic's, without any other program."""


class OpenAIAgent(ApiAgent):
    """A model through OpenAI's API or a compatible one, with tools of the engine's own."""

    kind: Literal["openai"]
    """openai: a model of OpenAI's or of a compatible server, without any other program."""
    api: Literal["responses", "chat"] = "responses"
    """responses: OpenAI's own. chat: Chat Completions, which compatible servers speak."""


class CliAgent(ModelAgent):
    """What the coding agents have in common that are programs."""

    model: Line | None = None
    """As its provider names it. Default: the program's own."""
    program: Line | None = None
    """Path of the program; `./x` is relative to the blueprint's folder. Default: found on PATH by its usual name."""
    arguments: list[Text] = []
    """Further arguments, before the engine's own."""
    home: Line | None = None
    """A folder with the program's own settings and login. Default: an empty one for each attempt."""


class ClaudeCodeAgent(CliAgent):
    """Claude Code."""

    kind: Literal["claude-code"]
    """claude-code: the program `claude`."""


class CodexAgent(CliAgent):
    """Codex."""

    kind: Literal["codex"]
    """codex: the program `codex`."""


class OpencodeAgent(CliAgent):
    """opencode."""

    kind: Literal["opencode"]
    """opencode: the program `opencode`; its model is written `provider/model`."""
    api: Literal["messages", "responses", "chat"] = "chat"
    """What `baseUrl` speaks."""


class GeminiAgent(CliAgent):
    """Gemini CLI."""

    kind: Literal["gemini"]
    """gemini: the program `gemini`."""


class DroidAgent(CliAgent):
    """droid."""

    kind: Literal["droid"]
    """droid: the program `droid`."""
    api: Literal["messages", "responses", "chat"] = "messages"
    """What `baseUrl` speaks."""


AnyApiAgent = AnthropicAgent | OpenAIAgent
AnyCliAgent = ClaudeCodeAgent | CodexAgent | OpencodeAgent | GeminiAgent | DroidAgent
Agent = Annotated[CommandAgent | ScriptedAgent | AnyApiAgent | AnyCliAgent, Field(discriminator="kind")]
