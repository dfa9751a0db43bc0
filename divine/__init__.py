"""DIVINE: assessment of oro-facial neurological disorders from face and voice.

Research software. Nothing here is a diagnosis.
"""

__version__ = "0.1.0"
