"""One call of a tracked function on record: its run, what it was given, what came of it.

Nothing here raises into the function that is called, or makes it wait for a server. Which values count
as what is in ``values``; what the annotations say is in ``plan``.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from lineage_server.client import builders, recorded
from lineage_server.client.artifact import Artifact
from lineage_server.client.ending import Ending, ending_of
from lineage_server.client.markers import Input, Output, Param
from lineage_server.client.quietly import Quietly
from lineage_server.client.run import Run
from lineage_server.client.seeds import with_seed
from lineage_server.client.shortcuts import recording_client
from lineage_server.client.surroundings import tell_surroundings
from lineage_server.client.twins import plain
from lineage_server.client.values import as_param, is_data, state_of
from lineage_server.domain.ids import new_run_id

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.plan import Plan


def begin(
    plan: Plan, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, whole: bool = False
) -> Call | None:
    """The call as a run; None where nothing is to be recorded. ``whole``: what the thread does until the
    function returns is part of it."""
    with Quietly(plan.name):
        client, outer = recording_client()
        if client is None:
            return None
        try:
            arguments = plan.arguments(args, kwargs)
        except TypeError:
            return None  # the function itself will say so
        return Call(plan, client, outer, arguments, shared=whole and outer is None and _is_the_program())
    return None


def _is_the_program() -> bool:
    """Whether all that the process does meanwhile is part of what this thread does now."""
    if threading.current_thread() is not threading.main_thread():
        return False
    if "asyncio" not in sys.modules:
        return True
    from asyncio import get_running_loop

    try:
        get_running_loop()
    except RuntimeError:
        return True
    return False


class Call:
    """In a ``with`` block from the function's begin to its end; an exception makes the run failed."""

    def __init__(
        self, plan: Plan, client: Client, outer: Run | None, arguments: Mapping[str, Any], *, shared: bool
    ) -> None:
        self.plan = plan
        self._read: list[tuple[str, Any, Input]] = []
        self._written: list[tuple[str, Any, Output]] = []
        self._paths: dict[str, tuple[Path, tuple[int, ...] | None]] = {}
        params = self._sorted(arguments)
        event = builders.started(
            new_run_id(),
            project=plan.project or (outer.project if outer is not None else client.config.project),
            name=plan.name,
            job=plan.name,
            kind=plan.kind,
            params=with_seed(params) if outer is None else params,
            parent=outer.id if outer is not None else client.launched_by(),
        )
        self.run = client.begin(event, shared=shared)
        if outer is None or plan.capture is not None:
            wanted = client.config.capture if plan.capture is None else plan.capture
            tell_surroundings(client, self.run, wanted)

    def _sorted(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Answers the parameters; what is read or written is kept for its time."""
        params: dict[str, Any] = {}
        for name, value in arguments.items():
            marker = self.plan.markers.get(name)
            if isinstance(marker, Input):
                if value is not None:
                    self._read.append((name, value, marker))
            elif isinstance(marker, Output):
                self._written.append((name, value, marker))
            elif isinstance(marker, Param):
                if marker.record:
                    simple, known = as_param(value)
                    params[marker.name or name] = known if simple else value
            elif isinstance(plain(value), Artifact) or is_data(value):
                self._read.append((name, value, Input()))
            else:
                if isinstance(value, Path):
                    self._paths[name] = (value, state_of(value))
                simple, known = as_param(value)
                if simple:
                    params[name] = known
        return params

    # --- from begin to end -------------------------------------------------------------

    def __enter__(self) -> Self:
        self.run.enter()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end(exc)

    @property
    def looks(self) -> bool:
        """Whether ``take_paths`` has to look at contents."""
        return bool(self._paths)

    def take_paths(self) -> None:
        """Of the files that the function was given, what it must have read."""
        with Quietly(self.plan.name):
            self._look_at_paths(written=False)

    def end(self, error: BaseException | None) -> None:
        """A generator whose consumer wants no more has ended regularly."""
        self.take_paths()
        with Quietly(self.plan.name):
            self.run.end_now(Ending() if isinstance(error, GeneratorExit) else ending_of(error))

    @contextmanager
    def resumed(self) -> Generator[None]:
        """While a generator runs between two of its yields."""
        self.run.enter()
        try:
            yield
        finally:
            self.run.leave()

    # --- what is read and made ---------------------------------------------------------

    @property
    def reads(self) -> bool:
        """Whether ``take_inputs`` has to look at contents."""
        return bool(self._read)

    def makes(self, value: Any) -> bool:
        """Whether ``take_outputs`` has to look at contents."""
        wanted = self._written or self._paths or self.plan.outputs
        return bool(wanted) or isinstance(value, tuple | Path) or is_data(value)

    def take_inputs(self) -> None:
        """Before the function can change them."""
        for name, value, marker in self._read:
            with Quietly(f"input {name} of {self.plan.name}"):
                self._use(name, value, marker)
        self._read.clear()

    def _use(self, name: str, value: Any, marker: Input) -> None:
        role = marker.role or name
        value = plain(value)
        named = isinstance(value, str) and not (marker.name and builders.reference_in(value) is None)
        if isinstance(value, Artifact) or named:
            self.run.use(value, role, type=marker.type)
            return
        if not marker.name:
            recorded.use(self.run, value, role, name, marker.type)
        else:
            self.run.use(value, role, name=marker.name, type=marker.type)

    def take_outputs(self, value: Any) -> None:
        """Of what the function returned, and of the paths that it was to write."""
        with Quietly(f"the return of {self.plan.name}"):
            self._returned(value)
        for name, path, marker in self._written:
            if path is not None:
                with Quietly(f"output {name} of {self.plan.name}"):
                    place = Path(path) if isinstance(path, str) and not builders.is_address(path) else path
                    self._produce(marker, place, name, name)
        self._look_at_paths(written=True)

    def take_yield(self, value: Any) -> None:
        """Of what a generator yields, where that is marked."""
        if self.plan.yields is not None and value is not None:
            self._take(self.plan.yields, value, None)

    def _returned(self, value: Any) -> None:
        outputs = self.plan.outputs
        if not any(outputs):
            # A tuple of frames or files are several, each by its place.
            parts: Any = cast("tuple[Any, ...]", value) if isinstance(value, tuple) else (value,)
            for index, part in enumerate(parts):
                self._take_unmarked(part, index if isinstance(value, tuple) else None)
            return
        parts = value if self.plan.split else (value,)
        for index, (marker, part) in enumerate(zip(outputs, parts, strict=False)):
            if marker is not None and part is not None:
                self._take(marker, part, index if self.plan.split else None)

    def _take_unmarked(self, value: Any, index: int | None) -> None:
        if is_data(value) or (isinstance(value, Path) and value.exists()):
            self._take(Output(), value, index)

    def _take(self, marker: Output, value: Any, index: int | None) -> None:
        if isinstance(plain(value), Artifact):
            return  # a handle: whoever made it has told
        with Quietly(f"the return of {self.plan.name}"):
            self._produce(marker, value, self.plan.name if index is None else f"{self.plan.name}.{index}")

    def _produce(self, marker: Output, value: Any, name: str, role: str | None = None) -> None:
        if isinstance(value, Path):
            self._paths = {k: (p, s) for k, (p, s) in self._paths.items() if p != value}
            name = builders.name_of_file(value.name)
        self.run.produce(marker.name or name, value, type=marker.type, role=marker.role or role)

    def _look_at_paths(self, *, written: bool) -> None:
        """Files that were given: there and as before means read; else they were made, if it came to that."""
        paths, self._paths = self._paths, {}
        for name, (path, before) in paths.items():
            with Quietly(f"{name} of {self.plan.name}"):
                now = state_of(path)
                if now is not None and now == before:
                    self._use(name, path, Input())
                elif now is not None and written:
                    self._produce(Output(), path, name, name)
