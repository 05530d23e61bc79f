/* moments.c: the moments of one block of values, bit-identical everywhere.
 *
 * Eight partial sums, value i into sum i % 8, then added as a fixed tree: an
 * order that every compiler keeps, and that it can still vectorise.
 */
#include "dpa_columns.h"
#include "hash/platform.h"

#define PARTS 8

static double add_up(const double part[PARTS])
{
    return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

void dpa_block_moments(const double *values, size_t count, dpa_moments *moments)
{
    double sum[PARTS] = {0}, squares[PARTS] = {0};
    double min = values[0], max = values[0];
    for (size_t i = 0; i < count; i++) {
        sum[i % PARTS] += values[i];
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
    }
    const double mean = add_up(sum) / (double)count;
    for (size_t i = 0; i < count; i++) {
        const double deviation = values[i] - mean;
        squares[i % PARTS] += deviation * deviation;
    }
    moments->mean = mean;
    moments->squares = add_up(squares);
    moments->min = min;
    moments->max = max;
}
