# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: embedsignature=False, freethreading_compatible=True
"""The border to C for pixels: their noise and their tone."""

from cpython.buffer cimport PyBuffer_Release
from cpython.bytes cimport PyBytes_AsString, PyBytes_Size
from libc.stdint cimport uint8_t

from dpa._border cimport acquire
from dpa._csrc cimport (
    DPA_DIGEST_SIZE, DPA_FLOAT32, DPA_NOISE_TABLE, DPA_UINT8, DPA_UINT16, dpa_apply_tone,
    dpa_noise, dpa_pixel, dpa_tone,
)


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
