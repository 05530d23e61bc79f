"""Recipes: the public names of dpa.files.recipes."""

from dpa.files.recipes import merge_recipes, save_augmentation_recipe

__all__ = ["merge_recipes", "save_augmentation_recipe"]
