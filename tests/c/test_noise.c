/* test_noise.c: noise, tones and sums of every level, against known answers, doubles and the
 * portable loops. */
#include <math.h>

#include "engines.h"

#define INDICES 30 /* of each line in noise.txt */
#define MOST 4200  /* values: two chunks of noise.c and a rest */

static const dpa_image_loops *loops[MAX_LOOPS];
static size_t loops_count;
static float numbers[DPA_NOISE_TABLE]; /* table[k] = k: the noise shows its indices */
static float normals[DPA_NOISE_TABLE]; /* between -4 and 4, exact */

/* ---- Noise ---- */

/* Random123's known answers for Philox4x32-10, the published generator: kat_vectors. */
static void known_outputs(const dpa_image_loops *level)
{
    static const struct {
        uint64_t block;
        philox_words words;
        uint64_t outputs[2];
    } known[] = {
        {0, {0}, {0xe169c58d6627e8d5, 0x9b00dbd8bc57ac4c}},
        {UINT64_MAX,
         {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
         {0x41c83b0e408f276d, 0x6d5451fda20bc7c6}},
        {0x85a308d3243f6a88,
         {0xa4093822, 0x299f31d0, 0x13198a2e, 0x03707344},
         {0x94fdccebd16cfe09, 0x24126ea15001e420}},
    };
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        for (size_t before = 0; before < 9; before++) { /* in any place of a group */
            uint64_t made[9][2];
            level->outputs(known[k].words, known[k].block - before, before + 1, made);
            CHECK(memcmp(made[before], known[k].outputs, sizeof known[k].outputs) == 0,
                  "%s: vector %zu behind %zu blocks", level->level, k, before);
        }
}

/* Lines of noise.txt: a hash, a place, and the indices from there on. */
static void known_indices(const dpa_image_loops *level)
{
    FILE *file = open_vectors("noise.txt");
    char hex[65];
    unsigned long long start;
    int lines = 0;
    for (; fscanf(file, "%64s %llu", hex, &start) == 2; lines++) {
        uint8_t digest[32];
        uint32_t key[4];
        float out[INDICES];
        from_hex(hex, digest, 32);
        dpa_noise_key(digest, key);
        dpa_noise(level, key, start, numbers, out, INDICES);
        for (int i = 0; i < INDICES; i++) {
            int index = -1;
            CHECK(fscanf(file, "%d", &index) == 1 && out[i] == (float)index, "%s: %.8s from %llu, %d",
                  level->level, hex, start, i);
        }
    }
    CHECK(lines == 8, "%d lines", lines);
    fclose(file);
}

/* Any part of a field has the values that the whole field has there. */
static void parts(const dpa_image_loops *level, const uint32_t key[4])
{
    /* around a block of 8 values, a group of 64 and a chunk of dpa_apply_tone */
    static const size_t starts[] = {0, 1, 7, 8, 9, 63, 64, 65, 2047, 2048};
    static const size_t counts[] = {0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 500};
    float whole[MOST];
    dpa_noise(&dpa_image_portable, key, 0, normals, whole, MOST);
    for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const size_t size = counts[c] * sizeof whole[0];
            float *part = allocate(size);
            dpa_noise(level, key, starts[s], normals, part, counts[c]);
            CHECK(memcmp(part, whole + starts[s], size) == 0, "%s: %zu values from %zu", level->level,
                  counts[c], starts[s]);
            free(part);
        }
}

/* Values are looked up from the lower half of the first output on. */
static void every_count_of_blocks(const dpa_image_loops *level)
{
    static const philox_words words = {1, 2, 3, 4};
    const uint64_t first = UINT32_MAX - 5; /* the counter carries within the first group */
    uint64_t made[35][2];
    dpa_image_portable.outputs(words, first, 35, made);
    for (size_t count = 0; count <= 35; count++) {
        float *out = allocate(8 * count * sizeof *out);
        size_t right = 0;
        level->normals(words, first, count, numbers, out);
        for (size_t i = 0; i < 8 * count; i++)
            right += out[i] == (float)(made[i / 8][i / 4 % 2] >> i % 4 * 16 & 0xffff);
        CHECK(right == 8 * count, "%s: %zu of %zu blocks' values", level->level, right, count);
        free(out);
    }
}

/* ---- Tone ---- */

/* What dpa_image.h says, without a trick: a double holds every product of floats, and the sum of
 * two is the same float by way of a double. */
static float toned(float pixel, const dpa_tone *tone, float added)
{
    const float scaled = (float)((double)tone->gain * pixel);
    const float moved = (float)((double)scaled + tone->offset);
    return (float)((double)moved + added);
}

static long clipped(float value, long most)
{
    if (!(value > 0) || value >= (float)most)
        return value > 0 ? most : 0;
    const long below = (long)value;
    const float rest = value - (float)below;
    return below + (rest > 0.5f || (rest == 0.5f && below % 2 == 1));
}

static float real(size_t i)
{
    return (float)(i % 1000) / 256 - 1;
}

static void tones(const dpa_image_loops *level, const dpa_tone *tone, size_t count,
                  const uint32_t key[4], const float *table)
{
    uint8_t *bytes = allocate(count), expected_bytes[MOST];
    uint16_t *words = allocate(2 * count), expected_words[MOST];
    float *reals = allocate(4 * count), expected_reals[MOST], noise[MOST];
    if (table)
        dpa_noise(level, key, 0, table, noise, count);
    for (size_t i = 0; i < count; i++) {
        const float added = table ? (float)((double)tone->stdev * noise[i]) : 0;
        bytes[i] = (uint8_t)i;
        words[i] = (uint16_t)(i * 31);
        reals[i] = real(i);
        expected_bytes[i] = (uint8_t)clipped(toned(bytes[i], tone, added), 255);
        expected_words[i] = (uint16_t)clipped(toned(words[i], tone, added), 65535);
        expected_reals[i] = toned(reals[i], tone, added);
    }
    dpa_apply_tone(level, DPA_UINT8, bytes, count, 1, tone, key, table);
    dpa_apply_tone(level, DPA_UINT16, words, count, 1, tone, key, table);
    dpa_apply_tone(level, DPA_FLOAT32, reals, count, 1, tone, key, table);
    CHECK(memcmp(bytes, expected_bytes, count) == 0, "%s, %g: %zu bytes", level->level,
          (double)tone->gain, count);
    CHECK(memcmp(words, expected_words, 2 * count) == 0, "%s, %g: %zu words", level->level,
          (double)tone->gain, count);
    CHECK(memcmp(reals, expected_reals, 4 * count) == 0, "%s, %g: %zu floats", level->level,
          (double)tone->gain, count);
    free(bytes);
    free(words);
    free(reals);
}

static void every_tone(const dpa_image_loops *level, const uint32_t key[4])
{
    static const dpa_tone all[] = {
        {1, 0, 0, 0, NULL}, {1.17f, -9.3f, 20, 0, NULL}, {0, 255, 3, 0, NULL}, {-0.5f, 300, 0.01f, 0, NULL}, {257, -31.7f, 1000, 0, NULL}};
    for (size_t t = 0; t < sizeof all / sizeof all[0]; t++) {
        const dpa_tone quiet = {all[t].gain, all[t].offset, NAN, 0, NULL}; /* nobody reads that */
        for (size_t count = 0; count <= MOST; count += count < 140 ? 1 : count < 2040 ? 1907 : 1) {
            tones(level, &quiet, count, NULL, NULL);
            tones(level, &all[t], count, key, normals);
            if (count == 2051) /* a chunk has 2,048 */
                count = MOST - 1;
        }
    }
}

static void tone_is(const dpa_image_loops *level, const dpa_tone *tone, const float *table,
                    const uint8_t from[4], const uint8_t to[4])
{
    static const uint32_t key[4];
    uint8_t bytes[4];
    uint16_t words[4];
    memcpy(bytes, from, 4);
    for (int i = 0; i < 4; i++)
        words[i] = from[i];
    dpa_apply_tone(level, DPA_UINT8, bytes, 4, 1, tone, key, table);
    dpa_apply_tone(level, DPA_UINT16, words, 4, 1, tone, key, table);
    for (int i = 0; i < 4; i++) {
        CHECK(bytes[i] == to[i], "%s: %g makes %d of byte %d", level->level, (double)tone->gain, bytes[i],
              from[i]);
        CHECK(words[i] == (to[i] == 255 ? 65535 : to[i]), "%s: %g makes %d of word %d", level->level,
              (double)tone->gain, words[i], from[i]);
    }
}

/* Halves go to the even neighbour, what is too large for an integer is cut, what is no number
 * becomes 0. */
static void extremes(const dpa_image_loops *level)
{
    static float zeros[DPA_NOISE_TABLE];
    static const struct {
        dpa_tone tone;
        uint8_t from[4], to[4];
    } cases[] = {
        {{0.5f, 0, 0, 0, NULL}, {1, 2, 3, 5}, {0, 1, 2, 2}},
        {{1, -0.5f, 0, 0, NULL}, {0, 1, 2, 3}, {0, 0, 2, 2}},
        {{3e38f, 0, 0, 0, NULL}, {0, 1, 2, 200}, {0, 255, 255, 255}},
        {{-3e38f, 0, 0, 0, NULL}, {0, 1, 2, 200}, {0, 0, 0, 0}},
        {{1, -1.5f * 0x1p23f, 0, 0, NULL}, {0, 1, 2, 3}, {0, 0, 0, 0}},
        {{INFINITY, 1, 0, 0, NULL}, {0, 1, 2, 3}, {0, 255, 255, 255}}, /* infinity * 0 is no number */
        {{-INFINITY, 1, 0, 0, NULL}, {0, 1, 2, 3}, {0, 0, 0, 0}},
        {{INFINITY, -INFINITY, 0, 0, NULL}, {0, 1, 2, 3}, {0, 0, 0, 0}},
        {{NAN, 0, 0, 0, NULL}, {0, 1, 2, 3}, {0, 0, 0, 0}},
        {{-NAN, 0, 0, 0, NULL}, {0, 1, 2, 3}, {0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tone_is(level, &cases[i].tone, NULL, cases[i].from, cases[i].to);
        tone_is(level, &cases[i].tone, zeros, cases[i].from, cases[i].to);
    }
    float reals[4] = {-0.0f, INFINITY, -INFINITY, NAN};
    const dpa_tone same = {1, 0, 0, 0, NULL};
    dpa_apply_tone(level, DPA_FLOAT32, reals, 4, 1, &same, NULL, NULL);
    CHECK(reals[0] == 0 && !signbit(reals[0]), "%s: -0 + 0 is 0", level->level);
    CHECK(reals[1] == INFINITY && reals[2] == -INFINITY && isnan(reals[3]), "%s", level->level);
}

/* ---- Matrices and powers ---- */

/* What dpa_image.h says, one pixel at a time: a channel of three. */
static float mixed(const float pixel[3], const dpa_tone *tone, const float row[3])
{
    float moved[3], sum = 0;
    for (int c = 0; c < 3; c++) {
        const float scaled = (float)((double)tone->gain * pixel[c]);
        moved[c] = (float)((double)scaled + tone->offset);
        const float product = (float)((double)row[c] * moved[c]);
        sum = c == 0 ? product : (float)((double)sum + product);
    }
    return sum;
}

/* Side by side and as planes, with noise and without. */
static void mixes(const dpa_image_loops *level, size_t count, const uint32_t key[4])
{
    static const float matrix[9] = {0.7f, 0.2f, 0.1f, -0.3f, 1.2f, 0.1f, 0.25f, 0.5f, 0.25f};
    float *real = allocate(12 * count), *planes = allocate(12 * count), *noise = allocate(12 * count);
    uint8_t *byte = allocate(3 * count);
    uint16_t *word = allocate(6 * count);
    uint64_t state = count;
    for (int noisy = 0; noisy < 2; noisy++) {
        const dpa_tone tone = {1.1f, -3.5f, noisy ? 9.5f : 0, 200, matrix};
        const float *table = noisy ? normals : NULL;
        for (size_t i = 0; i < 3 * count; i++) {
            word[i] = byte[i] = (uint8_t)random_bits(&state);
            real[i] = planes[i % 3 * count + i / 3] = byte[i];
        }
        float *before = allocate(12 * count);
        memcpy(before, real, 12 * count);
        dpa_noise(level, key, 0, normals, noise, 3 * count);
        dpa_apply_tone(level, DPA_UINT8, byte, 3 * count, 1, &tone, key, table);
        dpa_apply_tone(level, DPA_UINT16, word, 3 * count, 1, &tone, key, table);
        dpa_apply_tone(level, DPA_FLOAT32, real, 3 * count, 1, &tone, key, table);
        dpa_apply_tone(level, DPA_FLOAT32, planes, 3 * count, 3, &tone, key, table);
        for (size_t i = 0; i < 3 * count; i++) {
            const float added = noisy ? (float)((double)tone.stdev * noise[i]) : 0;
            const float sum = mixed(before + i / 3 * 3, &tone, matrix + i % 3 * 3);
            const float value = (float)((double)sum + added);
            const long whole = clipped(value, 200);
            CHECK(real[i] == value && planes[i % 3 * count + i / 3] == value, "%s: float %zu of %zu",
                  level->level, i, count);
            CHECK(byte[i] == whole && word[i] == whole, "%s: integer %zu of %zu", level->level, i, count);
        }
        free(before);
    }
    free(real);
    free(planes);
    free(noise);
    free(byte);
    free(word);
}

/* Of integers with a table and without, and of what is no part of the full range. */
static void gammas(const dpa_image_loops *level)
{
    static uint16_t table[DPA_GAMMA_TABLE], many[DPA_GAMMA_TABLE], few[DPA_GAMMA_TABLE];
    uint8_t bytes[256];
    for (uint32_t i = 0; i < DPA_GAMMA_TABLE; i++) {
        many[i] = few[i] = (uint16_t)i;
        bytes[i % 256] = (uint8_t)i;
    }
    dpa_apply_gamma(level, DPA_UINT16, many, DPA_GAMMA_TABLE, 2.2, 4095, table);
    dpa_apply_gamma(level, DPA_UINT16, few, DPA_GAMMA_TABLE, 2.2, 4095, NULL);
    CHECK(memcmp(many, few, sizeof many) == 0, "with a table and without");
    CHECK(many[0] == 0 && many[4095] == 4095 && many[65535] == 4095, "both ends");
    dpa_apply_gamma(level, DPA_UINT8, bytes, 256, 0.5, 255, NULL);
    for (int i = 0; i < 256; i++)
        CHECK(fabs(bytes[i] - 255 * sqrt(i / 255.0)) <= 0.500001, "%d becomes %d", i, bytes[i]);
    float reals[] = {0.25f, 4, 0, -0.0f, -1, INFINITY, NAN, 1e-45f};
    dpa_apply_gamma(level, DPA_FLOAT32, reals, 8, 0.5, 1, NULL);
    CHECK(reals[0] == 0.5f && reals[1] == 2 && reals[2] == 0 && signbit(reals[3]) && reals[4] == -1,
          "%g %g", (double)reals[0], (double)reals[1]);
    CHECK(reals[5] == INFINITY && isnan(reals[6]) && reals[7] > 3e-23f && reals[7] < 4e-23f, "others");
}

/* ---- Sums and means ---- */

static void integer_sums(const dpa_image_loops *level, size_t count, bool largest)
{
    uint8_t *bytes = allocate(count);
    uint16_t *words = allocate(2 * count);
    uint64_t of_bytes = 0, of_words = 0, state = 5;
    for (size_t i = 0; i < count; i++) {
        words[i] = largest ? 65535 : (uint16_t)random_bits(&state);
        bytes[i] = (uint8_t)words[i];
        of_bytes += bytes[i];
        of_words += words[i];
    }
    if (count <= SUM_MOST) {
        CHECK(level->sum_uint8(bytes, count) == of_bytes, "%s: %zu bytes", level->level, count);
        CHECK(level->sum_uint16(words, count) == of_words, "%s: %zu words", level->level, count);
    }
    const double bytes_mean = count ? (double)of_bytes / (double)count : 0;
    const double words_mean = count ? (double)of_words / (double)count : 0;
    CHECK(dpa_mean(level, DPA_UINT8, bytes, count, 255) == bytes_mean, "%s: %zu", level->level, count);
    CHECK(dpa_mean(level, DPA_UINT16, words, count, 65535) == words_mean, "%s: %zu", level->level, count);
    free(bytes);
    free(words);
}

/* Of all sizes that a float can have, NaN and infinities too. */
static void floats_of_all_kinds(float *reals, size_t count)
{
    uint64_t state = 8;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = (uint32_t)random_bits(&state);
        memcpy(&reals[i], &bits, sizeof bits);
        if (i % 3 == 1)
            reals[i] = (float)(int32_t)bits * 0x1p-31f; /* pixels */
        else if (i % 3 == 2)
            reals[i] = (float)(bits % 8 + 0.5) * 0x1p-24f; /* ties, where full_range is 1 */
    }
}

static void float_sums(const dpa_image_loops *level, size_t count, double full_range)
{
    float *reals = allocate(4 * count);
    uint64_t sum = 0, made = 0;
    size_t finite = 0, found = 0;
    floats_of_all_kinds(reals, count);
    for (size_t i = 0; i < count; i++)
        if (isfinite(reals[i])) {
            const double step = rint((double)reals[i] * 0x1p24 / full_range);
            finite++;
            sum += (uint64_t)(int64_t)(step < -0x1p38 ? -0x1p38 : step > 0x1p38 ? 0x1p38 : step);
        }
    for (size_t first = 0; first < count; first += SUM_MOST)
        made += level->sum_float32(reals + first, count - first < SUM_MOST ? count - first : SUM_MOST,
                                   full_range, &found);
    CHECK(made == sum && found == finite, "%s: %zu floats of %g", level->level, count, full_range);
    const double mean = finite ? (double)(int64_t)sum / (double)finite * full_range / 0x1p24 : 0;
    CHECK(dpa_mean(level, DPA_FLOAT32, reals, count, full_range) == mean, "%s: %zu floats of %g",
          level->level, count, full_range);
    free(reals);
}

static void sums(const dpa_image_loops *level)
{
    static const size_t large[] = {SUM_MOST - 1, SUM_MOST, 2 * SUM_MOST + 3};
    static const double full_ranges[] = {1, 2, 0.25, 3, 255};
    for (size_t count = 0; count < 140; count++) {
        integer_sums(level, count, false);
        for (size_t r = 0; r < sizeof full_ranges / sizeof full_ranges[0]; r++)
            float_sums(level, count, full_ranges[r]);
    }
    for (size_t l = 0; l < sizeof large / sizeof large[0]; l++) {
        integer_sums(level, large[l], true);
        float_sums(level, large[l], 1);
        float_sums(level, large[l], 3);
    }
    const float none[] = {NAN, INFINITY, -INFINITY};
    CHECK(dpa_mean(level, DPA_FLOAT32, none, 3, 1) == 0, "%s: no finite value", level->level);
}

void test_noise(void)
{
    uint32_t key[4];
    for (size_t k = 0; k < DPA_NOISE_TABLE; k++) {
        numbers[k] = (float)k;
        normals[k] = ((float)k - 32767.5f) / 8192;
    }
    fill_random((uint8_t *)key, sizeof key, 12);
    loops_count = usable_loops(loops);
    for (size_t i = 0; i < loops_count; i++) {
        known_outputs(loops[i]);
        known_indices(loops[i]);
        parts(loops[i], key);
        every_count_of_blocks(loops[i]);
        every_tone(loops[i], key);
        extremes(loops[i]);
        sums(loops[i]);
        for (size_t count = 1; count <= 1400; count += count < 140 ? 1 : 419)
            mixes(loops[i], count, key);
        gammas(loops[i]);
    }
}
