"""Any server with an OpenAI-compatible interface that somebody else runs: whatever it says of itself is recorded."""

from __future__ import annotations

import hashlib

from evaluators.backends.backend import Backend, Installed
from evaluators.backends.openai_api.dialect import OPENAI
from evaluators.backends.registry import dialect_named, recognise
from evaluators.backends.remote import RemoteServer
from evaluators.backends.replicas.server_group import ServerGroup
from evaluators.backends.server import ASSUMED, ModelServer, ServerOptions
from evaluators.records import ServerDescription, UserError

DEFAULT_SLOTS = 4
"""Requests at a time where neither the caller nor the server says how many it takes: a run begins with them."""


class AttachedServer(RemoteServer):
    """A URL. That it serves the weights it names cannot be known, so its description has no artifact key."""

    backend = "attached"
    health_paths = ("/health", "/v1/models")

    def __init__(self, options: ServerOptions) -> None:
        """Needs `options.url`; `model` chooses among several; `key_variable` names the variable that holds the key.

        Raises UserError for options that only a server of our own could follow.
        """
        if not options.url:
            raise UserError("an attached server needs its URL; give one like http://127.0.0.1:8080")
        ours = {"context", "slots", "url", "further_urls", "key_variable", "model", "start_timeout"}
        for name in options.model_fields_set - ours:
            if getattr(options, name) not in (None, ()):
                raise UserError(f"{name} cannot be set for a server that somebody else runs; leave it out")
        super().__init__(options.url, options.key_variable, options.start_timeout)
        self._options = options
        self._model: dict[str, object] = {}

    def attach(self) -> None:
        """Choose the model; raises UserError if there is none of that name, or several and no name."""
        answer = self.ask("GET", "/v1/models")
        rows = answer.get("data") if answer else None
        models = {str(row["id"]): row for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}
        if not models:
            raise UserError(f"{self.url} offers no model at /v1/models; check the URL")
        names = ", ".join(sorted(models)[:5]) + (" and more" if len(models) > 5 else "")
        wanted = self._options.model
        if wanted is None and len(models) > 1:
            raise UserError(f"{self.url} offers several models ({names}); say which one")
        name = wanted or next(iter(models))
        if name not in models:
            raise UserError(f"{self.url} does not offer {name}; it offers {names}")
        self._model = models[name]
        context = self._context(self.ask("GET", "/props") or {})
        asked = self._options.context
        if asked and context and asked > context:
            raise UserError(f"{self.url} gives a request {context} tokens, {asked} were asked for; ask for less")

    def describe(self) -> ServerDescription:
        """What the server says of itself, by /v1/models, /props, /version and /tokenize; unknown stays unknown."""
        properties = self.ask("GET", "/props") or {}
        meta = self._model.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        kind, number = recognise(self._model, lambda path: self.ask("GET", path))
        template = properties.get("chat_template")
        slots = self._options.slots or dialect_named(kind).slots(lambda path: self.ask("GET", path))
        vocabulary, parameters = meta.get("n_vocab"), meta.get("n_params")
        return ServerDescription(
            backend=self.backend,
            version=number if kind == OPENAI.name else f"{kind} {number}",
            flags={"server": kind, "url": self.url} | ({} if slots else {"slots": ASSUMED}),
            model=str(self._model["id"]),
            artifact_key=None,
            context=self._options.context or self._context(properties),
            slots=slots or DEFAULT_SLOTS,
            vocabulary=vocabulary if isinstance(vocabulary, int) else None,
            parameters=parameters if isinstance(parameters, int) else None,
            adds_bos=self._adds_bos(kind),
            chat_template_sha256=hashlib.sha256(str(template).encode()).hexdigest() if template else None,
        )

    def _context(self, properties: dict[str, object]) -> int | None:
        """llama-server says it per slot in /props, vLLM in its list of models."""
        settings = properties.get("default_generation_settings")
        context = settings.get("n_ctx") if isinstance(settings, dict) else self._model.get("max_model_len")
        return context if isinstance(context, int) and context > 0 else None

    def _adds_bos(self, kind: str) -> bool | None:
        dialect = dialect_named(kind)
        lengths = []
        for value in (False, True):
            answer = self.ask("POST", "/tokenize", dialect.tokenize_body(str(self._model["id"]), "a", special=value))
            tokens = answer.get("tokens") if answer else None
            if not isinstance(tokens, list) or not tokens:
                return None
            lengths.append(tokens)
        plain, with_special = lengths
        return len(with_special) > len(plain) and with_special[0] != plain[0]


def open_attached(options: ServerOptions) -> ModelServer:
    """The server of these options, or all of them as one; slots are those of each."""
    urls = (options.url, *options.further_urls)
    servers = [AttachedServer(options.model_copy(update={"url": url, "further_urls": ()})) for url in urls]
    return servers[0] if len(servers) == 1 else ServerGroup(servers)


BACKEND = Backend(
    name="attached",
    format=None,
    ours=False,
    open=lambda artifact, options, folder: open_attached(options),
    version=lambda options: None,
    installed=lambda executable: Installed("any server with an OpenAI-like interface", ""),
    dialect=OPENAI,
    needs_artifact=False,
)
