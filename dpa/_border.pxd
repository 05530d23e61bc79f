"""What the borders to C share: the checker of buffers, and digests as text."""

from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer,
)
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport strchr

from dpa._csrc cimport DPA_DIGEST_SIZE, dpa_hex


cdef extern from "Python.h":
    str PyUnicode_FromStringAndSize(const char *bytes, Py_ssize_t size)


cdef inline int acquire(Py_buffer *view, object source, str name, const char *formats,
                        Py_ssize_t size, bint writable) except -1:
    """A C-contiguous buffer of `size` items, their struct format one of the characters given."""
    cdef int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (PyBUF_WRITABLE if writable else 0)
    try:
        PyObject_GetBuffer(source, view, flags)
    except (BufferError, ValueError) as error:
        needed = "writable and C-contiguous" if writable else "C-contiguous"
        raise ValueError(f"{name} must be {needed}: {error}") from None
    cdef const char *found = view.format
    if found == NULL:  # means bytes
        found = b"B"
    cdef str problem = None
    if found[0] == 0 or found[1] != 0 or strchr(formats, found[0]) == NULL:
        problem = f"a format of {' or '.join(formats.decode())}, got {found.decode()!r}"
    elif found[0] in (c"L", c"l") and view.itemsize != sizeof(uint64_t):  # Windows: 4 bytes
        problem = f"items of 8 bytes, got {view.itemsize}"
    elif view.len != size * view.itemsize:
        problem = f"{size} items, got {view.len // view.itemsize}"
    if problem is not None:
        PyBuffer_Release(view)
        raise ValueError(f"{name} must have {problem}")
    return 0


cdef inline str hex_text(const uint8_t *digest):
    cdef char text[2 * DPA_DIGEST_SIZE]
    dpa_hex(digest, text)
    return PyUnicode_FromStringAndSize(text, sizeof(text))
