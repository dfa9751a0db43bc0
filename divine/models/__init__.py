"""Tensors in, tensors out: one file per block of the paper; ``divine.py`` only composes."""
