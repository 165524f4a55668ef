"""Patching a framework when it is imported, and taking that back.

A framework that is there already is patched at once; one that is not is waited for, and not imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, cast

from lineage_server.client.quietly import Quietly

_MISSING = object()

Patch = Callable[[Any, "Patches"], None]


class Patches:
    """What was changed for one framework."""

    def __init__(self, framework: str) -> None:
        self.framework = framework
        self._changed: list[tuple[Any, str, Any]] = []
        self._waiting: list[_Waiting] = []

    def when_imported(self, module: str, patch: Patch) -> None:
        """Now, or right after somebody imports it."""

        def apply(loaded: ModuleType) -> None:
            with Quietly(f"autolog of {self.framework}"):
                patch(loaded, self)

        loaded = sys.modules.get(module)
        # A module that is being imported right now is not whole yet.
        if loaded is not None and not getattr(loaded.__spec__, "_initializing", False):
            apply(loaded)
        else:
            waiting = _Waiting(module, apply)
            self._waiting.append(waiting)
            sys.meta_path.insert(0, waiting)

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put what ``make`` makes of the original in its place."""
        members = cast("dict[str, Any]", vars(owner))
        own = members.get(name, _MISSING)
        setattr(owner, name, make(getattr(owner, name) if own is _MISSING else own))
        self._changed.append((owner, name, own))

    def replace_exported(self, package: Any, home: Any, name: str, make: Callable[[Any], Any]) -> None:
        """``home.name``, and what the package and its ``sklearn`` have of it under the same name."""
        self.replace(home, name, make)
        for module in (package, getattr(package, "sklearn", None)):
            if hasattr(module, name):
                self.replace(module, name, lambda _: getattr(home, name))

    def undo(self) -> None:
        """As it was before."""
        for waiting in self._waiting:
            waiting.stop()
        for owner, name, own in reversed(self._changed):
            if own is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, own)
        self._changed.clear()
        self._waiting.clear()


class _Waiting(MetaPathFinder):
    """Sits in front of the finders until its module is imported."""

    def __init__(self, module: str, then: Callable[[ModuleType], None]) -> None:
        self._module = module
        self._then = then

    def stop(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(fullname, path, target) if not isinstance(finder, _Waiting) else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, self._loaded)
                return spec
        return None

    def _loaded(self, module: ModuleType) -> None:
        if self in sys.meta_path:
            self.stop()
            self._then(module)


class _Loader(Loader):
    """The real loader, and a word once it is done."""

    def __init__(self, inner: Any, then: Callable[[ModuleType], None]) -> None:
        self._inner = inner
        self._then = then

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        module.__loader__ = self._inner
        self._inner.exec_module(module)
        self._then(module)
