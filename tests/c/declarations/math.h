#pragma once
double fabs(double x);
double sqrt(double x);
