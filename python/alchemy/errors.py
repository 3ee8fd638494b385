"""Every error that alchemy raises.

    AlchemyError
    |-- ModelNotFoundError          no model of that name; also a LookupError
    |-- MissingKeyError             no API key is set for the provider
    |-- InvalidRequestError         refused before sending, with a path; also a ValueError
    |-- UnsupportedOptionError      an option the model cannot honour, under `strict`; also a ValueError
    |-- ApiError                    the provider or the way to it failed
    |   |-- BadRequestError         400, 413, 422
    |   |   `-- ContextOverflowError    the conversation is longer than the model takes
    |   |-- AuthenticationError     401
    |   |-- PermissionDeniedError   403
    |   |-- NotFoundError           404
    |   |-- RateLimitError          429
    |   |-- OverloadedError         503, 529
    |   |-- ServerError             other 5xx
    |   |-- ApiConnectionError      the server was not reached, or the connection broke; also a ConnectionError
    |   |-- ApiTimeoutError         also a TimeoutError
    |   |   |-- ConnectTimeoutError
    |   |   |-- FirstEventTimeoutError
    |   |   |-- IdleTimeoutError
    |   |   `-- TotalTimeoutError
    |   |-- ResponseError           the answer was truncated, malformed, a redirect or an error inside a stream
    |   `-- AbortedError            the caller closed the stream
    |-- ToolValidationError         a tool call's arguments do not fit the tool's schema
    |-- OutputValidationError       an answer does not fit the schema that was asked for
    `-- LocalModelError             a local model cannot be found or started

Every message is one line: what failed, where, and what to do. Details are attributes, given by keyword.
All errors pickle and copy with their attributes.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self, TypeVar

    from .messages import AssistantMessage, Attempt
    from .requests import Notice

    E = TypeVar("E", bound="AlchemyError")


class AlchemyError(Exception):
    """The base of every error that alchemy raises."""

    def __init__(self, message: str, /) -> None:
        """Keep the message, in one line."""
        super().__init__(" ".join(message.splitlines()))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by attribute name; a cause goes along where it is sure to pickle."""
        attributes = dict(vars(self))
        cause = self.__cause__
        kept = cause if isinstance(cause, AlchemyError) or type(cause).__module__ == "builtins" else None
        return _restore, (type(self), self.args, attributes, kept)

    def __copy__(self) -> Self:
        """Copy the error; what it holds is shared, its cause included."""
        return _restore(type(self), self.args, dict(vars(self)), self.__cause__)


def _restore(cls: type[E], args: tuple[Any, ...], attributes: dict[str, Any], cause: BaseException | None) -> E:
    error = cls(*args)
    vars(error).update(attributes)
    error.__cause__ = cause
    return error


class ModelNotFoundError(AlchemyError, LookupError):
    """No model has that name; the message names the nearest."""


class MissingKeyError(AlchemyError):
    """No API key is set for the provider; the message names the environment variable."""


class InvalidRequestError(AlchemyError, ValueError):
    """The request, or data given for it, was refused before anything was sent."""

    path: str | None
    """Where the fault is, such as `messages[3].content[0].text`; None where it has no place."""

    def __init__(self, message: str, /, *, path: str | None = None) -> None:
        """Keep the message and the path."""
        super().__init__(message)
        self.path = path


class UnsupportedOptionError(AlchemyError, ValueError):
    """With `strict=True`: something cannot be honoured exactly."""

    notices: tuple[Notice, ...]
    """What could not be honoured, in the order it was met."""

    def __init__(self, message: str, /, *, notices: tuple[Notice, ...] | None = None) -> None:
        """Keep the message and the notices."""
        super().__init__(message)
        self.notices = tuple(notices or ())


class ApiError(AlchemyError):
    """The provider, or the way to it, failed."""

    provider: str | None
    """The provider's id."""
    model: str | None
    """The model id that was asked for."""
    status: int | None
    """The HTTP status; None where no answer came."""
    request_id: str | None
    """The provider's id of the exchange, for its support."""
    body: str | None
    """The body of the answer that failed, or the part of it that was kept."""
    attempts: tuple[Attempt, ...]
    """Every time the request was sent, in order; empty where it was not."""
    partial: AssistantMessage | None
    """The message so far, empty where nothing had arrived; None where nothing was sent."""

    def __init__(
        self,
        message: str,
        /,
        *,
        provider: str | None = None,
        model: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        body: str | None = None,
        attempts: tuple[Attempt, ...] = (),
        partial: AssistantMessage | None = None,
    ) -> None:
        """Keep the message and what is known of the exchange."""
        super().__init__(message)
        self.provider = provider
        self.model = model
        self.status = status
        self.request_id = request_id
        self.body = body
        self.attempts = tuple(attempts)
        self.partial = partial


class BadRequestError(ApiError):
    """The provider refused the request: status 400, 413 or 422."""


class ContextOverflowError(BadRequestError):
    """The conversation is longer than the model takes."""


class AuthenticationError(ApiError):
    """The provider does not accept the key: status 401."""


class PermissionDeniedError(ApiError):
    """The key may not do this: status 403."""


class NotFoundError(ApiError):
    """The provider knows no such model or address: status 404."""


class RateLimitError(ApiError):
    """Too many requests or tokens: status 429."""

    retry_after: float | None
    """How long the provider asks to wait, in seconds; None where it does not say."""

    def __init__(
        self,
        message: str,
        /,
        *,
        provider: str | None = None,
        model: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        body: str | None = None,
        attempts: tuple[Attempt, ...] = (),
        partial: AssistantMessage | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Keep the message, what is known of the exchange, and the time to wait."""
        super().__init__(
            message,
            provider=provider,
            model=model,
            status=status,
            request_id=request_id,
            body=body,
            attempts=attempts,
            partial=partial,
        )
        self.retry_after = retry_after


class OverloadedError(ApiError):
    """The provider has no capacity just now: status 503 or 529."""


class ServerError(ApiError):
    """The provider failed: a status of 500 or above."""


class ApiConnectionError(ApiError, ConnectionError):
    """The server was not reached, or the connection broke."""


class ApiTimeoutError(ApiError, TimeoutError):
    """The provider took too long; the subclasses say in which phase."""

    seconds: float | None
    """The limit that was passed, in seconds."""

    def __init__(
        self,
        message: str,
        /,
        *,
        provider: str | None = None,
        model: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        body: str | None = None,
        attempts: tuple[Attempt, ...] = (),
        partial: AssistantMessage | None = None,
        seconds: float | None = None,
    ) -> None:
        """Keep the message, what is known of the exchange, and the limit."""
        super().__init__(
            message,
            provider=provider,
            model=model,
            status=status,
            request_id=request_id,
            body=body,
            attempts=attempts,
            partial=partial,
        )
        self.seconds = seconds


class ConnectTimeoutError(ApiTimeoutError):
    """The connection was not made in time."""


class FirstEventTimeoutError(ApiTimeoutError):
    """No event came in time after the request was sent."""


class IdleTimeoutError(ApiTimeoutError):
    """The answer began and then stood still for too long."""


class TotalTimeoutError(ApiTimeoutError):
    """The answer was not whole in time."""


class ResponseError(ApiError):
    """The answer cannot be trusted: truncated, malformed, a redirect, or an error inside the stream."""


class AbortedError(ApiError):
    """The caller closed the stream before its end."""


class ToolValidationError(AlchemyError):
    """A tool call's arguments do not fit the tool's schema."""


class OutputValidationError(AlchemyError):
    """An answer does not fit the schema that was asked for."""


class LocalModelError(AlchemyError):
    """A local model cannot be found or started."""
