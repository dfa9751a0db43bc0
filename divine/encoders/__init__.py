"""Observation → Features: frozen encoders of face and voice behind one small contract."""

from divine.encoders.registry import Encoder, EncoderError, EncoderInfo, info, load, registered

__all__ = ["Encoder", "EncoderError", "EncoderInfo", "info", "load", "registered"]
