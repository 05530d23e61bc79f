# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: embedsignature=False, freethreading_compatible=True
"""The border to C for text: columns as lines of JSON, and back."""

from cpython.buffer cimport PyBuffer_Release
from cpython.bytearray cimport PyByteArray_AsString
from cpython.bytes cimport PyBytes_AsString
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memchr, memmove

from dpa._border cimport acquire
from dpa._csrc cimport (
    DPA_DIGEST_SIZE, DPA_HEX, DPA_INT64, DPA_LABEL8, DPA_LABEL32, DPA_REAL, DPA_STRING,
    DPA_UINT64, dpa_form, dpa_read_lines, dpa_text_field, dpa_write_lines,
)


#: The forms of a field by name: that of C, and the struct formats of its buffer.
cdef dict FORMS = {
    "float64": (DPA_REAL, b"d"),
    "int64": (DPA_INT64, b"lq"),
    "uint64": (DPA_UINT64, b"LQ"),
    "bool": (DPA_LABEL8, b"?"),
    "int32": (DPA_LABEL32, b"i"),
    "hex": (DPA_HEX, b"B"),
    "string": (DPA_STRING, b"B"),
}


cdef class LineForm:
    """The form of a line: its fields in order, and what stands between lines.

    fields: of each the text before its value, the name of its form, the numbers of items of its
    lists, outermost first, and the texts of its labels, if its form has them. Immutable, so
    threads may share it.
    """

    cdef dpa_text_field *_fields
    cdef Py_ssize_t _count
    cdef bytes _separator
    cdef list _kept, _formats

    def __cinit__(self, list fields not None, bytes separator not None):
        self._count = len(fields)
        self._separator = separator
        self._kept = []
        self._formats = []
        self._fields = <dpa_text_field *> calloc(self._count + 1, sizeof(dpa_text_field))
        if self._fields == NULL:
            raise MemoryError
        for at, (head, name, lists, labels) in enumerate(fields):
            form, formats = FORMS[name]
            self._formats.append(formats)
            self._set(&self._fields[at], form, head, lists, labels)

    def __dealloc__(self):
        free(self._fields)

    cdef int _set(self, dpa_text_field *field, dpa_form form, bytes head, tuple lists,
                  tuple labels) except -1:
        cdef bytes text = b"".join(labels)
        ends, total = [], 0
        for label in labels:
            total += len(label)
            ends.append(total)
        field.form = form
        field.head = PyBytes_AsString(head)
        field.head_size = len(head)
        field.items = lists[0] if lists else 1
        field.lists = self._numbers(lists)
        field.list_count = len(lists)
        field.labels = PyBytes_AsString(text)
        field.label_ends = self._numbers(ends)
        field.label_order = self._numbers(sorted(range(len(labels)), key=labels.__getitem__))
        field.label_count = len(labels)
        self._kept += [head, text]
        return 0

    cdef const int64_t *_numbers(self, items) except NULL:
        """Integers as an array that lives as long as this form."""
        cdef bytearray memory = bytearray(len(items) * sizeof(int64_t))
        cdef int64_t *numbers = <int64_t *> PyByteArray_AsString(memory)
        for at, number in enumerate(items):
            numbers[at] = number
        self._kept.append(memory)
        return numbers

    cdef _Bound _bind(self, list columns, Py_ssize_t count, bint writable):
        """The fields with the buffers of `count` samples."""
        cdef _Bound bound = _Bound(self._count)
        cdef dpa_text_field *field
        cdef Py_ssize_t at, size
        if len(columns) != self._count:
            raise ValueError(f"columns must be {self._count}, got {len(columns)}")
        if count < 0:
            raise ValueError(f"count must not be negative, got {count}")
        for at in range(self._count):
            field = &bound.fields[at]
            field[0] = self._fields[at]
            values = columns[at]
            size = count * field.items * (DPA_DIGEST_SIZE if field.form == DPA_HEX else 1)
            if field.form == DPA_STRING:
                values, offsets = values
                size = len(values)
                field.offsets = <int64_t *> bound.add(
                    "columns", offsets, b"lq", count + 1, writable)
                if not writable and not ascend(field.offsets, count, size):
                    raise ValueError("offsets must ascend within the text")
            field.values = bound.add("columns", values, self._formats[at], size, writable)
        return bound

    def write(self, list columns not None, Py_ssize_t first, Py_ssize_t count, text) -> tuple:
        """Lines first .. count - 1 to a text: how many were written, and their size.

        Each ends with the separator. columns: for each field its C-contiguous array of `count`
        samples; for strings a pair, uint8 and offsets, int64 (count + 1,). text: writable bytes.
        Fewer lines are written where it is full; none, if the next one is longer than it.
        """
        cdef Py_ssize_t separator_size = len(self._separator), room = len(text)
        cdef const char *separator = PyBytes_AsString(self._separator)
        cdef size_t lines, size = 0
        if not 0 <= first <= count:
            raise ValueError(f"first must be 0 to {count}, got {first}")
        cdef _Bound bound = self._bind(columns, count, False)
        cdef char *target = <char *> bound.add("text", text, b"B", room, True)
        with nogil:
            lines = dpa_write_lines(bound.fields, self._count, separator, separator_size, first,
                                    count - first, target, room, &size)
        return lines, size

    def read(self, text, Py_ssize_t size, list columns not None, Py_ssize_t count) -> tuple:
        """Reads at most `count` lines of text[:size]: how many were read, and their size.

        Each ends with the separator. columns: as for write, and writable; the UTF-8 of strings
        has room for `size` bytes. Fewer are read where a line is not as write would write it.
        """
        cdef Py_ssize_t at, separator_size = len(self._separator), room = len(text)
        cdef const char *separator = PyBytes_AsString(self._separator)
        cdef size_t lines, used = 0
        if not 0 <= size <= room:
            raise ValueError(f"size must be 0 to {room}, got {size}")
        cdef _Bound bound = self._bind(columns, count, True)
        cdef const char *source = <const char *> bound.add("text", text, b"B", room, False)
        for at in range(self._count):
            if bound.fields[at].form == DPA_STRING and len(columns[at][0]) < size:
                raise ValueError(f"strings must have room for {size} bytes")
        with nogil:
            lines = dpa_read_lines(bound.fields, self._count, separator, separator_size, count,
                                   source, size, &used)
        return lines, used


def replace_line_feeds(text, Py_ssize_t size, bytes new not None) -> int:
    """Puts `new`, of one byte or none, in the place of each line feed of text[:size].

    Returns the size then. text: writable bytes; what is behind them is undefined.
    """
    cdef Py_buffer view
    cdef Py_ssize_t width = len(new), room = len(text)
    cdef const char *byte = PyBytes_AsString(new)
    cdef char *at
    cdef char *target
    cdef char *end
    cdef char *feed
    if width > 1:
        raise ValueError(f"new must be a byte or none, got {new!r}")
    if not 0 <= size <= room:
        raise ValueError(f"size must be 0 to {room}, got {size}")
    acquire(&view, text, "text", b"B", room, True)
    with nogil:
        at = target = <char *> view.buf
        end = at + size
        while at < end:
            feed = <char *> memchr(at, c"\n", end - at)
            feed = end if feed == NULL else feed
            memmove(target, at, feed - at)
            target += feed - at
            at = feed + 1
            if feed < end and width:
                target[0] = byte[0]
                target += 1
        size = target - <char *> view.buf
    PyBuffer_Release(&view)
    return size


cdef class _Bound:
    """The fields of one call, and the buffers that they point into as long as this lives."""

    cdef dpa_text_field *fields
    cdef Py_buffer *_views
    cdef Py_ssize_t _acquired

    def __cinit__(self, Py_ssize_t count):
        self.fields = <dpa_text_field *> calloc(count + 1, sizeof(dpa_text_field))
        self._views = <Py_buffer *> calloc(2 * count + 1, sizeof(Py_buffer))  # 1: text
        if self.fields == NULL or self._views == NULL:
            raise MemoryError

    def __dealloc__(self):
        cdef Py_ssize_t at
        for at in range(self._acquired):
            PyBuffer_Release(&self._views[at])
        free(self._views)
        free(self.fields)

    cdef void *add(self, str name, source, const char *formats, Py_ssize_t size,
                   bint writable) except? NULL:
        cdef Py_buffer *view = &self._views[self._acquired]
        acquire(view, source, name, formats, size, writable)
        self._acquired += 1
        return view.buf


cdef bint ascend(const int64_t *offsets, Py_ssize_t count, Py_ssize_t size) noexcept:
    cdef Py_ssize_t at
    cdef int64_t before = 0
    for at in range(count + 1):
        if not before <= offsets[at] <= size:
            return False
        before = offsets[at]
    return True
