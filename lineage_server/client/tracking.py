"""``track``: a call of a function is a run, its arguments and returns are parameters, inputs and outputs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import nullcontext
from types import TracebackType
from typing import Any, Self, TypeVar, cast, overload

from lineage_server.client.calls import Call, begin
from lineage_server.client.plan import Plan, plan_of
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten

F = TypeVar("F", bound=Callable[..., Any])


@overload
def track(function: F, /) -> F: ...
@overload
def track(
    *, name: str | None = None, kind: str = "step", project: str | None = None, capture: str | None = None
) -> Callable[[F], F]: ...
def track(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    kind: str = "step",
    project: str | None = None,
    capture: str | None = None,
) -> Any:
    """Record each call of a function (also async, a generator, a method) as a run.

    Within another run it is a child of it. Numbers, texts and what is made of them are parameters; frames,
    arrays, handles and files (``pathlib``) are inputs and outputs, named in annotations by ``Input``,
    ``Output`` and ``Param``. Recording changes nothing of what the function does, returns or raises.
    ``capture``: as in ``start_run``, once for all calls of a process.
    """

    def decorate(function: Any) -> Any:
        if isinstance(function, staticmethod | classmethod):
            inner = cast("staticmethod[..., Any] | classmethod[Any, ..., Any]", function)
            return type(inner)(decorate(inner.__func__))
        if not callable(function) or isinstance(function, type):
            raise InvalidInputError(
                f"track was put on {_shown(function)}, which is no function: write @track or "
                '@track(name="…") above a function or method',
                field="function",
                allowed="a function or method",
            )
        plan = plan_of(function, name=name, kind=kind, project=project, capture=capture)
        return functools.wraps(function)(_recording(function, plan))

    return decorate(function) if function is not None else decorate


def _shown(what: object) -> str:
    return f"the class {what.__name__}" if isinstance(what, type) else shorten(repr(what), 60)


def _recording(function: Callable[..., Any], plan: Plan) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):
        return _of_async_generator(function, plan)
    if inspect.iscoroutinefunction(function):
        return _of_coroutine(function, plan)
    if inspect.isgeneratorfunction(function):
        return _of_generator(function, plan)

    def call(*args: Any, **kwargs: Any) -> Any:
        tracked = begin(plan, args, kwargs, whole=True)
        if tracked is None:
            return function(*args, **kwargs)
        with tracked:
            tracked.take_inputs()
            result = function(*args, **kwargs)
            tracked.take_outputs(result)
            return result

    return call


def _of_coroutine(function: Callable[..., Any], plan: Plan) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        tracked = begin(plan, args, kwargs)
        if tracked is None:
            return await function(*args, **kwargs)
        with tracked:
            async with _Failing(tracked):
                if tracked.reads:
                    await _beside(tracked.take_inputs)
                result = await function(*args, **kwargs)
            if tracked.makes(result):
                await _beside(tracked.take_outputs, result)
            return result

    return call


class _Failing:
    """Of a call that raises the files are looked at beside the loop. A coroutine that is closed can wait for
    nothing any more."""

    def __init__(self, tracked: Call) -> None:
        self._tracked = tracked

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc is not None and not isinstance(exc, GeneratorExit) and self._tracked.looks:
            await _beside(self._tracked.take_paths)


def _of_generator(function: Callable[..., Any], plan: Plan) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        tracked = begin(plan, args, kwargs)
        if tracked is None:
            untold: Generator[Any, Any, Any] = function(*args, **kwargs)
            return (yield from untold)
        with _Ending(tracked):
            tracked.take_inputs()
            steps = _Steps(function(*args, **kwargs), tracked)
            result = yield from steps
            tracked.take_outputs(result)
            return result

    return call


class _Ending:
    """Ends a call that is the current run only while its generator runs."""

    def __init__(self, tracked: Call) -> None:
        self._tracked = tracked

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tracked.end(exc)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._tracked.looks:
            await _beside(self._tracked.take_paths)
        self._tracked.end(exc)


class _Steps(Generator[Any, Any, Any]):
    """A generator whose steps are part of the run."""

    def __init__(self, inner: Generator[Any, Any, Any], tracked: Call) -> None:
        self._inner = inner
        self._tracked = tracked

    def send(self, value: Any, /) -> Any:
        return self._resume(self._inner.send, value)

    def throw(self, *error: Any) -> Any:
        return self._resume(self._inner.throw, *error)

    def close(self) -> None:
        with self._tracked.resumed():
            self._inner.close()

    def _resume(self, step: Callable[..., Any], *argument: Any) -> Any:
        with self._tracked.resumed():
            item = step(*argument)
        self._tracked.take_yield(item)
        return item


def _of_async_generator(function: Callable[..., Any], plan: Plan) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = cast("AsyncGenerator[Any, Any]", function(*args, **kwargs))
        tracked = begin(plan, args, kwargs)
        async with _Ending(tracked) if tracked is not None else nullcontext():
            if tracked is not None and tracked.reads:
                await _beside(tracked.take_inputs)
            step = inner.asend(None)
            while True:
                try:
                    item = await _resumed(step, tracked)
                except StopAsyncIteration:
                    return
                with _Thrown() as thrown:
                    thrown.sent = yield item
                if isinstance(thrown.error, GeneratorExit):
                    await inner.aclose()
                    raise thrown.error
                step = inner.athrow(thrown.error) if thrown.error else inner.asend(thrown.sent)

    return call


async def _resumed(step: Any, tracked: Call | None) -> Any:
    if tracked is None:
        return await step
    with tracked.resumed():
        item = await step
    if tracked.plan.yields is not None:
        await _beside(tracked.take_yield, item)
    return item


async def _beside(look: Callable[..., None], *argument: Any) -> None:
    """In a thread: contents are read while the loop goes on."""
    from asyncio import to_thread

    await to_thread(look, *argument)


class _Thrown:
    """What came back from a ``yield``: a value that was sent, or an error that was thrown."""

    sent: Any = None
    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self.error = exc
        return True
