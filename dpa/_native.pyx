# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: embedsignature=False, freethreading_compatible=True
"""The border to C: check buffers, release the GIL, one C call per span, return."""

import os

from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer,
)
from cpython.bytes cimport PyBytes_AsString, PyBytes_FromStringAndSize, PyBytes_Size
from cpython.dict cimport PyDict_Copy, PyDict_SetItem
from cpython.float cimport PyFloat_FromDouble
from cpython.list cimport PyList_New
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset, strchr


cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL
    str PyUnicode_FromStringAndSize(const char *bytes, Py_ssize_t size)
    int PyList_SetItem(object items, Py_ssize_t index, object item) except -1  # steals item
    void Py_INCREF(object)
    void PyObject_GC_UnTrack(void *)
    void PyObject_GC_Track(void *)
    bint PyLong_CheckExact(object)
    unsigned long long PyLong_AsUnsignedLongLong(object number) except? -1


cdef extern from "dpa_derivation.h" nogil:
    enum: DPA_DIGEST_SIZE, DPA_MAX_DEPTH, DPA_SCRATCH_ALIGN, DPA_TABLE_LINKS
    ctypedef enum dpa_status:
        DPA_OK, DPA_BROKEN_KERNEL
    ctypedef enum dpa_sampler:
        DPA_XOSHIRO256PP, DPA_MT19937
    ctypedef struct dpa_engine:
        pass
    ctypedef struct dpa_links:
        pass
    ctypedef struct dpa_keys:
        const uint8_t *prefix
        size_t prefix_size
        const uint8_t *text
        const int64_t *offsets
        const uint64_t *ids
        uint64_t start
    ctypedef struct dpa_request:
        dpa_keys keys
        uint32_t depth
        dpa_sampler sampler
        uint64_t skip
        size_t columns
        const double *low
        const double *high
        void **values
        Py_ssize_t stride
        bint single_precision
        void *digests
    size_t dpa_kernel_count()
    const char *dpa_kernel_name(size_t index)
    bint dpa_kernel_usable(size_t index)
    const char *dpa_engine_name(const dpa_engine *engine)
    const char *dpa_cpu_features(char *text, size_t size)
    dpa_status dpa_engine_choose(dpa_engine *engine, const char *name)
    void dpa_links_init(dpa_links *links)
    size_t dpa_scratch_size(const dpa_engine *engine, const dpa_request *request, size_t count)
    void dpa_generate(const dpa_engine *engine, const dpa_links *links, const dpa_request *request,
                      size_t first, size_t count, void *scratch)
    void dpa_hex(const uint8_t *digest, char *text)


cdef extern from "dpa_columns.h" nogil:
    enum: DPA_MOMENTS_BLOCK, DPA_SHORTEST_SIZE
    ctypedef struct dpa_moments:
        double mean, squares, min, max
    void dpa_add_leaves(const dpa_engine *engine, const dpa_keys *keys, size_t first, size_t count,
                        const void *digests, const double *const *values, size_t columns,
                        uint64_t *sum)
    void dpa_block_moments(const double *values, size_t count, dpa_moments *moments)
    size_t dpa_shortest(double value, char *text)


cdef extern from "dpa_image.h" nogil:
    enum: DPA_NOISE_TABLE
    ctypedef enum dpa_pixel:
        DPA_UINT8, DPA_UINT16, DPA_FLOAT32
    ctypedef struct dpa_tone:
        float gain, offset, stdev
    void dpa_noise(const uint8_t *digest, const float *table, float *out, size_t count)
    void dpa_apply_tone(dpa_pixel type, void *pixels, size_t count, const dpa_tone *tone,
                        const uint8_t *digest, const float *table)


MAX_DEPTH = DPA_MAX_DEPTH
MOMENTS_BLOCK = DPA_MOMENTS_BLOCK
SAMPLERS = ("xoshiro256++", "mt19937")  # in the order of dpa_sampler

cdef enum:
    MAX_COLUMNS = 256  # of a dict; arrays have no limit

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
    CHECKED = 97, CHECKED_COLUMNS = 3  # a batch of samplers' lanes and a rest


cdef bint check_samples(dpa_engine *engine) except -1:
    """The engine against the portable one, from keys to columns, with both samplers."""
    cdef dpa_engine portable
    cdef dpa_request request
    cdef double low[CHECKED_COLUMNS]
    cdef double high[CHECKED_COLUMNS]
    cdef double values[2][CHECKED_COLUMNS][CHECKED]
    cdef uint8_t digests[2][CHECKED][DPA_DIGEST_SIZE]
    cdef void *columns[CHECKED_COLUMNS]
    cdef int sampler, side, c
    if dpa_engine_choose(&portable, b"portable") != DPA_OK:
        return False
    for c in range(CHECKED_COLUMNS):
        low[c] = -c - 0.3
        high[c] = c + 0.7
    memset(&request, 0, sizeof(request))
    request.keys.prefix = b"7:1:"
    request.keys.prefix_size = 4
    request.keys.start = 95
    request.depth = 2
    request.columns = CHECKED_COLUMNS
    request.low = low
    request.high = high
    request.values = columns
    request.stride = 1
    for sampler in range(2):
        request.sampler = DPA_MT19937 if sampler else DPA_XOSHIRO256PP
        for side in range(2):
            request.digests = <void *> digests[side]
            for c in range(CHECKED_COLUMNS):
                columns[c] = values[side][c]
            run(&portable if side else engine, &request, 0, CHECKED, False)
        if (memcmp(digests[0], digests[1], sizeof(digests[0])) != 0
                or memcmp(values[0], values[1], sizeof(values[0])) != 0):
            return False
    return True


# ---- Buffers ----

cdef list hidden_list(Py_ssize_t size):
    """A list of NULLs that no gc callback can see, and die of; its maker tracks it when full."""
    cdef list result = PyList_New(size)
    PyObject_GC_UnTrack(<void *> result)
    return result


cdef int acquire(Py_buffer *view, object source, str name, const char *formats, Py_ssize_t size,
                 bint writable) except -1:
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


cdef class Plan:
    """What to make of a sample: the chain's depth, the sampler, and named columns with bounds."""
    cdef readonly tuple names
    cdef uint32_t depth
    cdef dpa_sampler sampler
    cdef uint64_t skip
    cdef size_t columns
    cdef double *low
    cdef double *high

    def __cinit__(self, uint32_t depth, str sampler not None, tuple names not None,
                  bounds, uint64_t skip=0):
        if len(bounds) != len(names):
            raise ValueError(f"{len(names)} columns need as many bounds, got {len(bounds)}")
        self.names = names
        self.depth = depth
        self.sampler = DPA_MT19937 if SAMPLERS.index(sampler) else DPA_XOSHIRO256PP
        self.skip = skip
        self.columns = len(names)
        self.low = <double *> malloc(2 * self.columns * sizeof(double) + 1)
        if self.low == NULL:
            raise MemoryError
        self.high = self.low + self.columns
        for i, (low, high) in enumerate(bounds):
            self.low[<Py_ssize_t> i] = low
            self.high[<Py_ssize_t> i] = high

    def __dealloc__(self):
        free(self.low)

    cdef void describe(self, dpa_request *request) noexcept:
        request.depth = self.depth
        request.sampler = self.sampler
        request.skip = self.skip
        request.columns = self.columns
        request.low = self.low
        request.high = self.high


cdef class Request:
    """Samples to make or to check: keys, a digest array (n, 32) and one array per column.

    ids is the first of consecutive integers, an array of uint64, or UTF-8 with its offsets,
    int64 (n + 1,), which must ascend within it; digests is None or an array; values is an
    array (columns, n) or a tuple of arrays (n,).
    The buffers stay acquired as long as the request lives.
    """
    cdef dpa_request request
    cdef dpa_engine engine
    cdef Py_ssize_t size
    cdef Plan plan
    cdef bytes prefix
    cdef Py_buffer *views
    cdef int acquired
    cdef void **pointers

    def __cinit__(self, Plan plan not None, bytes prefix not None, ids, Py_ssize_t size, digests,
                  values, *, bint writable=True, bint interleaved=False):
        check_engine()
        cdef dpa_request *request = &self.request
        cdef Py_ssize_t columns = plan.columns, c, step
        cdef size_t arrays = columns + 3
        self.engine = ENGINE
        self.plan = plan
        self.prefix = prefix
        self.size = size
        self.views = <Py_buffer *> malloc(
            arrays * sizeof(Py_buffer) + arrays * sizeof(void *))
        if self.views == NULL:
            raise MemoryError
        self.pointers = <void **> (self.views + arrays)
        plan.describe(request)
        request.keys.prefix = <const uint8_t *> PyBytes_AsString(prefix)
        request.keys.prefix_size = PyBytes_Size(prefix)
        request.values = self.pointers
        request.stride = columns if interleaved else 1
        if isinstance(ids, tuple):
            utf8, offsets = ids
            request.keys.text = <const uint8_t *> self.take(utf8, "ids", "B", len(utf8), False).buf
            request.keys.offsets = <const int64_t *> self.take(
                offsets, "offsets", "lq", size + 1, False).buf
        elif isinstance(ids, int):
            request.keys.start = ids
        else:
            request.keys.ids = <const uint64_t *> self.take(ids, "ids", "LQ", size, False).buf
        if digests is not None:
            request.digests = self.take(
                digests, "digests", "B", size * DPA_DIGEST_SIZE, writable).buf
        cdef Py_buffer *view
        if isinstance(values, tuple):
            if len(values) != columns:
                raise ValueError(f"values must be {columns} columns, got {len(values)}")
            for c in range(columns):
                view = self.take(values[c], plan.names[c], "df", size, writable)
                self.pointers[c] = view.buf
                if c > 0 and request.single_precision != (view.itemsize == 4):
                    raise ValueError("the columns must share one dtype, float64 or float32")
                request.single_precision = view.itemsize == 4
        elif columns > 0:
            view = self.take(values, "values", "df", columns * size, writable)
            request.single_precision = view.itemsize == 4
            step = view.itemsize * (1 if interleaved else size)
            for c in range(columns):
                self.pointers[c] = <char *> view.buf + c * step

    cdef Py_buffer *take(self, object source, str name, const char *formats, Py_ssize_t size,
                         bint writable) except NULL:
        cdef Py_buffer *view = &self.views[self.acquired]
        acquire(view, source, name, formats, size, writable)
        self.acquired += 1
        return view

    def __dealloc__(self):
        for i in range(self.acquired):
            PyBuffer_Release(&self.views[i])
        free(self.views)

    def fill(self, Py_ssize_t first, Py_ssize_t count) -> None:
        """Makes the samples first .. first + count - 1."""
        if not 0 <= first <= first + count <= self.size:
            raise IndexError(f"span {first}+{count} of {self.size} samples")
        run(&self.engine, &self.request, first, count, True)

    def leaf_sum(self) -> int:
        """The sum of all samples' leaves; the columns must be float64."""
        cdef uint64_t total[4]
        cdef int i
        total[:] = [0, 0, 0, 0]
        if (self.request.single_precision or self.request.stride != 1
                or self.request.digests == NULL):
            raise ValueError("leaves are made of digests and float64 columns")
        with nogil:
            dpa_add_leaves(&self.engine, &self.request.keys, 0, self.size,
                           <const void *> self.request.digests,
                           <const double *const *> self.request.values,
                           self.request.columns, total)
        return sum([int(total[i]) << 64 * i for i in range(4)])


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


cdef str hex_text(const uint8_t *digest):
    cdef char text[2 * DPA_DIGEST_SIZE]
    dpa_hex(digest, text)
    return PyUnicode_FromStringAndSize(text, sizeof(text))


cdef int run_one(Plan plan, bytes prefix, seed_id, size_t columns, void **values,
                 uint8_t *digest) except -1:
    """One sample; seed_id is an int, or the bytes that end its key."""
    cdef dpa_request request
    cdef int64_t offsets[2]
    cdef bytes text
    check_engine()
    plan.describe(&request)
    request.keys.prefix = <const uint8_t *> PyBytes_AsString(prefix)
    request.keys.prefix_size = PyBytes_Size(prefix)
    request.keys.text = NULL
    request.keys.ids = NULL
    if isinstance(seed_id, bytes):
        text = seed_id
        offsets[0] = 0
        offsets[1] = PyBytes_Size(text)
        request.keys.text = <const uint8_t *> PyBytes_AsString(text)
        request.keys.offsets = offsets
    else:
        request.keys.start = seed_id
    request.columns = columns
    request.values = values
    request.stride = 1
    request.single_precision = False
    request.digests = <void *> digest
    # A microsecond is too short to give the GIL away; a deep chain is not.
    return run(&ENGINE, &request, 0, 1, plan.depth > DPA_TABLE_LINKS)


def params(Plan plan not None, bytes prefix not None, seed_id, rank=None) -> dict:
    """One sample as a dict. seed_id is an int below 2^64, or the bytes that end its key."""
    cdef double values[MAX_COLUMNS]
    cdef void *pointers[MAX_COLUMNS]
    cdef uint8_t digest[DPA_DIGEST_SIZE]
    cdef size_t c
    if plan.columns > MAX_COLUMNS:
        raise ValueError(f"a dict holds at most {MAX_COLUMNS} columns, got {plan.columns}")
    for c in range(plan.columns):
        pointers[c] = &values[c]
    run_one(plan, prefix, seed_id, plan.columns, pointers, digest)
    cdef dict result = {}
    for c in range(plan.columns):
        result[plan.names[c]] = values[c]
    result["hash"] = hex_text(digest)
    if rank is not None:
        result["rank"] = rank
    return result


def seed_hash(Plan plan not None, bytes prefix not None, seed_id) -> str:
    """The hash of one sample. seed_id as in params."""
    cdef uint8_t digest[DPA_DIGEST_SIZE]
    run_one(plan, prefix, seed_id, 0, NULL, digest)
    return hex_text(digest)


def dicts(tuple names not None, values, digests not None, Py_ssize_t size, rank=None) -> list:
    """Columns as a list of dicts. values as in Request, of float64."""
    cdef Py_ssize_t columns = len(names), acquired = 0, c, i
    cdef Py_buffer views[1 + MAX_COLUMNS]
    cdef const double *column[MAX_COLUMNS]
    cdef dict template = dict.fromkeys((*names, "hash"))
    cdef const uint8_t *digest
    cdef list result
    cdef dict row
    if columns > MAX_COLUMNS:
        raise ValueError(f"a dict holds at most {MAX_COLUMNS} columns, got {columns}")
    if len(values) != columns:
        raise ValueError(f"values must be {columns} columns, got {len(values)}")
    if rank is not None:
        template["rank"] = rank
    try:
        acquire(&views[0], digests, "digests", "B", size * DPA_DIGEST_SIZE, False)
        acquired = 1
        for c in range(columns):
            acquire(&views[c + 1], values[c], names[c], "d", size, False)
            acquired += 1
            column[c] = <const double *> views[c + 1].buf
        digest = <const uint8_t *> views[0].buf
        result = hidden_list(size)
        for i in range(size):
            row = PyDict_Copy(template)
            for c in range(columns):
                PyDict_SetItem(row, names[c], PyFloat_FromDouble(column[c][i]))
            PyDict_SetItem(row, "hash", hex_text(digest + i * DPA_DIGEST_SIZE))
            Py_INCREF(row)
            PyList_SetItem(result, i, row)
        PyObject_GC_Track(<void *> result)
        return result
    finally:
        for c in range(acquired):
            PyBuffer_Release(&views[c])


# ---- Text ----

def shortest(values) -> list[str]:
    """Each item of a float64 array (n,) as repr writes it."""
    cdef Py_buffer view
    cdef char text[DPA_SHORTEST_SIZE]
    cdef Py_ssize_t i, size = len(values)
    cdef size_t length
    cdef double value
    cdef str item
    cdef list result = hidden_list(size)
    acquire(&view, values, "values", "d", size, False)
    try:
        for i in range(size):
            value = (<const double *> view.buf)[i]
            length = dpa_shortest(value, text)
            item = PyUnicode_FromStringAndSize(text, length) if length else repr(value)
            Py_INCREF(item)
            PyList_SetItem(result, i, item)
        PyObject_GC_Track(<void *> result)
        return result
    finally:
        PyBuffer_Release(&view)


# ---- Statistics ----

def moments(values) -> list[tuple[int, float, float, float, float]]:
    """(count, mean, squared deviations, min, max) of each block of a float64 array (n,)."""
    cdef Py_buffer view
    cdef dpa_moments block
    cdef Py_ssize_t first, count, size = len(values)
    cdef list result = []
    acquire(&view, values, "values", "d", size, False)
    try:
        for first in range(0, size, DPA_MOMENTS_BLOCK):
            count = min(size - first, <Py_ssize_t> DPA_MOMENTS_BLOCK)
            with nogil:
                dpa_block_moments(<const double *> view.buf + first, count, &block)
            result.append((count, block.mean, block.squares, block.min, block.max))
        return result
    finally:
        PyBuffer_Release(&view)


# ---- Pixels ----

cdef const uint8_t *digest_bytes(bytes digest) except NULL:
    if PyBytes_Size(digest) != DPA_DIGEST_SIZE:
        raise ValueError(f"digest must have {DPA_DIGEST_SIZE} bytes, got {PyBytes_Size(digest)}")
    return <const uint8_t *> PyBytes_AsString(digest)


def noise(bytes digest not None, table, out) -> None:
    """Fills a float32 array with the noise of a digest."""
    cdef const uint8_t *seed = digest_bytes(digest)
    cdef Py_ssize_t size = out.size
    cdef Py_buffer normals, view
    acquire(&normals, table, "table", "f", DPA_NOISE_TABLE, False)
    try:
        acquire(&view, out, "out", "f", size, True)
        with nogil:
            dpa_noise(seed, <const float *> normals.buf, <float *> view.buf, size)
        PyBuffer_Release(&view)
    finally:
        PyBuffer_Release(&normals)


def apply_tone(pixels, float gain, float offset, float stdev=0.0, bytes digest=None,
               table=None) -> None:
    """Makes of each pixel, uint8, uint16 or float32, gain * pixel + offset + stdev * noise.

    The noise is that of the digest; without one there is none.
    """
    cdef const uint8_t *seed = NULL
    cdef dpa_tone tone = dpa_tone(gain, offset, stdev)
    cdef Py_ssize_t size = pixels.size
    cdef dpa_pixel type = DPA_FLOAT32
    cdef Py_buffer normals, view
    normals.buf = NULL
    if digest is not None:
        seed = digest_bytes(digest)
        acquire(&normals, table, "table", "f", DPA_NOISE_TABLE, False)
    try:
        acquire(&view, pixels, "pixels", "BHf", size, True)
        if view.itemsize < 4:
            type = DPA_UINT8 if view.itemsize == 1 else DPA_UINT16
        with nogil:
            dpa_apply_tone(type, view.buf, size, &tone, seed, <const float *> normals.buf)
        PyBuffer_Release(&view)
    finally:
        if seed != NULL:
            PyBuffer_Release(&normals)


dpa_links_init(&LINKS)
try:
    choose_kernel(os.environ.get("DPA_KERNEL") or None)
except ValueError as error:  # import and `dpa info` work all the same; generation raises
    PROBLEM = f"DPA_KERNEL: {error}"
