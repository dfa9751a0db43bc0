"""Import Gradio so that it neither talks to anyone nor writes anything. Import this before anything that imports Gradio.

Its import renders a stub file beside each of its components, for editors: half of its four seconds, and a write into the
installation. It leaves out a class whose file cannot be told, so for the length of the import none can.
"""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable
from typing import Any

# Read by Gradio and by the Hugging Face client when they are imported: nothing is counted, asked or kept anywhere.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_RUN_HISTORY"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def _without_stubs(getfile: Callable[[Any], str]) -> Callable[[Any], str]:
    def told(thing: Any) -> str:
        if getattr(thing, "__module__", "").startswith("gradio."):
            raise OSError
        return getfile(thing)

    return told


_getfile = inspect.getfile
inspect.getfile = _without_stubs(_getfile)
try:
    importlib.import_module("gradio")
finally:
    inspect.getfile = _getfile
