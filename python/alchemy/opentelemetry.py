"""OpenTelemetry: a span and metrics for each request, by the conventions for generative AI. Needs the extra `otel`."""

from __future__ import annotations

try:
    from opentelemetry import context as contexts, metrics, trace
except ImportError as missing:
    raise ImportError(
        "alchemy.opentelemetry needs opentelemetry-api; install it with: pip install 'alchemy-llm[otel]'"
    ) from missing

from os import environ

from . import __version__, hooks as _hooks
from ._opentelemetry_data import BUCKETS, FINISH_REASONS, OPERATIONS, PROVIDERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from opentelemetry.context import Context
    from opentelemetry.metrics import Histogram, Meter, MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from .errors import AlchemyError
    from .hooks import Call
    from .messages import AssistantMessage, Attempt
    from .usage import Usage

    Value: TypeAlias = str | bool | int | float | Sequence[str]

__all__ = ["OpenTelemetryHooks", "instrument", "uninstrument"]

# The variable that every instrumentation of generative AI reads, and its values that ask for content in spans.
_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_CAPTURES = ("true", "span_only", "span_and_event")


class OpenTelemetryHooks(_hooks.Hooks):
    """Makes a span for each request, with its retries and its first event, and records its duration and tokens.

    The span's parent is the one that was current where the verb was called, wherever the answer is read; its times
    are those at which things happened. A request that failed has the status `ERROR`, and its error's class as
    `error.type`. Keys, headers and what a provider says of an error are never in it, and the conversation only on
    request.

    Example:
        >>> client = alchemy.Client(hooks=OpenTelemetryHooks())
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        *,
        capture_content: bool | None = None,
    ) -> None:
        """Begin to trace.

        Args:
            tracer_provider: Who makes the spans. Default: OpenTelemetry's global one.
            meter_provider: Who records the metrics. Default: OpenTelemetry's global one.
            capture_content: Whether spans hold the conversation, the answer and tool arguments. Default: as the
                environment variable `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says, and else no.

        Raises:
            TypeError: `capture_content` is a text, which would be true whatever it says.
        """
        if capture_content is None:
            capture_content = environ.get(_CAPTURE, "").strip().lower() in _CAPTURES
        if not isinstance(capture_content, bool):  # pyright: ignore[reportUnnecessaryIsInstance] (callers without types)
            raise TypeError(f"capture_content is True, False or None, not {capture_content!r}")
        self._capture_content = capture_content
        self._tracer = trace.get_tracer("alchemy", __version__, tracer_provider)
        meter = metrics.get_meter("alchemy", __version__, meter_provider)
        self._duration = _histogram(meter, "gen_ai.client.operation.duration", "s", "GenAI operation duration.")
        self._tokens = _histogram(meter, "gen_ai.client.token.usage", "{token}", "Number of input and output tokens.")
        self._first_chunk = _histogram(
            meter, "gen_ai.client.operation.time_to_first_chunk", "s", "Time to the first chunk of a streamed answer."
        )

    def request_built(self, call: Call) -> None:
        """Start the span."""
        shared = _shared(call)
        parent = contexts.get_current()
        span = self._tracer.start_span(
            f"{shared['gen_ai.operation.name']} {call.model}",
            parent,
            trace.SpanKind.CLIENT,
            {**shared, **_options(call)},
            start_time=call.started_ns,
        )
        call.state[self] = span, trace.set_span_in_context(span, parent)
        if self._capture_content and span.is_recording():
            from ._opentelemetry_content import sent

            span.set_attributes(sent(call.context))

    def attempt(self, call: Call, number: int) -> None:
        """Note where the request goes, which for a local model is known now, and how many times it was sent again."""
        span, _ = self._state(call)
        if number > 1:
            span.set_attribute("http.request.resend_count", number - 1)
        elif call.server_address is not None:
            span.set_attributes(_server(call))

    def retry(self, call: Call, attempt: Attempt, wait: float) -> None:
        """Add an event that tells of the attempt that failed."""
        span, _ = self._state(call)
        event: dict[str, Value] = {"error.type": attempt.error or "_OTHER", "alchemy.retry.wait": wait}
        if attempt.status is not None:
            event["http.response.status_code"] = attempt.status
        if attempt.request_id is not None:
            event["alchemy.request.id"] = attempt.request_id
        span.add_event("alchemy.retry", event, call.step_ns)

    def first_event(self, call: Call) -> None:
        """Add an event at the time of the first token."""
        span, _ = self._state(call)
        if call.streamed:
            span.add_event("alchemy.first_event", timestamp=call.step_ns)

    def done(self, call: Call, message: AssistantMessage) -> None:
        """End the span of an answer that is whole."""
        self._end(call, message, None)

    def error(self, call: Call, error: AlchemyError) -> None:
        """End the span of a request that failed, or was given up."""
        self._end(call, getattr(error, "partial", None), error)

    def _state(self, call: Call) -> tuple[Span, Context]:
        """Return the call's span and the context that it makes; none of both where no span was started."""
        state: tuple[Span, Context] = call.state.get(self) or (trace.INVALID_SPAN, contexts.get_current())
        return state

    def _end(self, call: Call, message: AssistantMessage | None, error: AlchemyError | None) -> None:
        span, context = self._state(call)
        measured = _shared(call)
        if message is not None:
            if message.response_model is not None:
                measured["gen_ai.response.model"] = message.response_model
            span.set_attributes({**measured, **_answer(message)})
            if self._capture_content and span.is_recording():
                from ._opentelemetry_content import received

                span.set_attributes(received(message))
        for kind, count in _counts(message.usage if message is not None else None):
            self._tokens.record(count, {**measured, "gen_ai.token.type": kind}, context)
        if call.streamed and call.first_event_ns is not None:
            seconds = _seconds(call.sent_ns or call.started_ns, call.first_event_ns)
            span.set_attribute("gen_ai.response.time_to_first_chunk", seconds)
            self._first_chunk.record(seconds, measured, context)
        if error is not None:
            measured["error.type"] = type(error).__name__
            span.set_attributes(_failure(error))
            # The text of an error may repeat the provider's words, and so the conversation.
            span.set_status(trace.StatusCode.ERROR, str(error) if self._capture_content else None)
        ended_ns = max(call.started_ns, call.step_ns)
        self._duration.record(_seconds(call.started_ns, ended_ns), measured, context)
        span.end(ended_ns)


def instrument(
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    *,
    capture_content: bool | None = None,
) -> OpenTelemetryHooks:
    """Trace every client of this process, the module's own included, from the next request on.

    Called again, it takes the place of what it did before.

    Args:
        tracer_provider: Who makes the spans. Default: OpenTelemetry's global one.
        meter_provider: Who records the metrics. Default: OpenTelemetry's global one.
        capture_content: As for `OpenTelemetryHooks`.

    Returns:
        The hooks that were installed.

    Example:
        >>> import alchemy.opentelemetry
        >>> hooks = alchemy.opentelemetry.instrument()
        >>> alchemy.opentelemetry.uninstrument()
    """
    made = OpenTelemetryHooks(tracer_provider, meter_provider, capture_content=capture_content)
    uninstrument()
    _instrumented.append(made)
    _hooks.install(made)
    return made


def uninstrument() -> None:
    """Trace no more requests; those under way are traced to their end."""
    while _instrumented:
        _hooks.uninstall(_instrumented.pop())


_instrumented: list[OpenTelemetryHooks] = []


def _histogram(meter: Meter, name: str, unit: str, description: str) -> Histogram:
    return meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=BUCKETS[unit])


def _shared(call: Call) -> dict[str, Value]:
    """Return what spans and metrics tell alike."""
    return {
        "gen_ai.operation.name": OPERATIONS.get(call.api, "chat"),
        "gen_ai.provider.name": PROVIDERS.get(call.provider, call.provider),
        "gen_ai.request.model": call.model,
        **_server(call),
    }


def _server(call: Call) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if call.server_address is not None:
        found["server.address"] = call.server_address
        if call.server_port is not None:
            found["server.port"] = call.server_port
    return found


def _options(call: Call) -> dict[str, Value]:
    """Return what the request asks for besides the model."""
    kind = None
    if call.response_format is not None:
        kind = "text" if call.response_format == "text" else "json"
    options: dict[str, Value | None] = {
        "gen_ai.request.max_tokens": call.max_tokens,
        "gen_ai.request.temperature": call.temperature,
        "gen_ai.request.top_p": call.top_p,
        "gen_ai.request.seed": call.seed,
        "gen_ai.request.stop_sequences": tuple(call.stop) if call.stop else None,
        "gen_ai.request.stream": call.streamed or None,
        "gen_ai.output.type": kind,
        "gen_ai.conversation.id": call.session_id,
    }
    return {name: value for name, value in options.items() if value is not None}


def _answer(message: AssistantMessage) -> dict[str, Value]:
    """Return what is told of an answer, or of what there is of one."""
    usage = message.usage
    counts = dict(_counts(usage))
    attributes: dict[str, Value | None] = {
        "gen_ai.response.id": message.response_id,
        "gen_ai.response.finish_reasons": (FINISH_REASONS.get(message.stop_reason, message.stop_reason),),
        "gen_ai.usage.input_tokens": counts.get("input"),
        "gen_ai.usage.output_tokens": counts.get("output"),
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
        "alchemy.request.id": message.request_id,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _counts(usage: Usage | None) -> list[tuple[str, int]]:
    """Return the tokens that went in, those of a cache included, as the conventions count them, and out."""
    counts: list[tuple[str, int]] = []
    if usage is not None:
        if usage.input is not None:
            counts.append(("input", usage.input + (usage.cache_read or 0) + (usage.cache_write or 0)))
        if usage.output is not None:
            counts.append(("output", usage.output))
    return counts


def _failure(error: AlchemyError) -> dict[str, Value]:
    """Return what is told of an error: its class and numbers, and none of its words."""
    told: dict[str, Value] = {"error.type": type(error).__name__}
    status, request_id = getattr(error, "status", None), getattr(error, "request_id", None)
    if status is not None:
        told["http.response.status_code"] = status
    if request_id is not None:
        told["alchemy.request.id"] = request_id
    return told


def _seconds(begin_ns: int, end_ns: int) -> float:
    """Return the time between two moments; the clock may have been set back in between."""
    return max(0, end_ns - begin_ns) / 1e9
