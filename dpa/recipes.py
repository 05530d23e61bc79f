"""Recipes, files that stand for samples without storing them; implemented in dpa.files.recipes."""

from dpa.files.recipes import merge_recipes, save_augmentation_recipe

__all__ = ["merge_recipes", "save_augmentation_recipe"]
