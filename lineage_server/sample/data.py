"""The sample's data: the measurements, the mistake in them, and how it is found and corrected.

No lineage here, only frames in and frames out.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

Frame: TypeAlias = Any
"""A pandas frame: its own types come with stubs that are not installed."""

BAD_CASE = 42
"""Written down in micrometres instead of millimetres by whoever delivered it first."""
_UNIT = 1000.0
_TEST_SHARE = 0.25
_SEED = 7


def first_delivery() -> Frame:
    """569 cases of 30 measurements and a diagnosis, one of them in the wrong unit."""
    frame = _measurements()
    row = frame["case"] == BAD_CASE
    frame.loc[row, features_of(frame)] *= _UNIT
    return frame


def corrected(frame: Frame, cases: list[int]) -> Frame:
    """The same with these cases in the right unit."""
    mended = frame.copy()
    mended.loc[mended["case"].isin(cases), features_of(frame)] /= _UNIT
    # Back to the digits of the source: the division leaves noise in the last ones.
    return mended.round(6)


def suspicious_cases(frame: Frame) -> list[int]:
    """Cases with every measurement far beyond the others: a unit, not a tumour."""
    values = frame[features_of(frame)]
    beyond = (values > values.median() * _UNIT / 10).mean(axis=1)
    return [int(case) for case in frame.loc[beyond > 0.5, "case"]]


def split(frame: Frame) -> tuple[Frame, Frame]:
    """Train and test cases, each with the same share of diagnoses."""
    train_test_split: Any = import_module("sklearn.model_selection").train_test_split

    train, test = train_test_split(
        frame, test_size=_TEST_SHARE, random_state=_SEED, stratify=frame["malignant"]
    )
    return train.reset_index(drop=True), test.reset_index(drop=True)


def features_of(frame: Frame) -> list[str]:
    """The names of the measurements."""
    return [name for name in frame.columns if name not in ("case", "malignant")]


def values_of(frame: Frame) -> tuple[Any, Any]:
    """What a model is trained on: measurements, and whether the tumour is malignant."""
    return frame[features_of(frame)].to_numpy(), frame["malignant"].to_numpy()


def _measurements() -> Frame:
    load_breast_cancer: Any = import_module("sklearn.datasets").load_breast_cancer

    raw: Any = load_breast_cancer(as_frame=True)
    frame: Frame = raw.frame.round(6)
    frame.columns = [str(name).replace(" ", "_") for name in frame.columns]
    frame["malignant"] = frame.pop("target") == 0  # there, 1 means benign
    frame.insert(0, "case", np.arange(len(frame), dtype="int64"))
    return frame
