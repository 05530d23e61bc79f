/* test_moments.c: the moments of a block, in their one order of summation. */
#include "check.h"

static double random_double(uint64_t *state, double scale)
{
    return ((double)(random_bits(state) >> 11) * 0x1p-53 - 0.5) * scale;
}

/* Part p: values p, p + 8, ...; then the tree that csrc/summary/moments.c documents. */
static double part(const double *values, size_t count, size_t p)
{
    double sum = 0;
    for (size_t i = p; i < count; i += 8)
        sum += values[i];
    return sum;
}

static double in_order(const double *values, size_t count)
{
    double p[8];
    for (size_t i = 0; i < 8; i++)
        p[i] = part(values, count, i);
    const double even = (p[0] + p[4]) + (p[2] + p[6]), odd = (p[1] + p[5]) + (p[3] + p[7]);
    return even + odd;
}

static void random_block(size_t count, double scale)
{
    double *values = allocate(count * sizeof *values), *squares = allocate(count * sizeof *squares);
    uint64_t state = count;
    double min = 1e300, max = -1e300;
    dpa_moments found;
    for (size_t i = 0; i < count; i++) {
        values[i] = random_double(&state, scale);
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
    }
    const double mean = in_order(values, count) / (double)count;
    for (size_t i = 0; i < count; i++)
        squares[i] = (values[i] - mean) * (values[i] - mean);
    dpa_block_moments(values, count, &found);
    CHECK(found.mean == mean, "mean of %zu", count);
    CHECK(found.squares == in_order(squares, count), "squares of %zu", count);
    CHECK(found.min == min && found.max == max, "bounds of %zu", count);
    free(values);
    free(squares);
}

/* Numbers a reader can check in the head. */
static void by_hand(void)
{
    static const double values[] = {3, 1, 2, 2};
    dpa_moments found;
    dpa_block_moments(values, 4, &found);
    CHECK(found.mean == 2 && found.squares == 2 && found.min == 1 && found.max == 3, "3 1 2 2");
    dpa_block_moments(values, 1, &found);
    CHECK(found.mean == 3 && found.squares == 0 && found.min == 3 && found.max == 3, "3 alone");
}

/* The order shows: 1 is lost beside 1e16 unless it meets another 1 first. */
static void order_matters(void)
{
    static const double values[16] = {1e16, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    dpa_moments found;
    dpa_block_moments(values, 16, &found);
    CHECK(found.mean == (1e16 + 2) / 16, "%.17g", found.mean);
}

void test_moments(void)
{
    by_hand();
    order_matters();
    for (size_t count = 1; count <= 40; count++)
        random_block(count, 60);
    random_block(DPA_MOMENTS_BLOCK - 1, 0.4);
    random_block(DPA_MOMENTS_BLOCK, 1e-300);
    random_block(DPA_MOMENTS_BLOCK, 1e150);
}
