#pragma once
double fabs(double x);
double sqrt(double x);
double fmod(double x, double y);
