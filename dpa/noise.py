"""The noise field of a sample; implemented in dpa.images.noise."""

from dpa.images.noise import digest_of, noise_table, standard_normals, standard_normals_batch

__all__ = ["digest_of", "noise_table", "standard_normals", "standard_normals_batch"]
