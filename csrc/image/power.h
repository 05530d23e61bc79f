/* power.h: powers that have the same bits everywhere (docs/spec.md, "Gamma"). Private to csrc. */
#ifndef DPA_POWER_H
#define DPA_POWER_H

#include "sample/functions.h"

/* x is a normal positive number. */
INLINE double power(double x, double gamma)
{
    const double exponent = gamma * natural_log(x);
    const double least = exponent < -700 ? -700 : exponent;
    return exponential(least > 700 ? 700 : least);
}

#endif
