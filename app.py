"""Start the studio: ``python app.py [--host HOST] [--port PORT] [--data DATA]``."""


def main() -> None:
    """Parse, build, serve."""
    import argparse
    from pathlib import Path

    parser = argparse.ArgumentParser(description="The DIVINE studio. Research use only, not a diagnosis.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; beyond this machine needs DIVINE_LOGIN")
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--data", type=Path, help="a cohort, for the pages to come: a folder or a manifest")
    options = parser.parse_args()

    from divine.records import DivineError
    from ui.server import serve

    try:
        serve(options.host, options.port)
    except DivineError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
