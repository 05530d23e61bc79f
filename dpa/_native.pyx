# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: embedsignature=False, freethreading_compatible=True
"""The border to C for making samples: kernels, plans, requests, one sample at a time."""

import os

from cpython.buffer cimport PyBuffer_Release
from cpython.bytes cimport PyBytes_AsString, PyBytes_Size
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memset

from dpa._border cimport MAX_COLUMNS, acquire, hex_text
from dpa._csrc cimport (
    DPA_BROKEN_KERNEL, DPA_DIGEST_SIZE, DPA_MAX_DEPTH, DPA_MT19937, DPA_OK, DPA_SCRATCH_ALIGN,
    DPA_TABLE_LINKS, DPA_XOSHIRO256PP, dpa_add_leaves, dpa_cpu_features, dpa_engine,
    dpa_engine_choose, dpa_engine_name, dpa_generate, dpa_kernel_count, dpa_kernel_name,
    dpa_kernel_usable, dpa_links, dpa_links_init, dpa_request, dpa_sampler, dpa_scratch_size,
    dpa_status,
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


# ---- Requests ----

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
    request.stride = 1
    request.single_precision = False
    request.digests = <void *> digest
    # A microsecond is too short to give the GIL away; a deep chain is not.
    return run(&ENGINE, &request, 0, 1, plan.depth > DPA_TABLE_LINKS)


def params(Plan plan not None, bytes prefix not None, sample_id, rank=None) -> dict:
    """One sample as a dict. sample_id is an int below 2^64, or the bytes that end its key."""
    cdef double values[MAX_COLUMNS]
    cdef void *pointers[MAX_COLUMNS]
    cdef uint8_t digest[DPA_DIGEST_SIZE]
    cdef size_t c
    if plan.columns > MAX_COLUMNS:
        raise ValueError(f"a dict holds at most {MAX_COLUMNS} columns, got {plan.columns}")
    for c in range(plan.columns):
        pointers[c] = &values[c]
    run_one(plan, prefix, sample_id, plan.columns, pointers, digest)
    cdef dict result = {}
    for c in range(plan.columns):
        result[plan.names[c]] = values[c]
    result["hash"] = hex_text(digest)
    if rank is not None:
        result["rank"] = rank
    return result


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
