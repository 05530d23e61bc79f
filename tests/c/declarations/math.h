#pragma once
double fabs(double x);
double sqrt(double x);
double fmod(double x, double y);
double floor(double x);
#define isnan(x) __builtin_isnan(x)
