# SPDX-License-Identifier: Apache-2.0
"""Values as libraries have them, and one that shows a secret wherever it is printed."""

from __future__ import annotations

from datetime import datetime
from numbers import Integral, Real

SECRET = "s3cr3t"


class Loud:
    """Show a secret in every text made of it, and in every error."""

    def __repr__(self) -> str:
        return SECRET

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise ValueError(SECRET)

    __hash__ = None  # type: ignore[assignment]

    def __int__(self) -> int:
        raise ValueError(SECRET)


class LibraryFloat(float):
    """Be a float as numpy 2 has them: a subclass with a repr of its own."""

    def __repr__(self) -> str:
        return f"np.float64({float(self)!r})"


class LibraryInteger:
    """Be an integer as numpy has them: registered with the numbers, and no int."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __int__(self) -> int:
        return self.value

    def __index__(self) -> int:
        return self.value


class LibraryReal:
    """Be a float32 as numpy has it: registered with the numbers, and no float."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


Integral.register(LibraryInteger)
Real.register(LibraryReal)


class NaT(datetime):
    """Be a missing time as a data-frame library has it: a datetime that differs from itself."""

    def __ne__(self, other: object) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]
