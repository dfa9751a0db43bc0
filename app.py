"""Start the studio: ``python3 app.py [--host HOST] [--port PORT] [--data DATA]``. The first start makes ``.venv/`` ready."""

from pathlib import Path

from divine.bootstrap import ensure_environment


def main() -> None:
    """Parse, build, serve."""
    import argparse

    parser = argparse.ArgumentParser(description="The DIVINE studio. Research use only, not a diagnosis.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; beyond this machine needs DIVINE_LOGIN")
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument(
        "--data", type=Path, help="a Toronto NeuroFace folder or a manifest; the demonstration cohort without it"
    )
    options = parser.parse_args()
    if options.data is not None and not options.data.exists():
        parser.error(f"{options.data}: there is no such folder or manifest.")

    ensure_environment("core", "app.py")
    from divine.records import DivineError
    from ui.server import serve

    try:
        serve(options.host, options.port, options.data)
    except DivineError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
