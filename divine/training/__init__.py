"""Batches in, checkpoints and predictions out."""
