"""Predictions in, numbers out. No torch here."""
