# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: embedsignature=False, freethreading_compatible=True
"""The border to C for pixels: where a map takes them from, their tone and their noise."""

import os

from cpython.buffer cimport PyBuffer_Release
from cpython.bytes cimport PyBytes_AsString, PyBytes_Size
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

from dpa._border cimport acquire
from dpa._csrc cimport (
    DPA_BROKEN_KERNEL, DPA_COPIES, DPA_DIGEST_SIZE, DPA_EDGE, DPA_FILL, DPA_FITS, DPA_FLOAT32,
    DPA_GAMMA_TABLE, DPA_MAX_SIDE, DPA_MIXES, DPA_NO_COLOURS, DPA_NO_MAP, DPA_NOISE_TABLE,
    DPA_NOISY, DPA_OK, DPA_REFLECT, DPA_STAYS, DPA_UINT16, DPA_UINT8, DPA_UNUSABLE_KERNEL,
    dpa_apply_gamma, dpa_apply_steps, dpa_apply_tone, dpa_augment, dpa_effect, dpa_fit,
    dpa_frame, dpa_image_choose, dpa_image_level, dpa_image_loops, dpa_interpolation, dpa_map,
    dpa_mean, dpa_noise, dpa_noise_key, dpa_pixel, dpa_place_map, dpa_placement, dpa_prepare,
    dpa_status, dpa_steps, dpa_tone, dpa_turn_map, dpa_warp, dpa_warp_image,
    dpa_warp_possible,
)

MAX_SIDE = DPA_MAX_SIDE
INTERPOLATIONS = ("linear", "nearest", "cubic")  # in the order of dpa_interpolation
EFFECT = sizeof(dpa_effect) // sizeof(double)  # numbers of a sample's parameters
STEPS = sizeof(dpa_steps) // sizeof(uint64_t)  # and words of what they become
NOISY, MIXES, COPIES = DPA_NOISY, DPA_MIXES, DPA_COPIES  # the flags in these

cdef const dpa_image_loops *LOOPS = NULL
cdef str PROBLEM = None  # why there are no loops, where there are none


# ---- Loops ----

def choose_loops(kernel: str | None) -> None:
    """Makes all further calls use the loops of the kernel's vector level (None: the widest).

    Raises ValueError where there is no such kernel, this CPU cannot run its loops or they fail
    their self-test; the loops in use then stay.
    """
    global LOOPS, PROBLEM
    cdef bytes encoded = (kernel or "").encode()
    cdef const char *wanted = NULL
    if kernel is not None:
        wanted = encoded
    cdef const dpa_image_loops *loops = NULL
    cdef dpa_status status = dpa_image_choose(&loops, wanted)
    if status == DPA_BROKEN_KERNEL:
        raise ValueError(f"the loops over pixels of kernel {kernel!r} make wrong bits here")
    if status != DPA_OK:
        why = "cannot run here" if status == DPA_UNUSABLE_KERNEL else "does not exist"
        raise ValueError(f"kernel {kernel!r} {why}; dpa.kernels() has those that can")
    LOOPS = loops
    PROBLEM = None


def level() -> str:
    """The vector level in use: portable, sse41, neon, avx2, avx512 or vbmi."""
    check_loops()
    return dpa_image_level(LOOPS).decode()


cdef int check_loops() except -1:
    if PROBLEM is not None:
        raise ValueError(PROBLEM)
    return 0


# ---- Buffers ----

cdef class _Buffers:
    """Arrays that stay acquired as long as this lives."""
    cdef Py_buffer views[5]
    cdef int acquired

    cdef void *take(self, source, str name, const char *formats, Py_ssize_t size,
                    bint writable=False) except NULL:
        cdef Py_buffer *view = &self.views[self.acquired]
        assert self.acquired < 5
        acquire(view, source, name, formats, size, writable)
        self.acquired += 1
        return view.buf

    cdef void *pixels(self, source, str name, Py_ssize_t size, dpa_pixel *type,
                      bint writable=False) except NULL:
        """Those of uint8, uint16 or float32."""
        cdef void *buf = self.take(source, name, "BHf", size, writable)
        cdef Py_ssize_t value = self.views[self.acquired - 1].itemsize
        type[0] = DPA_UINT8 if value == 1 else DPA_UINT16 if value == 2 else DPA_FLOAT32
        return buf

    cdef const float *normals(self, table) except NULL:
        return <const float *> self.take(table, "table", "f", DPA_NOISE_TABLE)

    cdef const float *normals_for(self, make_table, const dpa_steps *steps,
                                  Py_ssize_t count) except? NULL:
        """NULL where no steps have noise; else make_table, which takes long at first, is called."""
        cdef Py_ssize_t i
        for i in range(count):
            if steps[i].flags & DPA_NOISY:
                return self.normals(make_table())
        return NULL

    def __dealloc__(self):
        cdef int i
        for i in range(self.acquired):
            PyBuffer_Release(&self.views[i])


# ---- Maps ----

cdef tuple integers(const dpa_map *made):
    return made.xx, made.xy, made.yx, made.yy, made.x, made.y


def turn_map(double rotation, double scale) -> tuple[int, int, int, int, int, int]:
    """The map of a rotation (degrees) and a zoom about the centre. ValueError: out of range."""
    cdef dpa_map made
    if not dpa_turn_map(rotation, scale, &made):
        raise ValueError(f"no map has a rotation of {rotation} and a scale of {scale}")
    return integers(&made)


def place_map(size, out, double rotation=0.0, double scale=1.0, double shear_x=0.0,
              double shear_y=0.0, double translate_x=0.0, double translate_y=0.0,
              bint flip_horizontal=False, bint flip_vertical=False,
              crop=None) -> tuple[int, int, int, int, int, int]:
    """The map of all that moves a picture of `size` (height, width) into one of size `out`.

    In this order: crop (area, ratio, x, y) resized to `out`, flips, zoom and rotation, shear
    (degrees), translation (parts of `out`). ValueError: out of range.
    """
    cdef dpa_map made
    cdef dpa_placement p
    cdef bint possible = False
    p.rotation, p.scale = rotation, scale
    p.shear_x, p.shear_y = shear_x, shear_y
    p.translate_x, p.translate_y = translate_x, translate_y
    p.flip_horizontal, p.flip_vertical = flip_horizontal, flip_vertical
    p.cropped = crop is not None
    p.area, p.ratio, p.position_x, p.position_y = crop if p.cropped else (1.0, 1.0, 0.5, 0.5)
    if not (1 <= min(*size, *out) and max(*size, *out) <= DPA_MAX_SIDE):
        raise ValueError(f"sides must be 1 to {DPA_MAX_SIDE} pixels, got {size} to {out}")
    cdef dpa_warp plan
    plan.height, plan.width = size
    plan.out_height, plan.out_width = out
    if dpa_place_map(&p, size[0], size[1], out[0], out[1], &made):
        plan.map = made
        possible = dpa_warp_possible(&plan)
    if not possible:
        raise ValueError(f"no map takes a picture of {size} to {out} in this way: out of range")
    return integers(&made)


# ---- Warp ----

def warp(image, result, tuple numbers not None, int interpolation, border,
         bytes fill=None, bint planes=False) -> None:
    """Fills result, an array H2xW2[xC] of the image's dtype, from image, HxW[xC].

    `numbers`: the six of a map. `border`: "reflect", "edge", or None where `fill`, the bytes of
    a pixel, lies outside. `planes`: the arrays are CxHxW. Raises ValueError for sides or a map
    out of range.
    """
    cdef dpa_warp plan
    cdef dpa_pixel other
    cdef _Buffers buffers = _Buffers()
    cdef const void *source
    cdef void *target
    cdef Py_ssize_t size = image.size
    cdef tuple sides = image.shape, out_sides = result.shape
    if not 2 + planes <= len(sides) <= 3 or len(out_sides) != len(sides):
        raise ValueError(f"image and result must be HxW, HxWxC or, as planes, CxHxW, got {sides} "
                         f"and {out_sides}")
    xx, xy, yx, yy, x, y = numbers
    plan.map = dpa_map(xx, xy, yx, yy, x, y)
    plan.height, plan.width = sides[planes], sides[planes + 1]
    plan.out_height, plan.out_width = out_sides[planes], out_sides[planes + 1]
    plan.planes = sides[0] if planes else 1
    plan.channels = size // (plan.planes * plan.height * plan.width) if size else 0
    if not 0 <= interpolation < len(INTERPOLATIONS) or border not in ("reflect", "edge", None):
        raise ValueError(f"no interpolation {interpolation} or no border {border!r}")
    plan.interpolation = <dpa_interpolation> interpolation
    plan.border = DPA_REFLECT if border == "reflect" else DPA_EDGE if border == "edge" else DPA_FILL
    plan.fill = NULL
    if not dpa_warp_possible(&plan):
        raise ValueError(
            f"sides must be 1 to {DPA_MAX_SIDE} pixels and coordinates below 2**61, got "
            f"{plan.height} x {plan.width} to {plan.out_height} x {plan.out_width} by {numbers}"
        )
    check_loops()
    source = buffers.pixels(image, "image", size, &plan.type)
    if plan.border == DPA_FILL:
        if PyBytes_Size(fill) != <Py_ssize_t> plan.channels * buffers.views[0].itemsize:
            raise ValueError(f"fill must have the bytes of a pixel, got {fill!r}")
        plan.fill = PyBytes_AsString(fill)
    target = buffers.pixels(
        result, "result", plan.planes * plan.out_height * plan.out_width * plan.channels, &other,
        True)
    if other != plan.type:
        raise ValueError(f"result must have the dtype {image.dtype}, got {result.dtype}")
    with nogil:
        dpa_warp_image(LOOPS, &plan, source, target)


# ---- Noise and tone ----

cdef int noise_key(bytes digest, uint32_t *key) except -1:
    if PyBytes_Size(digest) != DPA_DIGEST_SIZE:
        raise ValueError(f"digest must have {DPA_DIGEST_SIZE} bytes, got {PyBytes_Size(digest)}")
    dpa_noise_key(<const uint8_t *> PyBytes_AsString(digest), key)
    return 0


def noise(bytes digest not None, uint64_t start, table, out) -> None:
    """Fills a float32 array with the noise of a digest, from value number `start` on."""
    cdef uint32_t key[4]
    cdef _Buffers buffers = _Buffers()
    cdef Py_ssize_t size = out.size
    noise_key(digest, key)
    check_loops()
    cdef const float *normals = buffers.normals(table)
    cdef float *target = <float *> buffers.take(out, "out", "f", size, True)
    with nogil:
        dpa_noise(LOOPS, key, start, normals, target, size)


def apply_tone(pixels, float gain, float offset, float stdev=0.0, bytes digest=None,
               table=None, size_t planes=1, uint32_t most=0, matrix=None) -> None:
    """Makes of each pixel, uint8, uint16 or float32, gain * pixel + offset + stdev * noise.

    The noise is that of the digest; without one there is none. It has the order of pixels whose
    channels lie side by side, also where these are `planes`. `most`: the largest integer of a
    result, 0 for that of the dtype. `matrix`: nine float32 that the three channels are multiplied
    by before the noise is added.
    """
    cdef uint32_t key[4]
    cdef dpa_tone tone = dpa_tone(gain, offset, stdev, most, NULL)
    cdef _Buffers buffers = _Buffers()
    cdef Py_ssize_t size = pixels.size
    cdef dpa_pixel type
    cdef const float *normals = NULL
    check_loops()
    if planes == 0 or size % planes != 0:
        raise ValueError(f"pixels must be {planes} planes of one size, got {size} values")
    if matrix is not None and (size % 3 != 0 or planes not in (1, 3)):
        raise ValueError(f"a matrix needs three channels, got {size} values in {planes} planes")
    if digest is not None:
        noise_key(digest, key)
        normals = buffers.normals(table)
    if matrix is not None:
        tone.matrix = <const float *> buffers.take(matrix, "matrix", "f", 9)
    cdef void *target = buffers.pixels(pixels, "pixels", size, &type, True)
    with nogil:
        dpa_apply_tone(LOOPS, type, target, size, planes, &tone, key, normals)


def apply_gamma(pixels, double gamma, double full_range, scratch=None) -> None:
    """Raises each pixel, uint8, uint16 or float32, to a power, as a part of full_range.

    `scratch`: 65,536 uint16 that many pixels of uint16 are faster with.
    """
    cdef _Buffers buffers = _Buffers()
    cdef Py_ssize_t size = pixels.size
    cdef dpa_pixel type
    cdef uint16_t *room = NULL
    check_loops()
    cdef void *target = buffers.pixels(pixels, "pixels", size, &type, True)
    if scratch is not None:
        room = <uint16_t *> buffers.take(scratch, "scratch", "H", DPA_GAMMA_TABLE, True)
    with nogil:
        dpa_apply_gamma(LOOPS, type, target, size, gamma, full_range, room)


def mean(pixels, double full_range) -> float:
    """The mean of uint8, uint16 or float32 values; of floats, that of the finite ones."""
    cdef _Buffers buffers = _Buffers()
    cdef Py_ssize_t size = pixels.size
    cdef dpa_pixel type
    cdef double found
    check_loops()
    cdef const void *source = buffers.pixels(pixels, "pixels", size, &type)
    with nogil:
        found = dpa_mean(LOOPS, type, source, size, full_range)
    return found


# ---- Effects ----

cdef dict columns_of_steps():
    cdef dpa_steps steps
    cdef char *first = <char *> &steps
    cdef dict at = {
        "map": <char *> &steps.map - first, "gamma": <char *> &steps.gamma - first,
        "gain": <char *> &steps.gain - first, "lift": <char *> &steps.lift - first,
        "stdev": <char *> &steps.stdev - first, "matrix": <char *> &steps.matrix - first,
        "flags": <char *> &steps.flags - first, "box": <char *> &steps.top - first,
        "key": <char *> &steps.key - first,
    }
    return {name: offset // sizeof(uint64_t) for name, offset in at.items()}


#: Where the parts of a row of steps begin.
COLUMNS = columns_of_steps()


cdef str refusal(dpa_fit fit):
    """None where nothing is refused."""
    if fit == DPA_FITS:
        return None
    return "map" if fit == DPA_NO_MAP else "colours" if fit == DPA_NO_COLOURS else "tone"


cdef class Frame:
    """Images of one form, and what they become.

    `size`, `out`: (height, width). `channels` lie side by side, and there are `planes` of them.
    `kind`: B, H or f, as struct has it. `border`: as for warp. `fill` and `erased`: the bytes of
    a value.
    """
    cdef dpa_frame frame
    cdef bytes fill, erased, kind
    cdef Py_ssize_t source, target  # values of an image and of a result

    def __init__(self, tuple size, tuple out, size_t channels, size_t planes, str kind,
                 int interpolation, border, bytes fill, bytes erased, double full_range):
        cdef dpa_warp *warp = &self.frame.warp
        cdef size_t value = 1 if kind == "B" else 2 if kind == "H" else 4
        warp.height, warp.width = size
        warp.out_height, warp.out_width = out
        if not (1 <= min(*size, *out) and max(*size, *out) <= DPA_MAX_SIDE):
            raise ValueError(f"sides must be 1 to {DPA_MAX_SIDE} pixels, got {size} to {out}")
        if not (planes >= 1 and kind in ("B", "H", "f") and 0 <= interpolation < 3
                and border in ("reflect", "edge", None)
                and len(fill) == len(erased) == <Py_ssize_t> value):
            raise ValueError(f"no frame has {planes} planes of {kind!r}, the interpolation "
                             f"{interpolation}, the border {border!r} or {fill} and {erased}")
        warp.channels, warp.planes = channels, planes
        warp.type = DPA_UINT8 if kind == "B" else DPA_UINT16 if kind == "H" else DPA_FLOAT32
        warp.interpolation = <dpa_interpolation> interpolation
        warp.border = (DPA_REFLECT if border == "reflect" else DPA_EDGE if border == "edge"
                       else DPA_FILL)
        self.kind, self.fill, self.erased = kind.encode(), fill * channels, erased * channels
        warp.fill = PyBytes_AsString(self.fill)
        self.frame.erased = PyBytes_AsString(self.erased)
        self.frame.full_range = full_range
        self.source = warp.height * warp.width * channels * planes
        self.target = warp.out_height * warp.out_width * channels * planes

    def prepare_one(self, effect, bytes digest, steps) -> str | None:
        """As prepare: the numbers of one sample's parameters come first in the tuple."""
        cdef _Buffers buffers = _Buffers()
        cdef dpa_effect row
        cdef size_t i
        cdef dpa_steps *made = <dpa_steps *> buffers.take(steps, "steps", "lq", STEPS, True)
        for i in range(sizeof(row) // sizeof(double)):
            (<double *> &row)[i] = effect[i]
        if row.noise != 0 and (digest is None or PyBytes_Size(digest) != DPA_DIGEST_SIZE):
            raise ValueError("noise needs a digest")
        return refusal(dpa_prepare(
            &self.frame, &row,
            <const uint8_t *> PyBytes_AsString(digest) if digest is not None else NULL, made))

    def prepare(self, effects, digests, steps) -> tuple[int, str] | None:
        """Fills steps, int64 (n, STEPS), from effects, float64 (n, EFFECT): rows of parameters.

        `digests`: uint8 (n, 32), or None where there is no noise. Returns the first row of which
        nothing can be made, with "map", "tone" or "colours"; else None.
        """
        cdef _Buffers buffers = _Buffers()
        cdef Py_ssize_t count = steps.size // STEPS, i
        cdef const uint8_t *digest = NULL
        cdef dpa_fit fit = DPA_FITS
        cdef const dpa_effect *rows = <const dpa_effect *> buffers.take(
            effects, "effects", "d", count * EFFECT)
        cdef dpa_steps *made = <dpa_steps *> buffers.take(
            steps, "steps", "lq", count * STEPS, True)
        if digests is not None:
            digest = <const uint8_t *> buffers.take(
                digests, "digests", "B", count * DPA_DIGEST_SIZE)
        for i in range(count if digest == NULL else 0):
            if rows[i].noise != 0:
                raise ValueError("noise needs digests")
        with nogil:
            for i in range(count):
                fit = dpa_prepare(&self.frame, &rows[i], digest, &made[i])
                if fit != DPA_FITS:
                    break
                if digest != NULL:
                    digest += DPA_DIGEST_SIZE
        return None if fit == DPA_FITS else (i, refusal(fit))

    def augment(self, images, results, steps, make_table) -> tuple[int, str] | None:
        """Makes the results of n images by their steps, one after the other.

        `make_table`: returns that of noise. Returns what prepare does; with its steps only a tone
        is refused, because that depends on the mean.
        """
        check_loops()
        cdef _Buffers buffers = _Buffers()
        cdef Py_ssize_t count = steps.size // STEPS, i
        cdef const char *kind = self.kind
        cdef const uint8_t *image = <const uint8_t *> buffers.take(
            images, "images", kind, count * self.source)
        cdef uint8_t *result = <uint8_t *> buffers.take(
            results, "results", kind, count * self.target, True)
        cdef size_t value = buffers.views[0].itemsize
        cdef const dpa_steps *rows = <const dpa_steps *> buffers.take(
            steps, "steps", "lq", count * STEPS)
        cdef const float *normals = buffers.normals_for(make_table, rows, count)
        cdef uint16_t *room = gamma_room(self.frame.warp.type, rows, count)
        cdef dpa_fit fit = DPA_FITS
        with nogil:
            for i in range(count):
                fit = dpa_augment(LOOPS, &self.frame, &rows[i], normals, room, image, result)
                if fit != DPA_FITS:
                    break
                image += self.source * value
                result += self.target * value
            free(room)
        return None if fit == DPA_FITS else (i, refusal(fit))

    def tone(self, result, steps, make_table, alpha=None) -> tuple[bool, bool]:
        """Gamma and tones alone, of one result in place.

        `alpha`: how much each pixel of uint8 counts in the mean. Returns whether the tone fits
        floats, and whether there was anything to do.
        """
        cdef _Buffers buffers = _Buffers()
        cdef void *target = buffers.take(result, "result", self.kind, self.target, True)
        cdef const dpa_steps *rows = <const dpa_steps *> buffers.take(steps, "steps", "lq", STEPS)
        cdef const float *normals = buffers.normals_for(make_table, rows, 1)
        cdef const uint8_t *opacity = NULL
        cdef dpa_fit fit
        if alpha is not None:
            opacity = <const uint8_t *> buffers.take(
                alpha, "alpha", "B", self.target // <Py_ssize_t> self.frame.warp.channels)
        check_loops()
        with nogil:
            fit = dpa_apply_steps(LOOPS, &self.frame, rows, opacity, normals, NULL, target)
        return fit == DPA_FITS or fit == DPA_STAYS, fit == DPA_FITS


cdef uint16_t *gamma_room(dpa_pixel type, const dpa_steps *steps, Py_ssize_t count) noexcept:
    """A table of powers makes many uint16 faster; they do without it where there is no memory."""
    cdef Py_ssize_t i
    for i in range(count if type == DPA_UINT16 else 0):
        if steps[i].gamma != 1:
            return <uint16_t *> malloc(DPA_GAMMA_TABLE * sizeof(uint16_t))
    return NULL


cdef str chosen = os.environ.get("DPA_KERNEL") or None
try:
    choose_loops(chosen)
except ValueError as error:
    PROBLEM = f"DPA_KERNEL: {error}" if chosen else str(error)
