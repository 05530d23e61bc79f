/* distributions_portable.c: whatever vectors the compiler may use everywhere, and the
 * functions of one number. */
#include "hash/platform.h"

#define LEVEL "portable"
#define NEEDS 0
#define ATTR
#define DISTRIBUTIONS dpa_distributions_portable
#define TO_DOUBLE(x) TO_DOUBLE_BY_PARTS(x)

#include "sample/distributions.inc"

double dpa_half_sine(double x)
{
    return half_sine(x);
}

double dpa_normal_quantile(double u)
{
    const double q = u - 0.5;
    if (fabs(q) <= NORMAL_CENTRE)
        return normal_centre(q);
    const double s = sqrt(-natural_log(q < 0 ? u : 1 - u));
    const double x = s <= NORMAL_NEAR ? normal_near_tail(s) : normal_far_tail(s);
    return q < 0 ? -x : x;
}
