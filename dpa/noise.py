"""The noise of a sample: the public names of dpa.images.noise."""

from dpa.images.noise import digest_of, noise_table, standard_normals, standard_normals_batch

__all__ = ["digest_of", "noise_table", "standard_normals", "standard_normals_batch"]
