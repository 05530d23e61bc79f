"""Pictures (extra `viz`): contact sheets of images, and plots of chain files and benchmarks."""
