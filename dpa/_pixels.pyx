# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: embedsignature=False, freethreading_compatible=True
"""The border to C for pixels: where a map takes them from, their tone and their noise."""

import os

from cpython.buffer cimport PyBuffer_Release
from cpython.bytes cimport PyBytes_AsString, PyBytes_Size
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from dpa._border cimport acquire
from dpa._csrc cimport (
    DPA_BROKEN_KERNEL, DPA_DIGEST_SIZE, DPA_EDGE, DPA_FILL, DPA_FLOAT32, DPA_GAMMA_TABLE,
    DPA_MAX_SIDE, DPA_NOISE_TABLE, DPA_OK, DPA_REFLECT, DPA_UINT16, DPA_UINT8,
    DPA_UNUSABLE_KERNEL, dpa_apply_gamma, dpa_apply_tone, dpa_image_choose, dpa_image_level,
    dpa_image_loops, dpa_interpolation, dpa_map, dpa_mean, dpa_noise, dpa_pixel, dpa_place_map,
    dpa_placement, dpa_status, dpa_tone, dpa_turn_map, dpa_warp, dpa_warp_image,
    dpa_warp_possible,
)

MAX_SIDE = DPA_MAX_SIDE
INTERPOLATIONS = ("linear", "nearest", "cubic")  # in the order of dpa_interpolation

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
    p.rotation, p.scale = rotation, scale
    p.shear_x, p.shear_y = shear_x, shear_y
    p.translate_x, p.translate_y = translate_x, translate_y
    p.flip_horizontal, p.flip_vertical = flip_horizontal, flip_vertical
    p.cropped = crop is not None
    p.area, p.ratio, p.position_x, p.position_y = crop if p.cropped else (1.0, 1.0, 0.5, 0.5)
    if not (1 <= min(*size, *out) and max(*size, *out) <= DPA_MAX_SIDE):
        raise ValueError(f"sides must be 1 to {DPA_MAX_SIDE} pixels, got {size} to {out}")
    if not dpa_place_map(&p, size[0], size[1], out[0], out[1], &made):
        raise ValueError(f"no map takes a picture of {size} to {out} in this way: out of range")
    return integers(&made)


# ---- Warp ----

cdef int acquire_pixels(Py_buffer *view, source, str name, Py_ssize_t size, bint writable,
                        dpa_pixel *type) except -1:
    """A buffer of uint8, uint16 or float32."""
    acquire(view, source, name, "BHf", size, writable)
    type[0] = DPA_UINT8 if view.itemsize == 1 else DPA_UINT16 if view.itemsize == 2 else DPA_FLOAT32
    return 0


def warp(image, result, tuple numbers not None, int interpolation, border,
         bytes fill=None, bint planes=False) -> None:
    """Fills result, an array H2xW2[xC] of the image's dtype, from image, HxW[xC].

    `numbers`: the six of a map. `border`: "reflect", "edge", or None where `fill`, the bytes of
    a pixel, lies outside. `planes`: the arrays are CxHxW. Raises ValueError for sides or a map
    out of range.
    """
    cdef dpa_warp plan
    cdef dpa_pixel other
    cdef Py_buffer source, target
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
    acquire_pixels(&source, image, "image", size, False, &plan.type)
    try:
        if plan.border == DPA_FILL:
            if PyBytes_Size(fill) != <Py_ssize_t> plan.channels * source.itemsize:
                raise ValueError(f"fill must have the bytes of a pixel, got {fill!r}")
            plan.fill = PyBytes_AsString(fill)
        acquire_pixels(&target, result, "result",
                       plan.planes * plan.out_height * plan.out_width * plan.channels, True,
                       &other)
        try:
            if other != plan.type:
                raise ValueError(f"result must have the dtype {image.dtype}, got {result.dtype}")
            with nogil:
                dpa_warp_image(LOOPS, &plan, source.buf, target.buf)
        finally:
            PyBuffer_Release(&target)
    finally:
        PyBuffer_Release(&source)


# ---- Noise and tone ----

cdef const uint8_t *digest_bytes(bytes digest) except NULL:
    if PyBytes_Size(digest) != DPA_DIGEST_SIZE:
        raise ValueError(f"digest must have {DPA_DIGEST_SIZE} bytes, got {PyBytes_Size(digest)}")
    return <const uint8_t *> PyBytes_AsString(digest)


def noise(bytes digest not None, uint64_t start, table, out) -> None:
    """Fills a float32 array with the noise of a digest, from value number `start` on."""
    cdef const uint8_t *seed = digest_bytes(digest)
    cdef Py_ssize_t size = out.size
    cdef Py_buffer normals, view
    check_loops()
    acquire(&normals, table, "table", "f", DPA_NOISE_TABLE, False)
    try:
        acquire(&view, out, "out", "f", size, True)
        with nogil:
            dpa_noise(LOOPS, seed, start, <const float *> normals.buf, <float *> view.buf, size)
        PyBuffer_Release(&view)
    finally:
        PyBuffer_Release(&normals)


def apply_tone(pixels, float gain, float offset, float stdev=0.0, bytes digest=None,
               table=None, size_t planes=1, uint32_t most=0, matrix=None) -> None:
    """Makes of each pixel, uint8, uint16 or float32, gain * pixel + offset + stdev * noise.

    The noise is that of the digest; without one there is none. It has the order of pixels whose
    channels lie side by side, also where these are `planes`. `most`: the largest integer of a
    result, 0 for that of the dtype. `matrix`: nine float32 that the three channels are multiplied
    by before the noise is added.
    """
    cdef const uint8_t *seed = NULL
    cdef dpa_tone tone = dpa_tone(gain, offset, stdev, most, NULL)
    cdef Py_ssize_t size = pixels.size
    cdef dpa_pixel type
    cdef Py_buffer normals, mixed, view
    check_loops()
    if planes == 0 or size % planes != 0:
        raise ValueError(f"pixels must be {planes} planes of one size, got {size} values")
    if matrix is not None and (size % 3 != 0 or planes not in (1, 3)):
        raise ValueError(f"a matrix needs three channels, got {size} values in {planes} planes")
    normals.buf = NULL
    if digest is not None:
        seed = digest_bytes(digest)
        acquire(&normals, table, "table", "f", DPA_NOISE_TABLE, False)
    try:
        if matrix is not None:
            acquire(&mixed, matrix, "matrix", "f", 9, False)
            tone.matrix = <const float *> mixed.buf
        try:
            acquire_pixels(&view, pixels, "pixels", size, True, &type)
            with nogil:
                dpa_apply_tone(LOOPS, type, view.buf, size, planes, &tone, seed,
                               <const float *> normals.buf)
            PyBuffer_Release(&view)
        finally:
            if tone.matrix != NULL:
                PyBuffer_Release(&mixed)
    finally:
        if seed != NULL:
            PyBuffer_Release(&normals)


def apply_gamma(pixels, double gamma, double full_range, scratch=None) -> None:
    """Raises each pixel, uint8, uint16 or float32, to a power, as a part of full_range.

    `scratch`: 65,536 uint16 that many pixels of uint16 are faster with.
    """
    cdef Py_ssize_t size = pixels.size
    cdef dpa_pixel type
    cdef Py_buffer view, room
    check_loops()
    acquire_pixels(&view, pixels, "pixels", size, True, &type)
    room.buf = NULL
    try:
        if scratch is not None:
            acquire(&room, scratch, "scratch", "H", DPA_GAMMA_TABLE, True)
        with nogil:
            dpa_apply_gamma(LOOPS, type, view.buf, size, gamma, full_range,
                            <uint16_t *> room.buf)
        if room.buf != NULL:
            PyBuffer_Release(&room)
    finally:
        PyBuffer_Release(&view)


def mean(pixels, double full_range) -> float:
    """The mean of uint8, uint16 or float32 values; of floats, that of the finite ones."""
    cdef Py_ssize_t size = pixels.size
    cdef dpa_pixel type
    cdef Py_buffer view
    cdef double found
    check_loops()
    acquire_pixels(&view, pixels, "pixels", size, False, &type)
    with nogil:
        found = dpa_mean(LOOPS, type, view.buf, size, full_range)
    PyBuffer_Release(&view)
    return found


cdef str chosen = os.environ.get("DPA_KERNEL") or None
try:
    choose_loops(chosen)
except ValueError as error:
    PROBLEM = f"DPA_KERNEL: {error}" if chosen else str(error)
