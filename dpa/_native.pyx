# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: embedsignature=False, freethreading_compatible=True
"""The border to C for making samples: kernels, plans, requests, one sample at a time."""

import os

from cpython.buffer cimport PyBuffer_Release
from cpython.bytes cimport PyBytes_AsString, PyBytes_Size
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
    CHECKED = 97  # samples: a batch of samplers' lanes and a rest
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
    request.columns = CHECKED_KINDS
    request.column = column
    request.values = columns
    for sampler in range(2):
        request.sampler = DPA_MT19937 if sampler else DPA_XOSHIRO256PP
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


cdef inline size_t size_of(const dpa_column *column) noexcept:
    """How many values a sample has in a column."""
    return column.items * (column.picked if column.kind == DPA_SUBSET else 1)


cdef const char *format_of(dpa_kind kind) noexcept:
    """The struct formats of arrays for a kind."""
    if kind <= DPA_BETA:
        return b"df"
    if kind == DPA_BERNOULLI:
        return b"?"
    if kind == DPA_CHOICE or kind == DPA_SUBSET:
        return b"i"
    return b"LQ" if kind == DPA_SEED else b"lq"


cdef class Plan:
    """What to make of a sample: the chain's depth, the sampler, and the columns.

    A column is a dict: its name, the fields of dpa_column, the shape of a sample's values, the
    choices that codes stand for or None, and what it needs to be active: pairs of the number of
    a column and its value. With `uniforms` there are no columns but the sampler's numbers skip
    to skip + uniforms - 1.
    """
    cdef readonly tuple names
    cdef uint32_t depth
    cdef dpa_sampler sampler
    cdef uint64_t skip
    cdef size_t columns
    cdef size_t uniforms
    cdef dpa_column *column
    cdef uint64_t *thresholds
    cdef tuple shapes, choices, needs
    cdef size_t sample_bytes  # of all columns, each rounded up to 8
    cdef bint plain  # each column is one double, and active

    def __cinit__(self, uint32_t depth, str sampler not None, tuple columns not None=(),
                  *, size_t uniforms=0, uint64_t skip=0):
        self.depth = depth
        self.sampler = DPA_MT19937 if SAMPLERS.index(sampler) else DPA_XOSHIRO256PP
        self.names = tuple([column["name"] for column in columns])
        self.shapes = tuple([tuple(column["shape"]) for column in columns])
        self.choices = tuple([column["choices"] for column in columns])
        self.needs = tuple([tuple(column["needs"]) for column in columns])
        self.columns = len(columns)
        self.uniforms = uniforms
        self.skip = skip
        self.plain = not uniforms
        self.column = <dpa_column *> calloc(self.columns + 1, sizeof(dpa_column))
        self.thresholds = <uint64_t *> malloc(
            8 * sum([len(column.get("thresholds", ())) for column in columns]) + 8)
        if self.column == NULL or self.thresholds == NULL:
            raise MemoryError
        cdef uint64_t *free_threshold = self.thresholds
        cdef size_t c
        for c in range(self.columns):
            free_threshold = self.declare(&self.column[c], columns[c], free_threshold)
            if self.column[c].kind > DPA_BETA or self.shapes[c] or self.needs[c]:
                self.plain = False

    cdef uint64_t *declare(self, dpa_column *column, dict said, uint64_t *thresholds) except NULL:
        cdef bytes name = said["name"].encode()
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
        self.sample_bytes += (size_of(column) * width_of(column.kind) + 7) & ~<size_t> 7
        return thresholds

    def __dealloc__(self):
        free(self.column)
        free(self.thresholds)

    cdef void describe(self, dpa_request *request) noexcept:
        request.depth = self.depth
        request.sampler = self.sampler
        request.skip = self.skip
        request.columns = self.uniforms if self.uniforms else self.columns
        request.column = NULL if self.uniforms else self.column


cdef class _Buffers:
    """Arrays that stay acquired as long as this lives."""
    cdef Py_buffer *views
    cdef size_t acquired, room

    def __cinit__(self, size_t room):
        self.room = room
        self.views = <Py_buffer *> malloc(room * sizeof(Py_buffer))
        if self.views == NULL:
            raise MemoryError

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


cdef class Request:
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
    cdef _Buffers buffers
    cdef void **pointers

    def __cinit__(self, Plan plan not None, bytes prefix not None, ids, Py_ssize_t size, digests,
                  values):
        check_engine()
        cdef dpa_request *request = &self.request
        cdef size_t columns = plan.columns, c
        cdef Py_buffer *view
        self.engine = ENGINE
        self.plan = plan
        self.prefix = prefix
        self.size = size
        self.buffers = _Buffers(columns + 4)
        self.pointers = <void **> malloc((columns + 1) * sizeof(void *))
        if self.pointers == NULL:
            raise MemoryError
        plan.describe(request)
        request.values = self.pointers
        self.buffers.take_keys(&request.keys, prefix, ids, size)
        if digests is not None:
            request.digests = self.buffers.take(
                digests, "digests", b"B", size * DPA_DIGEST_SIZE, True).buf
        if isinstance(values, tuple):
            self.take_columns(values)
        elif plan.uniforms:
            self.pointers[0] = self.buffers.take(
                values, "values", b"d", size * plan.uniforms, True).buf
        elif not plan.plain:
            raise ValueError("columns that are no single real numbers need arrays of their own")
        elif columns > 0:
            view = self.buffers.take(values, "values", b"df", columns * size, True)
            request.single_precision = view.itemsize == 4
            for c in range(columns):
                self.pointers[c] = <char *> view.buf + c * size * view.itemsize

    cdef int take_columns(self, tuple values) except -1:
        cdef dpa_column *column
        cdef Py_buffer *view
        cdef int item = 0  # bytes of a real number
        cdef size_t c
        if <size_t> len(values) != self.plan.columns:
            raise ValueError(f"values must be {self.plan.columns} columns, got {len(values)}")
        for c in range(self.plan.columns):
            column = &self.plan.column[c]
            view = self.buffers.take(values[c], self.plan.names[c], format_of(column.kind),
                                     self.size * size_of(column), True)
            self.pointers[c] = view.buf
            if column.kind <= DPA_BETA:
                if item and item != view.itemsize:
                    raise ValueError("the columns must share one dtype, float64 or float32")
                item = view.itemsize
        self.request.single_precision = item == 4
        return 0

    def __dealloc__(self):
        free(self.pointers)

    def fill(self, Py_ssize_t first, Py_ssize_t count) -> None:
        """Makes the samples first .. first + count - 1."""
        if not 0 <= first <= first + count <= self.size:
            raise IndexError(f"span {first}+{count} of {self.size} samples")
        run(&self.engine, &self.request, first, count, True)


def leaf_sum(bytes prefix not None, ids, Py_ssize_t size, digests, tuple values not None) -> int:
    """The sum of the samples' leaves. ids as for Request; values: arrays (n, ...), no float32."""
    check_engine()
    cdef size_t columns = len(values), c
    cdef _Buffers buffers = _Buffers(columns + 3)
    cdef dpa_keys keys
    cdef const void *hashes
    cdef uint64_t total[4]
    cdef Py_buffer *view
    memset(&keys, 0, sizeof(keys))
    memset(total, 0, sizeof(total))
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

cdef enum:
    FEW = 64  # columns of a dict that need no memory but the stack's


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


cdef int run_one(Plan plan, bytes prefix, sample_id, size_t columns, void **values,
                 uint8_t *digest) except -1:
    """One sample; sample_id is an int, or the bytes that end its key."""
    cdef dpa_request request
    cdef int64_t offsets[2]
    cdef bytes text
    check_engine()
    plan.describe(&request)
    request.keys.prefix = <const uint8_t *> PyBytes_AsString(prefix)
    request.keys.prefix_size = PyBytes_Size(prefix)
    request.keys.text = NULL
    request.keys.ids = NULL
    if isinstance(sample_id, bytes):
        text = sample_id
        offsets[0] = 0
        offsets[1] = PyBytes_Size(text)
        request.keys.text = <const uint8_t *> PyBytes_AsString(text)
        request.keys.offsets = offsets
    else:
        request.keys.start = sample_id
    request.columns = columns
    request.values = values
    request.single_precision = False
    request.digests = <void *> digest
    # A microsecond is too short to give the GIL away; a deep chain is not.
    return run(&ENGINE, &request, 0, 1, plan.depth > DPA_TABLE_LINKS)


cdef object value_at(dpa_kind kind, const void *values, size_t i, tuple choices):
    """One value as a Python object."""
    if kind <= DPA_BETA:
        return (<const double *> values)[i]
    if kind == DPA_BERNOULLI:
        return (<const uint8_t *> values)[i] != 0
    if kind == DPA_INTEGERS:
        return (<const int64_t *> values)[i]
    if kind == DPA_SEED:
        return (<const uint64_t *> values)[i]
    return choices[(<const int32_t *> values)[i]]


cdef object shaped(list items, tuple shape):
    """A flat list as nested lists."""
    for side in reversed(shape[1:]):
        items = [items[i:i + side] for i in range(0, len(items), side)]
    return items


cdef bint is_active(Plan plan, size_t c, void **values) except -1:
    """Whether the columns on which column c depends hold what it needs."""
    cdef size_t gate
    for pair in plan.needs[c]:
        gate = pair[0]
        if plan.column[gate].kind == DPA_BERNOULLI:
            if (<const uint8_t *> values[gate])[0] != pair[1]:
                return False
        elif (<const int32_t *> values[gate])[0] != pair[1]:
            return False
    return True


cdef int put_values(dict result, Plan plan, void **values) except -1:
    """Adds the active values of one sample."""
    cdef dpa_column *column
    cdef size_t c, i
    for c in range(plan.columns):
        column = &plan.column[c]
        if plan.plain:
            result[plan.names[c]] = (<const double *> values[c])[0]
        elif not plan.needs[c] or is_active(plan, c, values):
            if not plan.shapes[c]:
                result[plan.names[c]] = value_at(column.kind, values[c], 0, plan.choices[c])
                continue
            result[plan.names[c]] = shaped(
                [value_at(column.kind, values[c], i, plan.choices[c])
                 for i in range(size_of(column))], plan.shapes[c])
    return 0


def params(Plan plan not None, bytes prefix not None, sample_id, rank=None) -> dict:
    """One sample as a dict. sample_id is an int below 2^64, or the bytes that end its key."""
    cdef uint64_t few_values[FEW]
    cdef void *few_pointers[FEW]
    cdef void *memory = NULL
    cdef void **pointers = few_pointers
    cdef char *values = <char *> few_values
    cdef uint8_t digest[DPA_DIGEST_SIZE]
    cdef dict result = {}
    cdef size_t c
    if plan.columns > FEW or plan.sample_bytes > sizeof(few_values):
        memory = malloc(plan.columns * sizeof(void *) + plan.sample_bytes)
        if memory == NULL:
            raise MemoryError
        pointers = <void **> memory
        values = <char *> memory + plan.columns * sizeof(void *)
    try:
        for c in range(plan.columns):
            pointers[c] = values
            values += (size_of(&plan.column[c]) * width_of(plan.column[c].kind) + 7) & ~<size_t> 7
        run_one(plan, prefix, sample_id, plan.columns, pointers, digest)
        put_values(result, plan, pointers)
    finally:
        free(memory)
    result["hash"] = hex_text(digest)
    if rank is not None:
        result["rank"] = rank
    return result


def half_sine(double x) -> float:
    """sin(pi x / 2) of 0 to 1, by the frozen polynomial."""
    return dpa_half_sine(x)


def normal_quantile(double u) -> float:
    """The number below which a share u of the standard normal lies, 0 < u < 1."""
    return dpa_normal_quantile(u)


def seed_hash(Plan plan not None, bytes prefix not None, sample_id) -> str:
    """The hash of one sample. sample_id as in params."""
    cdef uint8_t digest[DPA_DIGEST_SIZE]
    run_one(plan, prefix, sample_id, 0, NULL, digest)
    return hex_text(digest)


dpa_links_init(&LINKS)
try:
    choose_kernel(os.environ.get("DPA_KERNEL") or None)
except ValueError as error:  # import and `dpa info` work all the same; generation raises
    PROBLEM = f"DPA_KERNEL: {error}"
