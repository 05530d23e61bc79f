"""The headers of csrc, as Cython reads them."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "dpa_derivation.h" nogil:
    enum: DPA_DIGEST_SIZE, DPA_MAX_DEPTH, DPA_SCRATCH_ALIGN, DPA_TABLE_LINKS
    ctypedef enum dpa_status:
        DPA_OK, DPA_BROKEN_KERNEL, DPA_UNUSABLE_KERNEL
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
    ctypedef enum dpa_kind:
        DPA_TRUNCATED_NORMAL, DPA_BETA, DPA_INTEGERS, DPA_BERNOULLI, DPA_CHOICE, DPA_SUBSET
        DPA_SEED
    ctypedef struct dpa_column:
        dpa_kind kind
        uint8_t tag[16]
        uint32_t draw
        size_t items
        double a, b, low, high
        uint64_t start, step, count
        uint32_t picked
        const uint64_t *thresholds
    ctypedef struct dpa_request:
        dpa_keys keys
        uint32_t depth
        dpa_sampler sampler
        uint64_t skip
        size_t columns
        const dpa_column *column
        void **values
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
    void dpa_tag(const char *name, size_t size, uint8_t *tag)
    double dpa_half_sine(double x)
    double dpa_normal_quantile(double u)
    void dpa_hex(const uint8_t *digest, char *text)


cdef extern from "dpa_columns.h" nogil:
    enum: DPA_MOMENTS_BLOCK
    ctypedef struct dpa_moments:
        double mean, squares, min, max
    ctypedef struct dpa_field:
        const void *values
        size_t width, items
    void dpa_add_leaves(const dpa_engine *engine, const dpa_keys *keys, size_t first, size_t count,
                        const void *digests, const dpa_field *fields, size_t field_count,
                        uint64_t *sum)
    void dpa_block_moments(const double *values, size_t count, dpa_moments *moments)
    ctypedef enum dpa_form:
        DPA_REAL, DPA_INT64, DPA_UINT64, DPA_LABEL8, DPA_LABEL32, DPA_HEX, DPA_STRING
    ctypedef struct dpa_text_field:
        dpa_form form
        const char *head
        size_t head_size, items
        const int64_t *lists
        size_t list_count
        const char *labels
        const int64_t *label_ends
        const int64_t *label_order
        size_t label_count
        void *values
        int64_t *offsets
    size_t dpa_write_lines(const dpa_text_field *fields, size_t field_count, const char *separator,
                           size_t separator_size, size_t first, size_t count, char *text,
                           size_t capacity, size_t *size)
    size_t dpa_read_lines(const dpa_text_field *fields, size_t field_count, const char *separator,
                          size_t separator_size, size_t count, const char *text, size_t size,
                          size_t *used)


cdef extern from "dpa_image.h" nogil:
    enum: DPA_GAMMA_TABLE, DPA_MAX_SIDE, DPA_NOISE_TABLE
    ctypedef enum dpa_pixel:
        DPA_UINT8, DPA_UINT16, DPA_FLOAT32
    ctypedef struct dpa_image_loops:
        pass
    ctypedef struct dpa_map:
        int64_t xx, xy, yx, yy, x, y
    ctypedef struct dpa_placement:
        double rotation, scale, shear_x, shear_y, translate_x, translate_y
        bint flip_horizontal, flip_vertical, cropped
        double area, ratio, position_x, position_y
    ctypedef enum dpa_interpolation:
        DPA_LINEAR, DPA_NEAREST, DPA_CUBIC
    ctypedef enum dpa_border:
        DPA_REFLECT, DPA_EDGE, DPA_FILL
    ctypedef struct dpa_warp:
        dpa_map map
        size_t height, width, out_height, out_width, channels
        dpa_pixel type
        dpa_interpolation interpolation
        dpa_border border
        const void *fill
        size_t planes
    ctypedef struct dpa_tone:
        float gain, offset, stdev
        uint32_t most
        const float *matrix
    dpa_status dpa_image_choose(const dpa_image_loops **loops, const char *kernel)
    const char *dpa_image_level(const dpa_image_loops *loops)
    bint dpa_turn_map(double rotation, double scale, dpa_map *map)
    bint dpa_place_map(const dpa_placement *placement, size_t height, size_t width,
                       size_t out_height, size_t out_width, dpa_map *map)
    bint dpa_warp_possible(const dpa_warp *warp)
    void dpa_warp_image(const dpa_image_loops *loops, const dpa_warp *warp, const void *image,
                        void *result)
    void dpa_noise_key(const uint8_t *digest, uint32_t *key)
    void dpa_noise(const dpa_image_loops *loops, const uint32_t *key, uint64_t start,
                   const float *table, float *out, size_t count)
    void dpa_apply_tone(const dpa_image_loops *loops, dpa_pixel type, void *pixels, size_t count,
                        size_t planes, const dpa_tone *tone, const uint32_t *key,
                        const float *table)
    void dpa_apply_gamma(const dpa_image_loops *loops, dpa_pixel type, void *pixels,
                         size_t count, double gamma, double full_range, uint16_t *table)
    double dpa_mean(const dpa_image_loops *loops, dpa_pixel type, const void *pixels,
                    size_t count, double full_range)
    enum: DPA_COPIES, DPA_MIXES, DPA_NOISY
    ctypedef struct dpa_effect:
        double noise
    ctypedef struct dpa_frame:
        dpa_warp warp
        double full_range
        const void *erased
    ctypedef struct dpa_steps:
        dpa_map map
        double gamma, gain, lift, stdev
        double[9] matrix
        uint64_t flags
        int64_t top
        uint64_t[4] key
    ctypedef enum dpa_fit:
        DPA_FITS, DPA_STAYS, DPA_NO_MAP, DPA_TOO_LARGE, DPA_NO_COLOURS
    dpa_fit dpa_prepare(const dpa_frame *frame, const dpa_effect *effect, const uint8_t *digest,
                        dpa_steps *steps)
    dpa_fit dpa_augment(const dpa_image_loops *loops, const dpa_frame *frame,
                        const dpa_steps *steps, const float *table, uint16_t *scratch,
                        const void *image, void *result)
    dpa_fit dpa_apply_steps(const dpa_image_loops *loops, const dpa_frame *frame,
                            const dpa_steps *steps, const uint8_t *alpha, const float *table,
                            uint16_t *scratch, void *pixels)
