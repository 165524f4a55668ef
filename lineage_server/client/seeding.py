"""``seed``: random numbers set, and recorded, in one call.

Seeds are parameters like any others: they stand in tables, comparisons and fingerprints.
"""

from __future__ import annotations

import random
import sys
from typing import Any

from lineage_server.client.checking import checked
from lineage_server.client.run import current_run
from lineage_server.client.seeds import standing
from lineage_server.domain.errors import InvalidInputError

_MOST = 1 << 32
"""What NumPy takes."""


@checked
def seed(number: int) -> int:
    """Seed Python's random numbers, and those of NumPy and PyTorch where the program has loaded them; answers
    ``number``. The run around this records it as the parameter ``seed``.

    So do runs that this process, or a forked child, begins later, until another is set: their random numbers
    go on from it. Runs that say another ``seed`` keep theirs; parts of a run (``child``) have it from the
    whole."""
    number = int(number)
    if not 0 <= number < _MOST:
        raise InvalidInputError(f"number is {number}", field="number", allowed="0 to 4294967295")
    random.seed(number)
    loaded: dict[str, Any] = dict(sys.modules)
    if "numpy" in loaded:
        loaded["numpy"].random.seed(number)
    if "torch" in loaded:
        loaded["torch"].manual_seed(number)  # the generators of its devices, too
    standing[:] = [number]
    run = current_run()
    if run is not None:
        run.log_params({"seed": number})
    return number
