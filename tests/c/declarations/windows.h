#pragma once
#define PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE 30
int IsProcessorFeaturePresent(unsigned long feature);
