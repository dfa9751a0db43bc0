"""``python -m divine.cli``."""

from divine.cli import main

main()
