/* test_noise.c: the noise against the twin's indices, and pixels toned one at a time. */
#include <math.h>

#include "check.h"

#define TABLE 65536
#define INDICES 30 /* of each hash in noise.txt */
#define MOST 2100 /* pixels: two chunks of noise.c and a rest */

static float numbers[TABLE]; /* table[k] = k: the noise shows its indices */
static float normals[TABLE]; /* between -4 and 4, exact */

/* Lines of noise.txt: a hash, then its first indices. */
static void known_indices(void)
{
    FILE *file = open_vectors("noise.txt");
    char hex[65];
    int lines = 0;
    for (; fscanf(file, "%64s", hex) == 1; lines++) {
        uint8_t digest[32];
        float out[INDICES];
        from_hex(hex, digest, 32);
        dpa_noise(digest, numbers, out, INDICES);
        for (int i = 0; i < INDICES; i++) {
            int index = -1;
            CHECK(fscanf(file, "%d", &index) == 1 && out[i] == (float)index, "%.8s, %d", hex, i);
        }
    }
    CHECK(lines == 5, "%d hashes", lines);
    fclose(file);
}

/* A field of any size begins as a larger one does. */
static void sizes(const uint8_t digest[32])
{
    float whole[MOST];
    dpa_noise(digest, normals, whole, MOST);
    for (size_t count = 0; count <= 9; count++) {
        float *part = allocate(count * sizeof *part);
        dpa_noise(digest, normals, part, count);
        CHECK(memcmp(part, whole, count * sizeof *part) == 0, "%zu values", count);
        free(part);
    }
}

/* What dpa_image.h says, without a trick: doubles hold every float's product and sum exactly enough. */
static float toned(float pixel, const dpa_tone *tone, float noise)
{
    const float scaled = (float)((double)tone->gain * pixel);
    const float moved = (float)((double)scaled + tone->offset);
    const float added = (float)((double)tone->stdev * noise);
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

static void tones(const dpa_tone *tone, size_t count, const uint8_t digest[32], const float *table)
{
    uint8_t *bytes = allocate(count);
    uint16_t *words = allocate(count * sizeof *words);
    float *reals = allocate(count * sizeof *reals), noise[MOST] = {0};
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)i;
        words[i] = (uint16_t)(i * 31);
        reals[i] = (float)i / 256 - 1;
    }
    if (table)
        dpa_noise(digest, table, noise, count);
    dpa_apply_tone(DPA_UINT8, bytes, count, tone, digest, table);
    dpa_apply_tone(DPA_UINT16, words, count, tone, digest, table);
    dpa_apply_tone(DPA_FLOAT32, reals, count, tone, digest, table);
    for (size_t i = 0; i < count; i++) {
        const float byte = toned((uint8_t)i, tone, noise[i]);
        const float word = toned((uint16_t)(i * 31), tone, noise[i]);
        const float real = toned((float)i / 256 - 1, tone, noise[i]);
        CHECK(bytes[i] == clipped(byte, 255), "%g: byte %zu of %zu", (double)tone->gain, i, count);
        CHECK(words[i] == clipped(word, 65535), "%g: word %zu", (double)tone->gain, i);
        CHECK(reals[i] == real, "%g: float %zu", (double)tone->gain, i);
    }
    free(bytes);
    free(words);
    free(reals);
}

/* Halves go to the even neighbour; what is no number or too large for an integer is cut. */
static void extremes(void)
{
    static const struct {
        dpa_tone tone;
        uint8_t from[4], to[4];
    } cases[] = {
        {{0.5f, 0, 0}, {1, 2, 3, 5}, {0, 1, 2, 2}},
        {{1, -0.5f, 0}, {0, 1, 2, 3}, {0, 0, 2, 2}},
        {{3e38f, 0, 0}, {0, 1, 2, 255}, {0, 255, 255, 255}},
        {{-3e38f, 0, 0}, {0, 1, 2, 255}, {0, 0, 0, 0}},
        {{1, -1.5f * 0x1p23f, 0}, {0, 1, 2, 3}, {0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t pixels[4];
        memcpy(pixels, cases[i].from, 4);
        dpa_apply_tone(DPA_UINT8, pixels, 4, &cases[i].tone, NULL, NULL);
        CHECK(memcmp(pixels, cases[i].to, 4) == 0, "case %zu: %d %d %d %d", i, pixels[0], pixels[1],
              pixels[2], pixels[3]);
    }
    uint16_t words[3] = {0, 1, 65535};
    const dpa_tone infinite = {INFINITY, 1, 0}; /* infinity * 0 is no number */
    dpa_apply_tone(DPA_UINT16, words, 3, &infinite, NULL, NULL);
    CHECK(words[1] == 65535 && words[2] == 65535, "%d %d", words[1], words[2]);
}

void test_noise(void)
{
    static const dpa_tone all[] = {{1, 0, 0}, {1.17f, -9.3f, 20}, {0, 255, 3}, {-0.5f, 300, 0.01f}};
    static const size_t counts[] = {0, 1, 3, 4, 5, 16, 17, 1023, 1024, 1025, MOST};
    uint8_t digest[32];
    for (size_t k = 0; k < TABLE; k++) {
        numbers[k] = (float)k;
        normals[k] = ((float)k - 32767.5f) / 8192;
    }
    fill_random(digest, sizeof digest, 12);
    known_indices();
    sizes(digest);
    extremes();
    for (size_t t = 0; t < sizeof all / sizeof all[0]; t++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            tones(&all[t], counts[c], digest, NULL);
            tones(&all[t], counts[c], digest, normals);
        }
}
