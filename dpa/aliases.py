"""Attribute names of the original package, for code that was written for it."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class Alias(Generic[Value]):
    """Another name for an attribute (a path such as "result.name"), or for a multiple of it.

    >>> class Measured:
    ...     seconds = 0.5
    ...     milliseconds = Alias[float]("seconds", times=1000)
    >>> Measured().milliseconds
    500.0
    """

    def __init__(self, path: str, times: int = 1) -> None:
        self._read = attrgetter(path)
        self._times = times
        self.__doc__ = f"The original's name for {path}{f' times {times}' if times > 1 else ''}."

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> Self | Value:
        if instance is None:
            return self
        value: Any = self._read(instance)
        result: Value = value if self._times == 1 else value * self._times
        return result
