/* testu01.c: a battery of TestU01 on the 32-bit words of standard input (docs/randomness.md):
 * testu01 small|crush|big. Built by hand, never in CI: TestU01's licence restricts commercial use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "TestU01.h"

static unsigned long long taken;

static unsigned int next(void)
{
    static unsigned int words[16384];
    static size_t count, at;
    if (at == count) {
        count = fread(words, sizeof words[0], sizeof words / sizeof words[0], stdin);
        at = 0;
        if (count == 0) {
            fprintf(stderr, "the input ended after %llu words\n", taken);
            exit(2);
        }
    }
    taken++;
    return words[at++];
}

int main(int argc, char **argv)
{
    const char *size = argc == 2 ? argv[1] : "";
    void (*battery)(unif01_Gen *) = strcmp(size, "small") == 0   ? bbattery_SmallCrush
                                    : strcmp(size, "crush") == 0 ? bbattery_Crush
                                    : strcmp(size, "big") == 0   ? bbattery_BigCrush
                                                                 : NULL;
    if (!battery) {
        fprintf(stderr, "usage: %s small|crush|big\n", argv[0]);
        return 2;
    }
    swrite_Basic = FALSE;
    unif01_Gen *words = unif01_CreateExternGenBits("standard input", next);
    battery(words);
    double least = 1, most = 0;
    for (int i = 0; i < bbattery_NTests; i++) {
        const double p = bbattery_pVal[i];
        printf("%-28s %.4g\n", bbattery_TestNames[i], p);
        least = p < least ? p : least;
        most = p > most ? p : most;
    }
    printf("%llu words, %d statistics, p-values %.4g to %.4g\n", taken, bbattery_NTests, least, most);
    unif01_DeleteExternGenBits(words);
    return 0;
}
