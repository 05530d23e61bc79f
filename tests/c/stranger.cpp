// stranger.cpp: a program in C++ that knows the three public headers and nothing else.
#include <math.h>
#include <stdio.h> // of C: cross compilers often come without the C++ library
#include <string.h>

#include "dpa_columns.h"
#include "dpa_derivation.h"
#include "dpa_image.h"

namespace {

constexpr int SAMPLES = 43, COLUMNS = 3;

int failed = 0;

void check(bool passed, const char *what)
{
    failed += !passed;
    printf("%s%s", what, passed ? ", " : " FAILED, ");
}

dpa_links links;
double rotation[SAMPLES], brightness[SAMPLES];
int64_t hue[SAMPLES];
uint8_t digests[SAMPLES][DPA_DIGEST_SIZE];

// Rotation, brightness and an integer called hue of the ids 0 to 42 (depth 10), into the arrays above.
dpa_request request_of(void *const *values, const dpa_column *column)
{
    dpa_request request = {}; // no prefix, no texts, no array of ids: the ids are 0, 1, ...
    request.depth = 10;
    request.sampler = DPA_XOSHIRO256PP;
    request.columns = COLUMNS;
    request.column = column;
    request.values = values;
    request.digests = digests;
    return request;
}

// Known answers of docs/spec.md: the sample of id 42.
void derivation(const dpa_engine &engine, const dpa_request &request)
{
    alignas(DPA_SCRATCH_ALIGN) static unsigned char scratch[1 << 16];
    char hash[2 * DPA_DIGEST_SIZE];
    dpa_links_init(&links);
    check(dpa_scratch_size(&engine, &request, SAMPLES) <= sizeof scratch, "scratch");
    dpa_generate(&engine, &links, &request, 0, SAMPLES, scratch);
    dpa_hex(digests[42], hash);
    check(memcmp(hash, "3c8f589003fff376", 16) == 0, "hash");
    check(rotation[42] == 0.8235536351270127, "rotation");
    check(brightness[42] == 1.0552569211826817, "brightness");
    check(hue[42] == 0x3c66cdc9, "hue");
}

void columns(const dpa_engine &engine, const dpa_request &request)
{
    const dpa_field fields[COLUMNS] = {{rotation, 8, 1}, {brightness, 8, 1}, {hue, 8, 1}};
    double small[] = {3, 1, 2, 2};
    uint64_t sum[4] = {}, parts[4] = {};
    dpa_moments moments;
    char text[DPA_SHORTEST_SIZE];
    dpa_add_leaves(&engine, &request.keys, 0, SAMPLES, digests, fields, COLUMNS, sum);
    dpa_add_leaves(&engine, &request.keys, 20, SAMPLES - 20, digests, fields, COLUMNS, parts);
    dpa_add_leaves(&engine, &request.keys, 0, 20, digests, fields, COLUMNS, parts);
    check(memcmp(sum, parts, sizeof sum) == 0, "leaves");
    dpa_block_moments(small, 4, &moments);
    check(moments.mean == 2 && moments.squares == 2, "moments");
    const size_t size = dpa_shortest(0.1, text);
    check(size == 3 && memcmp(text, "0.1", size) == 0, "text");
    dpa_text_field field = {};
    field.form = DPA_REAL, field.values = small, field.items = 1;
    field.head = "{\"a\":", field.head_size = 5;
    char lines[40];
    size_t written, used;
    check(dpa_write_lines(&field, 1, "\n", 1, 0, 4, lines, sizeof lines, &written) == 4 &&
              memcmp(lines + 10, "{\"a\":1.0}\n", 10) == 0,
          "lines");
    double back[4] = {};
    field.values = back;
    check(dpa_read_lines(&field, 1, "\n", 1, 4, lines, written, &used) == 4 && used == written &&
              memcmp(back, small, sizeof back) == 0,
          "read");
}

void image()
{
    static float table[DPA_NOISE_TABLE];
    float noise[2];
    uint8_t pixels[] = {0, 100, 200};
    const dpa_tone tone = {2, 1, 0, 0, nullptr};
    const uint8_t zeros[DPA_DIGEST_SIZE] = {};
    uint32_t key[4];
    const dpa_image_loops *loops = nullptr;
    const bool chosen = dpa_image_choose(&loops, nullptr) == DPA_OK;
    check(chosen, "loops");
    if (!chosen)
        return;
    for (int k = 0; k < DPA_NOISE_TABLE; k++)
        table[k] = static_cast<float>(k);
    dpa_noise_key(zeros, key);
    dpa_noise(loops, key, 0, table, noise, 2);
    check(noise[0] == 37507 && noise[1] == 39685, "noise"); // tests/vectors/noise.txt
    dpa_apply_tone(loops, DPA_UINT8, pixels, 3, 1, &tone, nullptr, nullptr);
    check(pixels[0] == 1 && pixels[1] == 201 && pixels[2] == 255, "tone");
    check(dpa_mean(loops, DPA_UINT8, pixels, 2, 255) == 101, "mean");
    dpa_effect effect = {};
    effect.scale = effect.gamma = effect.brightness = effect.contrast = effect.saturation = 1;
    effect.crop_area = effect.crop_ratio = NAN;
    effect.flip_horizontal = 1;
    effect.brightness = 0.5;
    dpa_frame frame = {};
    frame.warp.height = frame.warp.out_height = 1;
    frame.warp.width = frame.warp.out_width = 3;
    frame.warp.channels = frame.warp.planes = 1;
    frame.full_range = 255;
    dpa_steps steps;
    uint8_t turned[3] = {};
    const bool fits = dpa_prepare(&frame, &effect, nullptr, &steps) == DPA_FITS &&
                      dpa_augment(loops, &frame, &steps, nullptr, nullptr, pixels, turned) == DPA_FITS;
    check(fits && turned[0] == 128 && turned[1] == 100 && turned[2] == 0, "effect");
}

} // namespace

int main()
{
    void *const values[COLUMNS] = {rotation, brightness, hue};
    dpa_column column[COLUMNS] = {}; // each a kind, then what that kind reads
    for (dpa_column &each : column)
        each.items = 1;
    column[0].a = -30; // DPA_DRAWN is the first kind
    column[0].b = 30;
    column[1].draw = 1;
    column[1].a = 0.8;
    column[1].b = 1.2;
    column[2].kind = DPA_INTEGERS; // the upper half of its word
    column[2].step = 1;
    column[2].count = 1ULL << 32;
    dpa_tag("hue", 3, column[2].tag);
    const dpa_request request = request_of(values, column);
    dpa_engine engine;
    if (dpa_engine_choose(&engine, nullptr) != DPA_OK)
        return 1;
    printf("C++ with dpa %s on %s: ", dpa_version(), dpa_engine_name(&engine));
    derivation(engine, request);
    columns(engine, request);
    image();
    printf("%d failed\n", failed);
    return failed;
}
