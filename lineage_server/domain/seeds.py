"""Which of the words that a run was told set its random numbers: by their names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from lineage_server.domain.nodes import Scalar

# The word stands alone in a name: random_state, model.seed, np-seed; not "seeded", not "proceeds".
_SEED = re.compile(
    r"(?:^|[._\-\s])(?:random[_\-]?)?(?:seeds?|random[_\-]?state)(?:$|[._\-\s])", re.IGNORECASE
)
_NO_SEED = frozenset({"", "none", "null", "false"})


def seeds_of(params: Mapping[str, Scalar], command: Sequence[str]) -> dict[str, Scalar]:
    """Parameters, and options of the command, that set the begin of a sequence of random numbers."""
    found = {key: value for key, value in params.items() if _SEED.search(key) and _is_set(value)}
    for name, value in _options(command):
        if _SEED.search(name) and _is_set(value):
            found.setdefault(name, value)
    return dict(sorted(found.items()))


def _is_set(value: Scalar) -> bool:
    return str(value).strip().lower() not in _NO_SEED


def _options(command: Sequence[str]) -> Iterator[tuple[str, str]]:
    """``--seed 7``, ``--seed=7`` and ``train.seed=7``."""
    for word, after in zip(command, [*command[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        if equals:
            yield name.lstrip("-"), value
        elif word.startswith("-") and not after.startswith("--"):
            yield word.lstrip("-"), after
