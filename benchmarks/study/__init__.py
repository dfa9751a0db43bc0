"""Does the design earn its place? Known factors, and rivals on synthetic cohorts (docs/study.md)."""
