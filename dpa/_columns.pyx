# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True
# cython: binding=False, always_allow_keywords=False
# cython: embedsignature=True, embedsignature.format=clinic
"""The border to C for ids and columns: ids as arrays, and moments."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AsString, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint64_t, uintptr_t
from libc.string cimport memcpy

from dpa._border cimport PyUnicode_FromStringAndSize, acquire
from dpa._csrc cimport DPA_MOMENTS_BLOCK, dpa_block_moments, dpa_moments


cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL
    bint PyLong_CheckExact(object)
    unsigned long long PyLong_AsUnsignedLongLong(object number) except? -1


MOMENTS_BLOCK = DPA_MOMENTS_BLOCK


# ---- Ids ----

def encode_texts(tuple ids not None, offsets) -> bytes:
    """The UTF-8 of all ids, one after the other; writes where each begins and the last one ends.

    Of a subclass of str its content counts. offsets: int64 (n + 1,). Raises TypeError for
    what is no str, UnicodeEncodeError for a lone surrogate.
    """
    cdef Py_buffer view
    cdef Py_ssize_t i, length, size = len(ids)
    cdef int64_t total = 0
    cdef int64_t *ends
    cdef const char *utf8
    cdef bytes result
    cdef char *target
    acquire(&view, offsets, "offsets", "lq", size + 1, True)
    try:
        ends = <int64_t *> view.buf
        ends[0] = 0
        for i in range(size):
            if not isinstance(ids[i], str):
                raise TypeError(f"ids must not mix str with {type(ids[i]).__name__} (index {i})")
            PyUnicode_AsUTF8AndSize(ids[i], &length)
            total += length
            ends[i + 1] = total
        result = PyBytes_FromStringAndSize(NULL, total)
        target = PyBytes_AsString(result)
        for i in range(size):
            utf8 = PyUnicode_AsUTF8AndSize(ids[i], &length)
            memcpy(target + ends[i], utf8, length)
        return result
    finally:
        PyBuffer_Release(&view)


def decode_texts(utf8, offsets) -> tuple[str, ...]:
    """The inverse; the offsets must ascend within the text."""
    cdef Py_buffer text, bounds
    cdef Py_ssize_t i, size = len(offsets) - 1
    cdef const int64_t *ends
    cdef list result = []
    acquire(&text, utf8, "utf8", "B", len(utf8), False)
    try:
        acquire(&bounds, offsets, "offsets", "lq", size + 1, False)
        try:
            ends = <const int64_t *> bounds.buf
            for i in range(size):
                if not 0 <= ends[i] <= ends[i + 1] <= text.len:
                    raise ValueError(f"offsets must ascend within the text (index {i})")
                result.append(PyUnicode_FromStringAndSize(
                    <const char *> text.buf + ends[i], ends[i + 1] - ends[i]))
        finally:
            PyBuffer_Release(&bounds)
    finally:
        PyBuffer_Release(&text)
    return tuple(result)


def unpack(tuple ids not None, array) -> int:
    """Writes ids to a uint64 array (n,) up to the first that is no plain int below 2^64.

    Returns how many were written.
    """
    cdef Py_buffer view
    cdef Py_ssize_t i, size = len(ids)
    cdef uint64_t number
    acquire(&view, array, "array", "LQ", size, True)
    try:
        for i in range(size):
            if not PyLong_CheckExact(ids[i]):
                return i
            try:
                number = PyLong_AsUnsignedLongLong(ids[i])
            except OverflowError:
                return i
            (<uint64_t *> view.buf)[i] = number
        return size
    finally:
        PyBuffer_Release(&view)


def first_above(array, uint64_t limit) -> int:
    """The index of the first item of a uint64 array (n,) that is above a limit; n if none is."""
    cdef Py_buffer view
    cdef Py_ssize_t i, size = len(array)
    acquire(&view, array, "array", "LQ", size, False)
    try:
        for i in range(size):
            if (<const uint64_t *> view.buf)[i] > limit:
                return i
        return size
    finally:
        PyBuffer_Release(&view)


def address(array) -> int:
    """Where the memory of a contiguous array begins."""
    cdef Py_buffer view
    PyObject_GetBuffer(array, &view, PyBUF_SIMPLE)
    cdef uintptr_t found = <uintptr_t> view.buf
    PyBuffer_Release(&view)
    return found


# ---- Statistics ----

def moments(values, Py_ssize_t block_size=DPA_MOMENTS_BLOCK) -> list:
    """(count, mean, squared deviations, min, max) of each block of a float64 array (n,)."""
    cdef Py_buffer view
    cdef dpa_moments block
    cdef Py_ssize_t first, count, size = len(values)
    cdef list result = []
    acquire(&view, values, "values", "d", size, False)
    try:
        for first in range(0, size, block_size):
            count = min(size - first, block_size)
            with nogil:
                dpa_block_moments(<const double *> view.buf + first, count, &block)
            result.append((count, block.mean, block.squares, block.min, block.max))
        return result
    finally:
        PyBuffer_Release(&view)
