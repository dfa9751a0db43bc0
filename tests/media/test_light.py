from __future__ import annotations

import subprocess
import sys

import pytest

import divine.media
from divine.config import PROJECT


def test_the_package_loads_no_codec_until_one_is_needed():
    code = "import sys, divine.media; print({'av', 'numpy', 'soxr', 'safetensors'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert answer.stdout.strip() == "set()"


def test_every_public_name_is_there():
    assert all(getattr(divine.media, name) is not None for name in divine.media.__all__)
    with pytest.raises(AttributeError, match="no attribute 'unheard_of'"):
        _ = divine.media.unheard_of
