"""Stands for what only Colab has: chapters and library may look for it, and nothing of it works."""
