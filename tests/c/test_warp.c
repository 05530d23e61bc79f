/* test_warp.c: warps of every level against the portable one, and one digest over 400 of them,
 * which tests/test_pixels_reference.py finds with NumPy's integers: the same from every compiler,
 * optimisation and machine. */
#include <math.h>

#include "engines.h"
#include "hash/platform.h"
#include "hash/sha256.h"

#define RUNS 400
#define DIGEST "f3191b8230abf3cf31b4dbc314248b3fe3f67f4502d126863263a168019c679a"
#define MOST (64 * 300 * 5 * 4) /* bytes of the largest picture */

static const dpa_image_loops *levels[MAX_LOOPS];
static size_t level_count;

/* As pixels_reference.py makes them. */
static void make_picture(dpa_pixel type, size_t elements, uint8_t *to)
{
    for (uint32_t k = 0; k < elements; k++) {
        const uint32_t mixed = k * 2654435761u;
        const uint16_t word = (uint16_t)(mixed >> 16);
        const float number = (float)(mixed >> 24) / 255;
        if (type == DPA_UINT8)
            to[k] = (uint8_t)(mixed >> 24);
        else
            memcpy(to + k * bytes_of(type), type == DPA_UINT16 ? (const void *)&word : &number,
                   bytes_of(type));
    }
}

static size_t picture_bytes(const dpa_warp *warp, size_t height, size_t width)
{
    return height * width * warp->channels * bytes_of(warp->type);
}

/* Makes the result by each level, in memory of its exact size; keeps portable's, the first one. */
static void compare(const dpa_warp *warp, const uint8_t *image, uint8_t *expected)
{
    const size_t size = picture_bytes(warp, warp->out_height, warp->out_width);
    for (size_t l = 0; l < level_count; l++) {
        uint8_t *result = allocate(size);
        memset(result, 0xa5, size);
        dpa_warp_image(levels[l], warp, image, result);
        if (l == 0)
            memcpy(expected, result, size);
        else
            CHECK(memcmp(result, expected, size) == 0,
                  "%s: %zux%zux%zu to %zux%zu, type %d, interpolation %d, border %d",
                  dpa_image_level(levels[l]), warp->height, warp->width, warp->channels,
                  warp->out_height, warp->out_width, (int)warp->type, (int)warp->interpolation,
                  (int)warp->border);
        free(result);
    }
}

static double part(uint64_t *state, uint64_t from, uint64_t steps, double unit)
{
    return (double)(from + random_bits(state) % steps) / unit;
}

static void random_placement(uint64_t *state, dpa_placement *p)
{
    static const double scales[] = {0.001, 0.1, 0.5, 0.8, 1, 1.25, 2, 7, 1000};
    memset(p, 0, sizeof *p);
    p->rotation = part(state, 0, 7201, 10) - 360;
    p->scale = scales[random_bits(state) % 9];
    if (random_bits(state) % 2)
        return;
    p->shear_x = part(state, 0, 201, 10) - 10;
    p->shear_y = part(state, 0, 201, 10) - 10;
    p->translate_x = part(state, 0, 101, 100) - 0.5;
    p->translate_y = part(state, 0, 101, 100) - 0.5;
    p->flip_horizontal = random_bits(state) % 2;
    p->flip_vertical = random_bits(state) % 2;
    p->cropped = true;
    p->area = part(state, 1, 100, 100);
    p->ratio = part(state, 50, 151, 100);
    p->position_x = part(state, 0, 101, 100);
    p->position_y = part(state, 0, 101, 100);
}

/* The bytes of elements, the lowest first. */
static void feed_little_endian(struct sha256_stream *stream, const uint8_t *bytes, size_t size,
                               size_t width)
{
    static const uint16_t one = 1;
    const bool little = *(const uint8_t *)&one == 1;
    for (size_t i = 0; i < size; i++)
        dpa_sha256_feed(stream, bytes + (little ? i : i - i % width + width - 1 - i % width), 1);
}

static void known_digest(void)
{
    static const size_t channels[] = {1, 3, 4, 2, 5};
    uint64_t state = 17;
    uint8_t *image = allocate(MOST), *result = allocate(MOST);
    uint8_t fill[5 * 4], digest[32], block[1][64];
    struct sha256_stream stream;
    char text[65];
    dpa_sha256_start(&stream, &dpa_kernel_portable);
    for (int run = 0; run < RUNS; run++) {
        dpa_warp warp = {.fill = fill};
        dpa_placement placement;
        warp.height = 1 + random_bits(&state) % 40;
        warp.width = 1 + random_bits(&state) % 90;
        warp.out_height = 1 + random_bits(&state) % 40;
        warp.out_width = 1 + random_bits(&state) % 280;
        warp.channels = channels[random_bits(&state) % 5];
        warp.type = (dpa_pixel)(random_bits(&state) % 3);
        warp.interpolation = (dpa_interpolation)(random_bits(&state) % 3);
        warp.border = (dpa_border)(random_bits(&state) % 3);
        const uint64_t number = random_bits(&state) % 256;
        const float real = (float)number / 8;
        const uint16_t word = (uint16_t)number;
        for (size_t c = 0; c < warp.channels; c++)
            if (warp.type == DPA_UINT8)
                fill[c] = (uint8_t)number;
            else
                memcpy(fill + c * bytes_of(warp.type),
                       warp.type == DPA_UINT16 ? (const void *)&word : &real, bytes_of(warp.type));
        random_placement(&state, &placement);
        CHECK(dpa_place_map(&placement, warp.height, warp.width, warp.out_height, warp.out_width,
                            &warp.map) && dpa_warp_possible(&warp), "run %d", run);
        make_picture(warp.type, warp.height * warp.width * warp.channels, image);
        compare(&warp, image, result);
        feed_little_endian(&stream, result, picture_bytes(&warp, warp.out_height, warp.out_width),
                           bytes_of(warp.type));
    }
    dpa_sha256_last_block(&stream, block[0]);
    dpa_kernel_portable.compress(&stream.state, (const uint8_t(*)[64])block, 1);
    for (int t = 0; t < 8; t++)
        store_be32(digest + 4 * t, stream.state[t]);
    dpa_hex(digest, text);
    text[64] = 0;
    CHECK(strcmp(text, DIGEST) == 0, "400 warps have %s", text);
    free(image);
    free(result);
}

/* Every width around lanes and chunks, from images of their exact size in memory. */
static void widths(void)
{
    static const size_t channels[] = {1, 2, 3, 4, 7};
    static const size_t sides[][2] = {{1, 1}, {1, 9}, {2, 2}, {3, 31}, {9, 1}, {40, 33}};
    static const uint8_t fill[7 * 4];
    uint8_t *result = allocate(MOST);
    dpa_map maps[3];
    CHECK(dpa_turn_map(31, 1.1, &maps[0]) && dpa_turn_map(-170, 0.3, &maps[1]) &&
          dpa_turn_map(0, 1, &maps[2]), "maps");
    maps[2].x = 1 << 30; /* a quarter of a pixel */
    for (size_t width = 1; width <= 300; width += width < 70 ? 1 : 29)
        for (size_t k = 0; k < 5 * 6; k++) {
            dpa_warp warp = {.out_height = 3, .out_width = width, .fill = fill};
            warp.channels = channels[k % 5];
            warp.height = sides[k % 6][0];
            warp.width = sides[k % 6][1];
            warp.map = maps[(width + k) % 3];
            for (int type = 0; type < 3; type++) {
                warp.type = (dpa_pixel)type;
                const size_t elements = warp.height * warp.width * warp.channels;
                uint8_t *image = allocate(elements * bytes_of(warp.type));
                make_picture(warp.type, elements, image);
                for (int how = 0; how < 9; how++) {
                    warp.interpolation = (dpa_interpolation)(how / 3);
                    warp.border = (dpa_border)(how % 3);
                    compare(&warp, image, result);
                }
                free(image);
            }
        }
    free(result);
}

/* Planes are images one behind the other, of each form that places serve. */
static void planes(void)
{
    enum { HEIGHT = 21, WIDTH = 34, OUT_HEIGHT = 18, OUT_WIDTH = 150 };
    static const uint8_t fill[3 * 4] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
    static const size_t channels[] = {1, 3, 2};
    dpa_warp warp = {.height = HEIGHT, .width = WIDTH, .out_height = OUT_HEIGHT,
                     .out_width = OUT_WIDTH, .fill = fill};
    for (int how = 0; how < 3 * 3 * 3 * 3 * 3; how++) {
        warp.type = (dpa_pixel)(how % 3);
        warp.interpolation = (dpa_interpolation)(how / 3 % 3);
        warp.border = (dpa_border)(how / 9 % 3);
        warp.channels = channels[how / 27 % 3];
        CHECK(dpa_turn_map(20 * (how / 81), how / 81 == 2 ? 0.1 : 0.8, &warp.map), "map");
        const size_t from = picture_bytes(&warp, HEIGHT, WIDTH);
        const size_t to = picture_bytes(&warp, OUT_HEIGHT, OUT_WIDTH);
        uint8_t *image = allocate(3 * from), *result = allocate(3 * to), *single = allocate(to);
        make_picture(warp.type, 3 * from / bytes_of(warp.type), image);
        for (size_t l = 0; l < level_count; l++) {
            warp.planes = 3;
            dpa_warp_image(levels[l], &warp, image, result);
            warp.planes = 0;
            for (size_t p = 0; p < 3; p++) {
                dpa_warp_image(levels[0], &warp, image + p * from, single);
                CHECK(memcmp(single, result + p * to, to) == 0, "%s: plane %zu, case %d",
                      dpa_image_level(levels[l]), p, how);
            }
        }
        free(image);
        free(result);
        free(single);
    }
}

/* What could overflow is refused, and what could not is not. */
static void limits(void)
{
    const int64_t limit = (int64_t)1 << 61, one = (int64_t)1 << 31;
    dpa_warp warp = {.map = {one, 0, 0, one, 0, 0}, .height = 2, .width = 3, .out_height = 5,
                     .out_width = 9, .channels = 1};
    CHECK(dpa_warp_possible(&warp), "the identity");
    static const size_t bad[] = {0, DPA_MAX_SIDE + 1, SIZE_MAX};
    for (size_t i = 0; i < 3; i++)
        for (int side = 0; side < 4; side++) {
            dpa_warp other = warp;
            size_t *const sides[] = {&other.height, &other.width, &other.out_height,
                                     &other.out_width};
            *sides[side] = bad[i];
            CHECK(!dpa_warp_possible(&other), "side %d of %zu", side, bad[i]);
        }
    const int64_t rest = limit - 2 * one - 8 * one; /* of x beside the width's and xx's part */
    warp.map.x = rest - 1;
    CHECK(dpa_warp_possible(&warp), "the largest offset");
    warp.map.x = -rest;
    CHECK(!dpa_warp_possible(&warp), "an offset too large");
    warp.map.x = INT64_MIN;
    CHECK(!dpa_warp_possible(&warp), "the largest number");
    warp.map.x = 0;
    warp.map.xy = INT64_MIN;
    CHECK(!dpa_warp_possible(&warp), "the largest factor");
    warp.map.xy = limit / 4;
    CHECK(!dpa_warp_possible(&warp), "a factor that the height makes too large");
    dpa_map map = {1, 2, 3, 4, 5, 6};
    CHECK(!dpa_turn_map(0, 0, &map) && !dpa_turn_map(NAN, 1, &map) && !dpa_turn_map(1, 1001, &map) &&
              map.x == 5, "no map");
    dpa_placement placement = {.scale = 1, .shear_x = 90};
    CHECK(!dpa_place_map(&placement, 2, 3, 4, 5, &map) && map.x == 5, "a shear to a line");
    placement = (dpa_placement){.scale = 1, .cropped = true, .area = 0, .ratio = 1};
    CHECK(!dpa_place_map(&placement, 2, 3, 4, 5, &map) && map.x == 5, "a crop of no area");
    placement = (dpa_placement){.scale = 1, .cropped = true, .area = 1, .ratio = INFINITY};
    CHECK(!dpa_place_map(&placement, 2, 3, 4, 5, &map) && map.x == 5, "a crop of no height");
}

void test_warp(void)
{
    level_count = usable_loops(levels);
    limits();
    known_digest();
    widths();
    planes();
}
