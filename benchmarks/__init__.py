"""Measurements of the product beside something comparable, in one run on one machine. Nothing here is part of it."""
