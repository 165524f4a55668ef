"""``autolog``: fits of known frameworks are recorded without a word in the training code.

One thin module a framework; none of them is imported before the framework is. What a fit tells is in
``fitting``, how functions are exchanged and put back in ``patches``.
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Self

from lineage_server.client.autologging import fitting
from lineage_server.client.autologging.patches import Patches
from lineage_server.client.checking import check
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.ids import shorten

_MODULES = {
    "sklearn": "sklearn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "pytorch": "lightning",
    "transformers": "transformers",
}
FRAMEWORKS = tuple(_MODULES)
_ALSO = {
    "scikit-learn": "sklearn",
    "torch": "pytorch",
    "lightning": "pytorch",
    "pytorch-lightning": "pytorch",
}

_lock = threading.Lock()
_patched: dict[str, Patches] = {}


class Autolog:
    """What ``autolog`` switched on; ``undo`` it, or use it in a ``with`` block."""

    def __init__(self, frameworks: tuple[str, ...]) -> None:
        self.frameworks = frameworks

    def __repr__(self) -> str:
        return f"<Autolog of {', '.join(self.frameworks) or 'nothing'}>"

    def undo(self) -> None:
        """The frameworks are again as they came."""
        with _lock:
            for name in self.frameworks:
                patches = _patched.pop(name, None)
                fitting.active.discard(name)
                if patches is not None:
                    patches.undo()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.undo()


def autolog(*frameworks: str | bool, data: bool = True, models: bool | str = True) -> Autolog:
    """Record fits of these frameworks (none named: of all), loaded already or later; ``False`` ends it.

    Parameters, metrics by step or epoch, the data by its content and the model as an output: into the open
    run, or one run a fit. ``data``, ``models``: leave these out; ``models="describe"``: record what a model
    is and not its bytes, as of those of more than 128 MiB. Nothing of it raises into a training.
    """
    if False in frameworks:
        ended = Autolog(tuple(_patched))
        ended.undo()
        return ended
    check("data", data)
    check("models", models)
    wanted = [_known(name) for name in frameworks if name is not True] or list(FRAMEWORKS)
    fitting.settings.update(data=data, models=models)
    with _lock:
        new = [name for name in dict.fromkeys(wanted) if name not in _patched]
        for name in new:
            patches = _patched[name] = Patches(name)
            fitting.active.add(name)
            import_module(f"{__name__}.{_MODULES[name]}").patch(patches)
    return Autolog(tuple(new))


def _known(name: str | bool) -> str:
    known = _ALSO.get(str(name).lower(), str(name).lower())
    if known not in _MODULES:
        raise InvalidInputError(
            f"autolog knows no framework {shorten(repr(name), 40)}",
            field="frameworks",
            allowed=", ".join(FRAMEWORKS),
        )
    return known
