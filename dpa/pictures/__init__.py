"""Pictures with the extra `viz`: contact sheets of images, plots of chain files, benchmarks."""
