/* warp.c: pixels of a result, one tap after the other (docs/spec.md, "Map" to "Cubic"). */
#include "image/warp.h"

#include "hash/platform.h"
#include "image/loops.h"

/* ---- One pixel ---- */

static void linear_uint8(const struct warp_plan *plan, const uint8_t *image, int64_t qx, int64_t qy,
                         uint8_t *result)
{
    if (plan->warp->border != DPA_FILL) {
        qx = folded(qx, plan->last_u, plan->warp->border);
        qy = folded(qy, plan->last_v, plan->warp->border);
        qx = qx == plan->last_u && qx > 0 ? qx - 1 : qx;
        qy = qy == plan->last_v && qy > 0 ? qy - 1 : qy;
    }
    const int64_t x = qx >> 14, y = qy >> 14;
    const uint32_t fx = (uint32_t)(qx & 16383), fy = (uint32_t)(qy & 16383);
    const uint8_t *tl = tap(plan, image, x, y), *tr = tap(plan, image, x + 1, y);
    const uint8_t *bl = tap(plan, image, x, y + 1), *br = tap(plan, image, x + 1, y + 1);
    for (size_t c = 0; c < plan->warp->channels; c++)
        result[c] = blend_byte(tl[c], tr[c], bl[c], br[c], fx, fy);
}

static void linear_float(const struct warp_plan *plan, const uint8_t *image, int64_t qx, int64_t qy,
                         uint8_t *result)
{
    const dpa_warp *warp = plan->warp;
    if (warp->border != DPA_FILL) {
        qx = folded(qx, plan->last_u, warp->border);
        qy = folded(qy, plan->last_v, warp->border);
    }
    int64_t x = qx >> 16, y = qy >> 16;
    if (warp->border != DPA_FILL) { /* the last pixel is the right neighbour of the one before it */
        x = qx == plan->last_u && x > 0 ? x - 1 : x;
        y = qy == plan->last_v && y > 0 ? y - 1 : y;
    }
    const float fx = (float)(qx - x * 65536), fy = (float)(qy - y * 65536);
    const float wx = fx * 0x1p-16f, vx = (65536 - fx) * 0x1p-16f;
    const float wy = fy * 0x1p-16f, vy = (65536 - fy) * 0x1p-16f;
    const uint8_t *tl = tap(plan, image, x, y), *tr = tap(plan, image, x + 1, y);
    const uint8_t *bl = tap(plan, image, x, y + 1), *br = tap(plan, image, x + 1, y + 1);
    for (size_t c = 0; c < warp->channels; c++) {
        const float top =
            weighed(as_float(warp->type, tl, c), vx) + weighed(as_float(warp->type, tr, c), wx);
        const float bottom =
            weighed(as_float(warp->type, bl, c), vx) + weighed(as_float(warp->type, br, c), wx);
        const float value = weighed(top, vy) + weighed(bottom, wy);
        store(warp->type, result, c, value);
    }
}

static void cubic(const struct warp_plan *plan, const uint8_t *image, int64_t qx, int64_t qy,
                  uint8_t *result)
{
    const dpa_warp *warp = plan->warp;
    float wx[4], wy[4];
    const uint8_t *taps[4][4];
    if (warp->border != DPA_FILL) {
        qx = folded(qx, plan->last_u, warp->border);
        qy = folded(qy, plan->last_v, warp->border);
    }
    cubic_weights(qx, wx);
    cubic_weights(qy, wy);
    for (int j = 0; j < 4; j++)
        for (int i = 0; i < 4; i++)
            taps[j][i] = tap(plan, image, (qx >> 16) + i - 1, (qy >> 16) + j - 1);
    for (size_t c = 0; c < warp->channels; c++) {
        float value = 0;
        for (int j = 0; j < 4; j++) {
            float row = 0;
            for (int i = 0; i < 4; i++) {
                const float product = weighed(as_float(warp->type, taps[j][i], c), wx[i]);
                row = i == 0 ? product : row + product;
            }
            const float product = weighed(row, wy[j]);
            value = j == 0 ? product : value + product;
        }
        store(warp->type, result, c, value);
    }
}

static void nearest(const struct warp_plan *plan, const uint8_t *image, int64_t qx, int64_t qy,
                    uint8_t *result)
{
    memcpy(result, tap(plan, image, qx >> 16, qy >> 16), plan->pixel);
}

static void warp_slowly(const struct warp_plan *plan, const uint8_t *image, uint64_t u, uint64_t v,
                        size_t n, uint8_t *result)
{
    const dpa_warp *warp = plan->warp;
    for (size_t i = 0; i < n; i++, u += plan->right_u, v += plan->right_v) {
        const int64_t qx = coordinate(plan, u), qy = coordinate(plan, v);
        uint8_t *pixel = result + i * plan->pixel;
        if (warp->interpolation == DPA_NEAREST)
            nearest(plan, image, qx, qy, pixel);
        else if (warp->interpolation == DPA_CUBIC)
            cubic(plan, image, qx, qy, pixel);
        else if (warp->type == DPA_UINT8)
            linear_uint8(plan, image, qx, qy, pixel);
        else
            linear_float(plan, image, qx, qy, pixel);
    }
}

void dpa_warp_slowly(const struct warp_plan *plan, const uint8_t *image, uint64_t u, uint64_t v,
                     size_t n, uint8_t *result)
{
    EACH_PLANE(plan, image, result)
        warp_slowly(plan, image, u, v, n, result);
}

/* ---- A warp ---- */

#define LIMIT ((uint64_t)1 << 61)
#define CACHE_LINE 64
#define CACHED ((size_t)1 << 20) /* bytes that stay in the second-level cache */

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Whether |a| * m + |b| * n + (side - 1) * 2^31 + |offset| stays below the limit. */
static bool in_reach(int64_t a, size_t m, int64_t b, size_t n, size_t side, int64_t offset)
{
    if (magnitude(a) >= LIMIT || magnitude(b) >= LIMIT || magnitude(offset) >= LIMIT)
        return false;
    const uint64_t most_a = m ? LIMIT / m : LIMIT, most_b = n ? LIMIT / n : LIMIT;
    if (magnitude(a) > most_a || magnitude(b) > most_b)
        return false;
    const uint64_t middle = (uint64_t)(side - 1) << 31;
    return magnitude(a) * m + magnitude(b) * n + middle + magnitude(offset) < LIMIT;
}

static bool is_side(size_t side)
{
    return side >= 1 && side <= DPA_MAX_SIDE;
}

bool dpa_warp_possible(const dpa_warp *warp)
{
    const dpa_map *map = &warp->map;
    if (!is_side(warp->height) || !is_side(warp->width) || !is_side(warp->out_height) ||
        !is_side(warp->out_width))
        return false;
    const size_t right = warp->out_width - 1, down = warp->out_height - 1;
    return in_reach(map->xx, right, map->xy, down, warp->width, map->x) &&
           in_reach(map->yx, right, map->yy, down, warp->height, map->y);
}

/* From one pixel to the next a coordinate grows by `step`: what that is i times. */
static void steps(uint64_t step, unsigned shift, uint32_t whole[CHUNK], uint32_t part[CHUNK])
{
    uint64_t sum = 0;
    for (int i = 0; i < CHUNK; i++, sum += step) {
        whole[i] = (uint32_t)(sum >> shift);
        part[i] = (uint32_t)(sum & (((uint64_t)1 << shift) - 1));
    }
}

static uint64_t first_of(int64_t a, size_t m, int64_t b, size_t n, size_t side, int64_t offset)
{
    const uint64_t middle = (uint64_t)offset + ((uint64_t)(side - 1) << 31);
    return middle - (uint64_t)a * (m - 1) - (uint64_t)b * (n - 1);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; bytes && i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static void prepare(struct warp_plan *plan, const dpa_warp *warp)
{
    const dpa_map *map = &warp->map;
    const size_t w = warp->out_width, h = warp->out_height;
    const bool bytes = warp->interpolation == DPA_LINEAR && warp->type == DPA_UINT8;
    const unsigned bits = bytes ? 14 : 16;
    const bool whole = warp->interpolation == DPA_NEAREST;
    const uint64_t half = (uint64_t)1 << (whole ? 31 : 31 - bits);
    plan->warp = warp;
    plan->bits = bits;
    plan->u = first_of(map->xx, w, map->xy, h, warp->width, map->x) + half;
    plan->v = first_of(map->yx, w, map->yy, h, warp->height, map->y) + half;
    plan->right_u = 2 * (uint64_t)map->xx;
    plan->right_v = 2 * (uint64_t)map->yx;
    plan->down_u = 2 * (uint64_t)map->xy;
    plan->down_v = 2 * (uint64_t)map->yy;
    plan->pixel = warp->channels * bytes_of(warp->type);
    plan->row = warp->width * plan->pixel;
    plan->size = warp->height * plan->row;
    plan->planes = warp->planes ? warp->planes : 1;
    plan->out_size = warp->out_height * warp->out_width * plan->pixel;
    plan->last_u = (int64_t)(warp->width - 1) << bits;
    plan->last_v = (int64_t)(warp->height - 1) << bits;
    plan->inside_u = whole ? ((int64_t)warp->width << bits) - 1 : plan->last_u - 1;
    plan->inside_v = whole ? ((int64_t)warp->height << bits) - 1 : plan->last_v - 1;
    plan->copies = warp->type != DPA_FLOAT32 || whole || is_zero(warp->fill, plan->pixel);
    plan->narrow = warp->width > 1 && warp->height > 1 && plan->size < (size_t)1 << 31;
    plan->foldable =
        plan->narrow && plan->last_u < (int64_t)1 << 30 && plan->last_v < (int64_t)1 << 30;
    steps(plan->right_u, 32 - bits, plan->whole_u, plan->part_u);
    steps(plan->right_v, 32 - bits, plan->whole_v, plan->part_v);
}

bool dpa_is_identity(const dpa_warp *warp)
{
    const dpa_map *map = &warp->map;
    const int64_t one = (int64_t)1 << 31;
    return map->xx == one && map->yy == one && map->xy == 0 && map->yx == 0 && map->x == 0 &&
           map->y == 0 && warp->height == warp->out_height && warp->width == warp->out_width;
}

/* Reads the image from its begin to its end, so that the taps of turned rows find it in the cache.
 * Memory is much faster in this order: of an image that is not cached, a warp takes a third less
 * time. What is larger than the cache is not worth it. */
static void fetch_image(const uint8_t *image, size_t size)
{
    const volatile uint8_t *first = image; /* volatile: a compiler would drop unused reads */
    if (size > CACHED)
        return;
    for (size_t i = 0; i < size; i += CACHE_LINE)
        (void)first[i];
}

void dpa_warp_image(const dpa_image_loops *loops, const dpa_warp *warp, const void *image,
                    void *result)
{
    struct warp_plan plan;
    prepare(&plan, warp);
    if (dpa_is_identity(warp))
        memcpy(result, image, plan.planes * plan.size);
    else {
        fetch_image((const uint8_t *)image, plan.planes * plan.size);
        loops->warp(&plan, (const uint8_t *)image, (uint8_t *)result);
    }
}
