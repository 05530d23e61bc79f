/* functions.h: logarithm, exponential, sine and normal quantile that have the same bits
 * everywhere. Private to csrc.
 *
 * They are made of + - * / and sqrt, each rounded once, in the order of docs/spec.md. libm
 * rounds differently from one machine to the next, with and without fused multiply-add.
 * Nothing here branches, so that compilers vectorise loops over them.
 */
#ifndef DPA_FUNCTIONS_H
#define DPA_FUNCTIONS_H

#include <math.h> /* sqrt and fabs alone */

#include "hash/platform.h"

INLINE double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

INLINE uint64_t to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* x * y / 2^64, rounded down. */
INLINE uint64_t mul_high(uint64_t x, uint64_t y)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide; /* -Wpedantic knows no such type */
    return (uint64_t)((wide)x * y >> 64);
#else
    const uint64_t x0 = x & 0xffffffff, x1 = x >> 32, y0 = y & 0xffffffff, y1 = y >> 32;
    const uint64_t middle = x1 * y0 + (x0 * y0 >> 32), other = x0 * y1 + (middle & 0xffffffff);
    return x1 * y1 + (middle >> 32) + (other >> 32);
#endif
}

#define LN2_HIGH 0x1.62e42feep-1 /* its product with an exponent is exact */
#define LN2_LOW 0x1.a39ef35793c76p-33

/* ln(x) of a normal positive number, after fdlibm's e_log. */
INLINE double natural_log(double x)
{
    /* x = 2^k m with sqrt(1/2) <= m < sqrt(2), nearly: the sum carries into the exponent
     * where m would reach the upper bound. The biased k becomes a double by its bits. */
    const uint64_t lowest = 0x3fe6a09e00000000, shifted = to_bits(x) + (0x3ff0000000000000 - lowest);
    const double k = from_bits(shifted >> 52 | 0x4330000000000000) - (0x1p52 + 1023);
    const double f = from_bits((shifted & 0x000fffffffffffff) + lowest) - 1;
    const double s = f / (2 + f), z = s * s, w = z * z;
    const double t1 =
        w * (0x1.999999997fa04p-2 + w * (0x1.c71c51d8e78afp-3 + w * 0x1.39a09d078c69fp-3));
    const double t2 = z * (0x1.5555555555593p-1 +
                           w * (0x1.2492494229359p-2 +
                                w * (0x1.7466496cb03dep-3 + w * 0x1.2f112df3e5244p-3)));
    const double h = 0.5 * f * f;
    return k * LN2_HIGH - ((h - (s * (h + (t1 + t2)) + k * LN2_LOW)) - f);
}

/* e^x, for -708 <= x <= 709, after fdlibm's e_exp. */
INLINE double exponential(double x)
{
    /* The sum rounds to an integer k, ties to even, and holds it in its lowest bits. */
    const double shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52, k = shifted - 0x1.8p52;
    const double high = x - k * LN2_HIGH, low = k * LN2_LOW, r = high - low, t = r * r;
    const double c =
        r - t * (0x1.555555555553ep-3 +
                 t * (-0x1.6c16c16bebd93p-9 +
                      t * (0x1.1566aaf25de2cp-14 +
                           t * (-0x1.bbd41c5d26bf1p-20 + t * 0x1.6376972bea4dp-25))));
    const double power = from_bits((to_bits(shifted) << 52) + 0x3ff0000000000000); /* 2^k */
    return (1 - ((low - (r * c) / (2 - c)) - high)) * power;
}

/* The polynomial with these coefficients, from the highest power down. */
#define POLYNOMIAL8(x, c7, c6, c5, c4, c3, c2, c1, c0) \
    ((((((((c7) * (x) + (c6)) * (x) + (c5)) * (x) + (c4)) * (x) + (c3)) * (x) + (c2)) * (x) + (c1)) * (x) + (c0))

/* sin(pi w / 2) for 0 <= w <= 1: a polynomial fitted to it. */
INLINE double half_sine(double w)
{
    const double t = w * w;
    const double high = POLYNOMIAL8(t, -0x1.7ed4cd7222586p-45, 0x1.aabbe3815eb60p-38,
                                    -0x1.6fad488852625p-31, 0x1.e8f4338e03a66p-25,
                                    -0x1.e3074fdc520eap-19, 0x1.50783487ec19ap-13,
                                    -0x1.32d2cce62bd57p-8, 0x1.466bc6775aae2p-4);
    return w * ((high * t + -0x1.4abbce625be53p-1) * t + 0x1.921fb54442d18p+0);
}

/* The three parts of the normal quantile, after Wichura 1988 (AS 241, PPND16): the centre of
 * q = u - 0.5 where |q| <= NORMAL_CENTRE, and the tails of s = sqrt(-ln p), p being the lesser
 * of u and 1 - u, where s <= NORMAL_NEAR and beyond. Tails are of the upper side. */
INLINE double normal_centre(double q)
{
    const double r = 0.180625 - q * q;
    return POLYNOMIAL8(r, 2.5090809287301226727e+3, 3.3430575583588128105e+4,
                       6.7265770927008700853e+4, 4.5921953931549871457e+4,
                       1.3731693765509461125e+4, 1.9715909503065514427e+3,
                       1.3314166789178437745e+2, 3.3871328727963666080e+0) * q /
           POLYNOMIAL8(r, 5.2264952788528545610e+3, 2.8729085735721942674e+4,
                       3.9307895800092710610e+4, 2.1213794301586595867e+4,
                       5.3941960214247511077e+3, 6.8718700749205790830e+2,
                       4.2313330701600911252e+1, 1.0);
}

INLINE double normal_near_tail(double s)
{
    const double r = s - 1.6;
    return POLYNOMIAL8(r, 7.74545014278341407640e-4, 2.27238449892691845833e-2,
                       2.41780725177450611770e-1, 1.27045825245236838258e+0,
                       3.64784832476320460504e+0, 5.76949722146069140550e+0,
                       4.63033784615654529590e+0, 1.42343711074968357734e+0) /
           POLYNOMIAL8(r, 1.05075007164441684324e-9, 5.47593808499534494600e-4,
                       1.51986665636164571966e-2, 1.48103976427480074590e-1,
                       6.89767334985100004550e-1, 1.67638483018380384940e+0,
                       2.05319162663775882187e+0, 1.0);
}

INLINE double normal_far_tail(double s)
{
    const double r = s - 5.0;
    return POLYNOMIAL8(r, 2.01033439929228813265e-7, 2.71155556874348757815e-5,
                       1.24266094738807843860e-3, 2.65321895265761230930e-2,
                       2.96560571828504891230e-1, 1.78482653991729133580e+0,
                       5.46378491116411436990e+0, 6.65790464350110377720e+0) /
           POLYNOMIAL8(r, 2.04426310338993978564e-15, 1.42151175831644588870e-7,
                       1.84631831751005468180e-5, 7.86869131145613259100e-4,
                       1.48753612908506148525e-2, 1.36929880922735805310e-1,
                       5.99832206555887937690e-1, 1.0);
}

#define NORMAL_CENTRE 0.425
#define NORMAL_NEAR 5.0

#endif
