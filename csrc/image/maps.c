/* maps.c: rotation, zoom and their like as six integers (docs/spec.md, "Map"). */
#include <math.h>

#include "dpa_image.h"
#include "hash/platform.h"

static const double radians = 0x1.1df46a2529d39p-6; /* pi / 180 */

/* Taylor's coefficients of (sin x - x) / x^3 and (cos x - 1) / x^2 in x^2. */
static const double sine[8] = {
    -0x1.5555555555555p-3,  0x1.1111111111111p-7,  -0x1.a01a01a01a01ap-13, 0x1.71de3a556c734p-19,
    -0x1.ae64567f544e4p-26, 0x1.6124613a86d09p-33, -0x1.ae7f3e733b81fp-41, 0x1.952c77030ad4ap-49,
};
static const double cosine[8] = {
    -0x1.0p-1,              0x1.5555555555555p-5,  -0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-16,
    -0x1.27e4fb7789f5cp-22, 0x1.1eed8eff8d898p-29, -0x1.93974a8c07c9dp-37, 0x1.ae7f3e733b81fp-45,
};

/* By + - * alone. The angle is first reduced, exactly, to at most 45 degrees and a quadrant. */
static void cos_sin(double degrees, double *c, double *s)
{
    double angle = fmod(degrees, 360);
    int quadrant = 0;
    for (; angle > 45; angle -= 90)
        quadrant++;
    for (; angle < -45; angle += 90)
        quadrant--;
    const double x = angle * radians, z = x * x;
    double p = sine[7], q = cosine[7];
    for (int i = 6; i >= 0; i--) {
        p = p * z + sine[i];
        q = q * z + cosine[i];
    }
    p = p * z * x + x;
    q = q * z + 1;
    *c = quadrant & 1 ? (quadrant & 2 ? p : -p) : (quadrant & 2 ? -q : q);
    *s = quadrant & 1 ? (quadrant & 2 ? -q : q) : (quadrant & 2 ? -p : p);
}

/* Times unit, a power of two, to the nearest integer; the sum with 0.5 is rounded, too. */
static bool fixed(double value, double unit, int64_t *result)
{
    const double scaled = value * unit;
    const double sum = scaled < 0 ? scaled - 0.5 : scaled + 0.5;
    if (!(fabs(sum) < 0x1p61))
        return false;
    *result = (int64_t)sum;
    return true;
}

static bool is_scale(double scale)
{
    return scale >= 0.001 && scale <= 1000;
}

bool dpa_turn_map(double rotation, double scale, dpa_map *map)
{
    double c, s;
    int64_t a, b;
    if (!is_scale(scale))
        return false;
    cos_sin(rotation, &c, &s);
    if (!fixed(c / scale, 0x1p31, &a) || !fixed(s / scale, 0x1p31, &b))
        return false;
    *map = (dpa_map){a, -b, b, a, 0, 0};
    return true;
}

static double tangent(double degrees)
{
    double c, s;
    cos_sin(degrees, &c, &s);
    return s / c;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

bool dpa_place_map(const dpa_placement *placement, size_t height, size_t width, size_t out_height,
                   size_t out_width, dpa_map *map)
{
    const double h = (double)height, w = (double)width;
    const double out_h = (double)out_height, out_w = (double)out_width;
    const dpa_placement *p = placement;
    double box_w = w, box_h = h, x = 0.5, y = 0.5, c, s;
    if (!is_scale(p->scale))
        return false;
    if (p->cropped) {
        if (!(p->area > 0 && p->area <= DBL_MAX && p->ratio > 0 && p->ratio <= DBL_MAX))
            return false;
        box_w = least(w, sqrt(p->area * w * h * p->ratio));
        box_h = least(h, sqrt(p->area * w * h / p->ratio));
        x = p->position_x;
        y = p->position_y;
    }
    const double centre_x = x * (w - box_w) + box_w / 2 - w / 2;
    const double centre_y = y * (h - box_h) + box_h / 2 - h / 2;
    const double ratio_x = box_w / out_w * (p->flip_horizontal ? -1.0 : 1.0);
    const double ratio_y = box_h / out_h * (p->flip_vertical ? -1.0 : 1.0);
    cos_sin(p->rotation, &c, &s);
    const double a = c / p->scale, b = s / p->scale;
    const double kx = tangent(p->shear_x), ky = tangent(p->shear_y), d = 1 - kx * ky;
    const double i[4] = {1 / d, -kx / d, -ky / d, 1 / d}; /* takes the shear back */
    const double n[4] = {a * i[0] - b * i[2], a * i[1] - b * i[3], b * i[0] + a * i[2],
                         b * i[1] + a * i[3]};
    const double m[4] = {ratio_x * n[0], ratio_x * n[1], ratio_y * n[2], ratio_y * n[3]};
    const double tx = p->translate_x * out_w, ty = p->translate_y * out_h;
    dpa_map made;
    const double offset_x = centre_x - (m[0] * tx + m[1] * ty);
    const double offset_y = centre_y - (m[2] * tx + m[3] * ty);
    if (!fixed(m[0], 0x1p31, &made.xx) || !fixed(m[1], 0x1p31, &made.xy) ||
        !fixed(m[2], 0x1p31, &made.yx) || !fixed(m[3], 0x1p31, &made.yy) ||
        !fixed(offset_x, 0x1p32, &made.x) || !fixed(offset_y, 0x1p32, &made.y))
        return false;
    *map = made;
    return true;
}
