# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: freethreading_compatible=True, auto_pickle=False
# cython: binding=False, always_allow_keywords=False
# cython: embedsignature=True, embedsignature.format=clinic
"""The border to C for making samples: kernels, plans, requests, and samples as dicts."""

import math
import os
import sys

cimport cython
from cpython.buffer cimport PyBuffer_Release
from cpython.bytes cimport PyBytes_AsString, PyBytes_Size
from cpython.dict cimport PyDict_Copy, PyDict_DelItem
from cpython.float cimport PyFloat_FromDouble
from cpython.list cimport PyList_New
from cpython.ref cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memset

from dpa._border cimport acquire, hex_text
from dpa._csrc cimport (
    DPA_BERNOULLI, DPA_BETA, DPA_BROKEN_KERNEL, DPA_CHOICE, DPA_DIGEST_SIZE, DPA_INTEGERS,
    DPA_MAX_DEPTH, DPA_MT19937, DPA_OK, DPA_SCRATCH_ALIGN, DPA_SEED, DPA_SUBSET, DPA_TABLE_LINKS,
    DPA_TRUNCATED_NORMAL, DPA_XOSHIRO256PP, dpa_add_leaves, dpa_column, dpa_cpu_features,
    dpa_engine, dpa_engine_choose, dpa_engine_name, dpa_field, dpa_generate, dpa_half_sine,
    dpa_kernel_count, dpa_kernel_name, dpa_kernel_usable, dpa_keys, dpa_kind, dpa_links,
    dpa_links_init, dpa_normal_quantile, dpa_request, dpa_sampler, dpa_scratch_size, dpa_status,
    dpa_tag,
)


cdef extern from "Python.h":
    bint PyLong_CheckExact(object)
    unsigned long long PyLong_AsUnsignedLongLong(object number)
    PyObject *PyTuple_GetItem(object items, Py_ssize_t index)  # borrowed
    bint PyUnicode_CheckExact(object)
    const char *PyUnicode_AsUTF8AndSize(PyObject *text, Py_ssize_t *size)  # NULL: it has none
    int PyDict_SetItem(object items, PyObject *key, object value) except -1
    void *PyErr_Occurred()
    void PyErr_Clear()
    int PyList_SetItem(object items, Py_ssize_t index, object item) except -1  # steals item
    void Py_INCREF(object)
    void PyObject_GC_UnTrack(void *)
    void PyObject_GC_Track(void *)


MAX_DEPTH = DPA_MAX_DEPTH
SAMPLERS = ("xoshiro256++", "mt19937")  # in the order of dpa_sampler

cdef dpa_links LINKS
cdef dpa_engine ENGINE
cdef str PROBLEM = None  # why there is no engine, where there is none


# ---- Kernels ----

def compiled_kernels() -> tuple[str, ...]:
    """The names of all kernels of this build, whether this CPU can run them or not."""
    return tuple([dpa_kernel_name(i).decode() for i in range(dpa_kernel_count())])


def kernels() -> tuple[str, ...]:
    """The names of the kernels this CPU can run, best first."""
    return tuple([dpa_kernel_name(i).decode() for i in range(dpa_kernel_count())
                  if dpa_kernel_usable(i)])


def choose_kernel(name: str | None) -> None:
    """Makes all further calls use the kernel `name` (None: the best one).

    Raises ValueError where there is no such kernel, this CPU cannot run it or it
    fails its self-test; the kernel in use then stays.
    """
    global ENGINE, PROBLEM
    if name is not None and name not in compiled_kernels():
        raise ValueError(f"kernel {name!r} does not exist; {_choices()}")
    cdef bytes encoded = (name or "").encode()
    cdef const char *wanted = NULL
    if name is not None:
        wanted = encoded
    cdef dpa_engine engine
    cdef dpa_status status = dpa_engine_choose(&engine, wanted)
    if status == DPA_OK and check_samples(&engine):
        ENGINE = engine
        PROBLEM = None
        return
    if status == DPA_OK or status == DPA_BROKEN_KERNEL:
        raise ValueError(f"kernel {name!r} computes wrong bits on this machine; {_choices()}")
    raise ValueError(f"kernel {name!r} cannot run on this CPU; {_choices()}")


def _choices() -> str:
    return f"the kernels here are {', '.join(kernels())}"


def active_kernel() -> str:
    """The name of the kernel in use. ValueError where DPA_KERNEL names none."""
    check_engine()
    return dpa_engine_name(&ENGINE).decode()


def cpu_features() -> tuple[str, ...]:
    """The processor features the kernels ask for that this machine has."""
    cdef char text[128]
    return tuple(dpa_cpu_features(text, sizeof(text)).decode().split())


cdef int check_engine() except -1:
    if PROBLEM is not None:
        raise ValueError(PROBLEM)
    return 0


cdef enum:
    CHECKED = 33  # samples: the widest lanes twice, and a rest; at each import, so no more
    CHECKED_KINDS = DPA_CHOICE + 1  # the others are words of the kernel, and no vectors' work


cdef bint check_samples(dpa_engine *engine) except -1:
    """The engine against the portable one, from keys to columns, with both samplers."""
    cdef dpa_engine portable
    cdef dpa_request request
    cdef uint64_t *thresholds = [1 << 61, 1 << 62, 1 << 63]
    cdef dpa_column column[CHECKED_KINDS]
    cdef uint64_t values[2][CHECKED_KINDS][CHECKED]
    cdef uint8_t digests[2][CHECKED][DPA_DIGEST_SIZE]
    cdef void *columns[CHECKED_KINDS]
    cdef int sampler, side, c
    if dpa_engine_choose(&portable, b"portable") != DPA_OK:
        return False
    memset(column, 0, sizeof(column))
    memset(values, 0, sizeof(values))  # narrow items do not fill their rows
    for c in range(CHECKED_KINDS):
        column[c].kind = <dpa_kind> c
        memset(column[c].tag, c, sizeof(column[c].tag))
        column[c].items = 1
        column[c].a = 0.3
        column[c].b = 0.7
        column[c].low, column[c].high = 0.4, 0.9
        column[c].start, column[c].step, column[c].count = 5, 3, 1 << 32
        column[c].thresholds = thresholds
    column[<int> DPA_TRUNCATED_NORMAL].start = column[<int> DPA_TRUNCATED_NORMAL].count = 1 << 51
    column[<int> DPA_CHOICE].count = 3
    memset(&request, 0, sizeof(request))
    request.keys.prefix = b"7:1:"
    request.keys.prefix_size = 4
    request.keys.start = 95
    request.depth = 2
    request.column = column
    request.values = columns
    for sampler in range(2):
        request.sampler = DPA_MT19937 if sampler else DPA_XOSHIRO256PP
        request.columns = 1 if sampler else CHECKED_KINDS  # only the first has a sampler's numbers
        for side in range(2):
            request.digests = <void *> digests[side]
            for c in range(CHECKED_KINDS):
                columns[c] = values[side][c]
            run(&portable if side else engine, &request, 0, CHECKED, False)
        if (memcmp(digests[0], digests[1], sizeof(digests[0])) != 0
                or memcmp(values[0], values[1], sizeof(values[0])) != 0):
            return False
    return True


# ---- Requests ----

cdef tuple KINDS = (  # in the order of dpa_kind
    "drawn", "uniform", "loguniform", "normal", "truncatednormal", "beta", "integers",
    "bernoulli", "choice", "subset", "seed",
)


cdef inline size_t width_of(dpa_kind kind) noexcept:
    """Bytes of a value, where real numbers are doubles."""
    if kind == DPA_BERNOULLI:
        return 1
    return 4 if kind == DPA_CHOICE or kind == DPA_SUBSET else 8


cdef const char *format_of(dpa_kind kind) noexcept:
    """The struct formats of arrays for a kind."""
    if kind <= DPA_BETA:
        return b"df"
    if kind == DPA_BERNOULLI:
        return b"?"
    if kind == DPA_CHOICE or kind == DPA_SUBSET:
        return b"i"
    return b"LQ" if kind == DPA_SEED else b"lq"


cdef class Form:
    """What a sample's dict holds.

    columns: for each parameter its name, its kind, the shape of its value, the choices that its
    codes stand for or None, and what it needs to be active: pairs of the number of a column and
    its value.
    """
    cdef tuple names, shapes, choices, needs
    cdef PyObject **name  # borrowed from names
    cdef size_t columns
    cdef size_t sample_bytes  # of all values, each column rounded up to 8
    cdef bint plain  # each column is one real number, and active
    cdef dpa_kind *kind
    cdef size_t *items  # values of a sample
    cdef dict template  # all fields of a sample but its rank
    cdef list shared  # templates whose copies share their keys: without and with a rank, or None

    def __cinit__(self, tuple columns not None):
        cdef size_t c
        self.columns = len(columns)
        self.kind = <dpa_kind *> malloc((self.columns + 1) * sizeof(dpa_kind))
        self.items = <size_t *> malloc((self.columns + 1) * sizeof(size_t))
        self.name = <PyObject **> malloc((self.columns + 1) * sizeof(PyObject *))
        if self.kind == NULL or self.items == NULL or self.name == NULL:
            raise MemoryError
        self.names = tuple([sys.intern(column[0]) for column in columns])
        for c in range(self.columns):
            self.name[c] = PyTuple_GetItem(self.names, c)
        self.shapes = tuple([tuple(column[2]) for column in columns])
        self.choices = tuple([column[3] for column in columns])
        self.needs = tuple([tuple(column[4]) for column in columns])
        self.template = dict.fromkeys((*self.names, "hash"))
        self.shared = [None, None]
        self.plain = True
        for c in range(self.columns):
            self.kind[c] = <dpa_kind> <int> KINDS.index(columns[c][1])
            self.items[c] = math.prod(self.shapes[c])
            self.sample_bytes += self.stride(c)
            if self.kind[c] > DPA_BETA or self.shapes[c] or self.needs[c]:
                self.plain = False

    def __dealloc__(self):
        free(self.kind)
        free(self.items)
        free(self.name)

    cdef size_t stride(self, size_t c) noexcept:
        return (self.items[c] * width_of(self.kind[c]) + 7) & ~<size_t> 7

    cdef dict ranked(self, rank):
        """A dict to copy for each sample of a rank."""
        if rank is None:
            return self.template
        return {**self.template, "rank": rank}

    cdef dict sharing(self, rank):
        """The same for dicts that are kept: they share their keys, if that takes less memory.

        Copies of an instance's __dict__ share its keys. Each instance made lowers the room that
        its class keeps for more names; with too many names, nothing is shared.
        """
        cdef dict plain = self.ranked(rank), shared = self.shared[rank is not None]
        if shared is None:
            kind = type("Row", (), {})
            for _ in range(32):
                made = kind()
                for name in plain:
                    setattr(made, name, None)
            shared = vars(made)
            if sys.getsizeof(shared.copy()) > sys.getsizeof(plain.copy()):
                shared = plain
            self.shared[rank is not None] = shared
        return shared | plain


cdef class Plan:
    """What to make of a sample: the chain's depth, the sampler, and the columns of a form.

    A column is a dict of the fields of dpa_column. With `uniforms` there are no columns but the
    sampler's numbers skip to skip + uniforms - 1.
    """
    cdef Form form
    cdef uint32_t depth
    cdef dpa_sampler sampler
    cdef uint64_t skip
    cdef size_t uniforms
    cdef dpa_column *column
    cdef uint64_t *thresholds

    def __cinit__(self, uint32_t depth, str sampler not None, Form form=None,
                  tuple columns not None=(), *, size_t uniforms=0, uint64_t skip=0):
        self.form = Form(()) if form is None else form
        if self.form.columns != <size_t> len(columns):
            raise ValueError(f"the form has {self.form.columns} columns, got {len(columns)}")
        self.depth = depth
        self.sampler = DPA_MT19937 if SAMPLERS.index(sampler) else DPA_XOSHIRO256PP
        self.uniforms = uniforms
        self.skip = skip
        self.column = <dpa_column *> calloc(self.form.columns + 1, sizeof(dpa_column))
        self.thresholds = <uint64_t *> malloc(
            8 * sum([len(column.get("thresholds", ())) for column in columns]) + 8)
        if self.column == NULL or self.thresholds == NULL:
            raise MemoryError
        cdef uint64_t *free_threshold = self.thresholds
        cdef size_t c
        for c in range(self.form.columns):
            free_threshold = self.declare(c, columns[c], free_threshold)

    cdef uint64_t *declare(self, size_t c, dict said, uint64_t *thresholds) except NULL:
        cdef dpa_column *column = &self.column[c]
        cdef bytes name = self.form.names[c].encode()
        column.kind = <dpa_kind> <int> KINDS.index(said["kind"])
        dpa_tag(PyBytes_AsString(name), PyBytes_Size(name), column.tag)
        column.items = said["items"]
        column.draw = said.get("draw", 0)
        column.a = said.get("a", 0.0)
        column.b = said.get("b", 0.0)
        column.low = said.get("low", 0.0)
        column.high = said.get("high", 0.0)
        column.start = said.get("start", 0)
        column.step = said.get("step", 0)
        column.picked = said.get("picked", 0)
        limits = said.get("thresholds", ())
        column.count = said.get("count", len(limits))
        column.thresholds = thresholds
        for limit in limits:
            thresholds[0] = limit
            thresholds += 1
        return thresholds

    def __dealloc__(self):
        free(self.column)
        free(self.thresholds)

    cdef void describe(self, dpa_request *request) noexcept:
        request.depth = self.depth
        request.sampler = self.sampler
        request.skip = self.skip
        request.columns = self.uniforms if self.uniforms else self.form.columns
        request.column = NULL if self.uniforms else self.column


cdef class _Buffers:
    """Arrays that stay acquired as long as this lives, and a pointer for each column."""
    cdef Py_buffer *views
    cdef void **pointers
    cdef size_t acquired, room

    cdef int reserve(self, size_t columns) except -1:
        """Makes room for the arrays of columns, keys and digests."""
        self.room = columns + 4
        self.views = <Py_buffer *> malloc(
            self.room * sizeof(Py_buffer) + (columns + 1) * sizeof(void *))
        if self.views == NULL:
            raise MemoryError
        self.pointers = <void **> (self.views + self.room)
        return 0

    cdef Py_buffer *take(self, object source, str name, const char *formats, Py_ssize_t size,
                         bint writable) except NULL:
        cdef Py_buffer *view = &self.views[self.acquired]
        assert self.acquired < self.room
        acquire(view, source, name, formats, size, writable)
        self.acquired += 1
        return view

    cdef int take_keys(self, dpa_keys *keys, bytes prefix, ids, Py_ssize_t size) except -1:
        """ids as Request takes them: at most two arrays."""
        keys.prefix = <const uint8_t *> PyBytes_AsString(prefix)
        keys.prefix_size = PyBytes_Size(prefix)
        if isinstance(ids, tuple):
            utf8, offsets = ids
            keys.text = <const uint8_t *> self.take(utf8, "ids", b"B", len(utf8), False).buf
            keys.offsets = <const int64_t *> self.take(
                offsets, "offsets", b"lq", size + 1, False).buf
        elif isinstance(ids, int):
            keys.start = ids
        else:
            keys.ids = <const uint64_t *> self.take(ids, "ids", b"LQ", size, False).buf
        return 0

    def __dealloc__(self):
        cdef size_t i
        for i in range(self.acquired):
            PyBuffer_Release(&self.views[i])
        free(self.views)


cdef class Request(_Buffers):
    """Samples to make: keys, a digest array (n, 32) or None, and arrays of the plan's columns.

    ids is the first of consecutive integers, an array of uint64, or UTF-8 with its offsets,
    int64 (n + 1,), which must ascend within it; values is a tuple with an array (n, *shape) a
    column or, where each column is one real number, an array (columns, n); of uniforms it is
    an array (n, uniforms). The buffers stay acquired as long as the request lives.
    """
    cdef dpa_request request
    cdef dpa_engine engine
    cdef Py_ssize_t size
    cdef Plan plan
    cdef bytes prefix

    def __cinit__(self, Plan plan not None, bytes prefix not None, ids, Py_ssize_t size, digests,
                  values):
        check_engine()
        cdef dpa_request *request = &self.request
        cdef size_t columns = plan.form.columns, c
        cdef Py_buffer *view
        self.engine = ENGINE
        self.plan = plan
        self.prefix = prefix
        self.size = size
        self.reserve(columns)
        plan.describe(request)
        request.values = self.pointers
        self.take_keys(&request.keys, prefix, ids, size)
        if digests is not None:
            request.digests = self.take(
                digests, "digests", b"B", size * DPA_DIGEST_SIZE, True).buf
        if isinstance(values, tuple):
            self.take_columns(values)
        elif plan.uniforms:
            self.pointers[0] = self.take(
                values, "values", b"d", size * plan.uniforms, True).buf
        elif not plan.form.plain:
            raise ValueError("columns that are no single real numbers need arrays of their own")
        elif columns > 0:
            view = self.take(values, "values", b"df", columns * size, True)
            request.single_precision = view.itemsize == 4
            for c in range(columns):
                self.pointers[c] = <char *> view.buf + c * size * view.itemsize

    cdef int take_columns(self, tuple values) except -1:
        cdef Form form = self.plan.form
        cdef Py_buffer *view
        cdef int item = 0  # bytes of a real number
        cdef size_t c
        if <size_t> len(values) != form.columns:
            raise ValueError(f"values must be {form.columns} columns, got {len(values)}")
        for c in range(form.columns):
            view = self.take(values[c], form.names[c], format_of(form.kind[c]),
                             self.size * form.items[c], True)
            self.pointers[c] = view.buf
            if form.kind[c] <= DPA_BETA:
                if item and item != view.itemsize:
                    raise ValueError("the columns must share one dtype, float64 or float32")
                item = view.itemsize
        self.request.single_precision = item == 4
        return 0

    def fill(self, Py_ssize_t first, Py_ssize_t count) -> None:
        """Makes the samples first .. first + count - 1."""
        if not 0 <= first <= first + count <= self.size:
            raise IndexError(f"span {first}+{count} of {self.size} samples")
        run(&self.engine, &self.request, first, count, True)


def leaf_sum(bytes prefix not None, ids, Py_ssize_t size, digests, tuple values not None) -> int:
    """The sum of the samples' leaves. ids as for Request; values: arrays (n, ...), no float32."""
    check_engine()
    cdef size_t columns = len(values), c
    cdef _Buffers buffers = _Buffers()
    cdef dpa_keys keys
    cdef const void *hashes
    cdef uint64_t total[4]
    cdef Py_buffer *view
    memset(&keys, 0, sizeof(keys))
    memset(total, 0, sizeof(total))
    buffers.reserve(columns)
    buffers.take_keys(&keys, prefix, ids, size)
    hashes = buffers.take(digests, "digests", b"B", size * DPA_DIGEST_SIZE, False).buf
    cdef dpa_field *fields = <dpa_field *> malloc((columns + 1) * sizeof(dpa_field))
    if fields == NULL:
        raise MemoryError
    try:
        for c in range(columns):
            items = values[c].size // size if size else 1
            view = buffers.take(values[c], "a column", b"d?ilqLQ", size * items, False)
            fields[c] = dpa_field(view.buf, view.itemsize, items)
        with nogil:
            dpa_add_leaves(&ENGINE, &keys, 0, size, hashes, fields, columns, total)
    finally:
        free(fields)
    return sum([int(total[<int> i]) << 64 * i for i in range(4)])


# ---- Generation ----

cdef int run(const dpa_engine *engine, const dpa_request *request, size_t first, size_t count,
             bint unlocked) except -1:
    """One C call with its scratch memory: the stack's where that is enough."""
    cdef uint8_t small[4096 + DPA_SCRATCH_ALIGN]
    cdef uint8_t *memory = small
    cdef size_t size = dpa_scratch_size(engine, request, count)
    if size > 4096:
        memory = <uint8_t *> malloc(size + DPA_SCRATCH_ALIGN)
        if memory == NULL:
            raise MemoryError
    cdef void *scratch = <void *> (
        (<uintptr_t> memory + DPA_SCRATCH_ALIGN - 1) & ~<uintptr_t> (DPA_SCRATCH_ALIGN - 1))
    if unlocked:
        with nogil:
            dpa_generate(engine, &LINKS, request, first, count, scratch)
    else:
        dpa_generate(engine, &LINKS, request, first, count, scratch)
    if memory != small:
        free(memory)
    return 0


def half_sine(double x) -> float:
    """sin(pi x / 2) of 0 to 1, by the frozen polynomial."""
    return dpa_half_sine(x)


def normal_quantile(double u) -> float:
    """The number below which a share u of the standard normal lies, 0 < u < 1."""
    return dpa_normal_quantile(u)


# ---- Samples as dicts ----

cdef bint as_word(object number, uint64_t *word) noexcept:
    """Whether a plain int is below 2^64, and it as one."""
    word[0] = PyLong_AsUnsignedLongLong(number)
    if word[0] == <uint64_t> -1 and PyErr_Occurred() != NULL:
        PyErr_Clear()
        return False
    return True


cdef object value_at(dpa_kind kind, const void *values, size_t i, tuple choices):
    """One value as a Python object. Raises IndexError for a code without a choice."""
    cdef int32_t code
    if kind <= DPA_BETA:
        return PyFloat_FromDouble((<const double *> values)[i])
    if kind == DPA_BERNOULLI:
        return (<const uint8_t *> values)[i] != 0
    if kind == DPA_INTEGERS:
        return (<const int64_t *> values)[i]
    if kind == DPA_SEED:
        return (<const uint64_t *> values)[i]
    code = (<const int32_t *> values)[i]
    if not 0 <= code < len(choices):
        raise IndexError(f"there is no choice {code} among {len(choices)}")
    return choices[code]


cdef object shaped(list items, tuple shape):
    """A flat list as nested lists."""
    for side in reversed(shape[1:]):
        items = [items[i:i + side] for i in range(0, len(items), side)]
    return items


cdef bint is_active(Form form, size_t c, const void *const *values, size_t i) except -1:
    """Whether the columns on which column c depends hold what it needs."""
    cdef size_t gate
    for pair in form.needs[c]:
        gate = pair[0]
        if form.kind[gate] == DPA_BERNOULLI:
            if (<const uint8_t *> values[gate])[i] != pair[1]:
                return False
        elif (<const int32_t *> values[gate])[i] != pair[1]:
            return False
    return True


cdef dict row_of(Form form, dict template, const void *const *values, size_t i,
                 const uint8_t *digest):
    """Sample number i of the columns. A copy has room for all fields, and they are in order."""
    cdef dict row = PyDict_Copy(template)
    cdef tuple choices
    cdef size_t c, at, first
    for c in range(form.columns):
        if form.plain:
            PyDict_SetItem(row, form.name[c], PyFloat_FromDouble((<const double *> values[c])[i]))
        elif form.needs[c] and not is_active(form, c, values, i):
            PyDict_DelItem(row, form.names[c])
        else:
            choices = form.choices[c]
            if not form.shapes[c]:
                value = value_at(form.kind[c], values[c], i, choices)
            else:
                first = i * form.items[c]
                value = shaped([value_at(form.kind[c], values[c], at, choices)
                                for at in range(first, first + form.items[c])], form.shapes[c])
            PyDict_SetItem(row, form.name[c], value)
    PyDict_SetItem(row, <PyObject *> "hash", hex_text(digest))
    return row


cdef enum:
    FEW = 64  # columns of a dict that need no memory but the stack's


cdef class KeyedPlan:
    """A plan with a key, its prefix and its rank: makes one sample at a time.

    ending: turns an id that is neither a plain str nor a plain int below 2^64 into such an int, or
    into the bytes that end its key, or raises.
    """
    cdef readonly Plan plan
    cdef readonly bytes prefix
    cdef bytes quoted  # the prefix of texts
    cdef object ending
    cdef dict template

    def __init__(self, Plan plan not None, bytes prefix not None, rank, ending):
        self.plan = plan
        self.prefix = prefix
        self.quoted = prefix + b'"'
        self.ending = ending
        self.template = plan.form.ranked(rank)

    cdef Plan ready(self):
        if self.plan is None:
            raise TypeError("this derivation was made without its constructor")
        return self.plan

    cdef int make(self, Plan plan, sample_id, size_t columns, void **values,
                  uint8_t *digest) except -1:
        cdef dpa_request request
        cdef int64_t[2] offsets
        cdef bytes prefix = self.prefix
        cdef const char *text = NULL
        cdef Py_ssize_t size = 0
        check_engine()
        plan.describe(&request)
        if PyUnicode_CheckExact(sample_id):
            text = PyUnicode_AsUTF8AndSize(<PyObject *> sample_id, &size)
            if text == NULL:
                PyErr_Clear()  # ending() raises what names the id
        if text != NULL:
            prefix = self.quoted
        elif not (PyLong_CheckExact(sample_id) and as_word(sample_id, &request.keys.start)):
            sample_id = self.ending(sample_id)
            if isinstance(sample_id, bytes):
                text, size = PyBytes_AsString(sample_id), PyBytes_Size(sample_id)
            else:
                request.keys.start = sample_id
        offsets[0], offsets[1] = 0, size
        request.keys.offsets = offsets
        request.keys.text = <const uint8_t *> text
        request.keys.ids = NULL
        request.keys.prefix = <const uint8_t *> PyBytes_AsString(prefix)
        request.keys.prefix_size = PyBytes_Size(prefix)
        request.columns = columns
        request.values = values
        request.single_precision = False
        request.digests = <void *> digest
        # A microsecond is too short to give the GIL away; a deep chain is not.
        return run(&ENGINE, &request, 0, 1, plan.depth > DPA_TABLE_LINKS)

    def params(self, sample_id) -> dict:
        """One sample as a dict: its parameters, its hash, and the rank if the key has one."""
        cdef Plan plan = self.ready()
        cdef Form form = plan.form
        cdef uint64_t few_values[FEW]
        cdef void *few_pointers[FEW]
        cdef void *memory = NULL
        cdef void **pointers = few_pointers
        cdef char *values = <char *> few_values
        cdef uint8_t digest[DPA_DIGEST_SIZE]
        cdef size_t c
        if form.columns > FEW or form.sample_bytes > sizeof(few_values):
            memory = malloc(form.columns * sizeof(void *) + form.sample_bytes)
            if memory == NULL:
                raise MemoryError
            pointers = <void **> memory
            values = <char *> memory + form.columns * sizeof(void *)
        try:
            for c in range(form.columns):
                pointers[c] = values
                values += form.stride(c)
            self.make(plan, sample_id, form.columns, pointers, digest)
            return row_of(form, self.template, <const void *const *> pointers, 0, digest)
        finally:
            free(memory)

    def hash(self, sample_id) -> str:
        """The hash of one sample, 64 hex characters."""
        cdef uint8_t digest[DPA_DIGEST_SIZE]
        self.make(self.ready(), sample_id, 0, NULL, digest)
        return hex_text(digest)


cdef class Rows(_Buffers):
    """The samples of columns as dicts, made one by one; tolist() makes all that remain at once.

    values: a tuple with an array (n, *shape) a column, real numbers as float64, or where all
    are such, an array (columns, n); digests: uint8 (n, 32). They are read when a dict is made.
    """
    cdef Form form
    cdef object rank
    cdef dict template
    cdef const uint8_t *digests
    cdef Py_ssize_t at, size

    def __cinit__(self, Form form not None, values, digests, Py_ssize_t size, rank=None):
        cdef double *block
        cdef size_t c
        self.form = form
        self.rank = rank
        self.template = form.ranked(rank)
        self.size = size
        self.reserve(form.columns)
        self.digests = <const uint8_t *> self.take(
            digests, "digests", b"B", size * DPA_DIGEST_SIZE, False).buf
        if not isinstance(values, tuple):
            if not form.plain:
                raise ValueError("columns that are no single real numbers need own arrays")
            block = <double *> self.take(
                values, "values", b"d", form.columns * size, False).buf
            for c in range(form.columns):
                self.pointers[c] = block + c * size
            return
        if <size_t> len(values) != form.columns:
            raise ValueError(f"values must be {form.columns} columns, got {len(values)}")
        for c in range(form.columns):
            formats = b"d" if form.kind[c] <= DPA_BETA else format_of(form.kind[c])
            self.pointers[c] = self.take(
                values[c], form.names[c], formats, size * form.items[c], False).buf

    cdef dict row(self, dict template, Py_ssize_t at):
        """Sample number `at`, and the next one will be that behind it."""
        cdef dict row = row_of(self.form, template, <const void *const *> self.pointers, at,
                               self.digests + at * DPA_DIGEST_SIZE)
        self.at = at + 1
        return row

    def __iter__(self):
        return self

    @cython.critical_section
    def __next__(self):
        if self.at >= self.size:
            raise StopIteration
        return self.row(self.template, self.at)

    def __length_hint__(self) -> int:
        return self.size - self.at

    @cython.critical_section
    def tolist(self) -> list:
        """The samples that remain, in dicts that share their keys."""
        cdef dict template = self.form.sharing(self.rank)
        cdef Py_ssize_t i, first = self.at, size = self.size - first
        cdef list result = PyList_New(size)
        # A gc callback that saw the NULLs of this list would die of them.
        PyObject_GC_UnTrack(<void *> result)
        for i in range(size):
            row = self.row(template, first + i)
            Py_INCREF(row)
            PyList_SetItem(result, i, row)
        PyObject_GC_Track(<void *> result)
        return result


cdef class RowCursor:
    """An iterator over samples as dicts, which a subclass makes in blocks.

    A row counts as delivered when next() returns it. The interpreter raises KeyboardInterrupt
    where a call of Python's ends, so an interrupted next() loses none.
    """
    cdef Rows rows  # at hand, or None
    cdef int64_t end  # the position behind them

    @property
    def delivered(self) -> int:
        """How many samples next() has returned so far."""
        cdef Rows rows
        with cython.critical_section(self):
            rows = self.rows
            return self.end if rows is None else self.end - (rows.size - rows.at)

    @property
    def _position(self):
        """The number of the next sample. Setting it drops the rows at hand."""
        return self.delivered

    @_position.setter
    def _position(self, int64_t position):
        with cython.critical_section(self):
            self.rows = None
            self.end = position

    def _rows(self, int64_t position) -> Rows:
        """Some samples, from number `position` on. Raises StopIteration at the end."""
        raise NotImplementedError

    def __iter__(self):
        return self

    def __next__(self):
        cdef Rows rows
        cdef int64_t end
        while True:
            with cython.critical_section(self):
                rows = self.rows
                if rows is not None and rows.at < rows.size:
                    return rows.row(rows.template, rows.at)
                end = self.end
            rows = self._rows(end)
            with cython.critical_section(self):
                if self.end == end:  # _rows may have moved the position: it reports progress
                    self.rows = rows
                    self.end = end + rows.size - rows.at


dpa_links_init(&LINKS)
try:
    choose_kernel(os.environ.get("DPA_KERNEL") or None)
except ValueError as error:  # import and `dpa info` work all the same; generation raises
    PROBLEM = f"DPA_KERNEL: {error}"
