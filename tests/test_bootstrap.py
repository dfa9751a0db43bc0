import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from divine import bootstrap


def _make_environment(folder: Path, **_: bool) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """A project folder without an environment, where pip only writes down what it was asked for."""
    calls: list[tuple[str, ...]] = []
    (tmp_path / "requirements").mkdir()
    for name in ("core", "encoders", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}-package==1\n")
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path)
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(bootstrap.venv, "create", _make_environment)
    monkeypatch.setattr(bootstrap, "_pip", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(bootstrap, "_pip_quietly", lambda *arguments: 1)
    monkeypatch.setattr(bootstrap, "_continue_there", lambda *command: calls.append(("go on", *command)))
    monkeypatch.setattr(bootstrap.platform, "system", lambda: "Linux")
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "argv", ["app.py"])
    return calls


def test_first_start_installs_and_the_second_only_goes_on(machine: list, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "has_gpu", lambda: False)
    bootstrap.ensure_environment("core", "app.py")
    assert [call[0] for call in machine] == ["install"] * 3 + ["go on"]
    machine.clear()
    bootstrap.ensure_environment("core", "app.py")
    assert machine == [("go on", "app.py")]


def test_an_environment_that_is_a_link_is_the_project_s_too(machine: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "has_gpu", lambda: False)
    (tmp_path / "elsewhere").mkdir()
    bootstrap.ENVIRONMENT.symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr(sys, "prefix", str(bootstrap.ENVIRONMENT))
    bootstrap.ensure_environment("core", "app.py")
    assert ("go on", "app.py") not in machine


def test_a_set_up_that_was_cut_off_goes_on(machine: list, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "has_gpu", lambda: False)

    def cut_off(*arguments: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "_pip", cut_off)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.ensure_environment("core", "app.py")
    bootstrap.ensure_environment("core", "app.py")
    assert [call[0] for call in machine] == ["install"] * 3 + ["go on"]


def test_a_venv_without_pip_leaves_nothing_behind(machine: list, monkeypatch: pytest.MonkeyPatch):
    def half_made(folder: Path, **_: bool) -> None:
        _make_environment(folder)
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(bootstrap.venv, "create", half_made)
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        bootstrap.ensure_environment("core", "app.py")
    assert not bootstrap.ENVIRONMENT.exists()


def test_a_changed_lock_is_installed_again(machine: list, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "has_gpu", lambda: False)
    bootstrap.ensure_environment("core", "app.py")
    (bootstrap.PROJECT / "requirements" / "core.txt").write_text("core-package==2\n")
    machine.clear()
    bootstrap.ensure_environment("core", "app.py")
    assert ("install", "--no-deps", "--requirement", str(bootstrap.PROJECT / "requirements" / "core.txt")) in machine


def test_encoders_are_added_to_what_is_there(machine: list, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "has_gpu", lambda: False)
    bootstrap.ensure_environment("core", "app.py")
    assert not any(call[-1].endswith("encoders.txt") for call in machine)
    machine.clear()
    bootstrap.ensure_environment("encoders", "-m", "divine.bootstrap")
    assert any(call[-1].endswith("encoders.txt") for call in machine)
    assert not any(call[-1].endswith("dev.txt") for call in machine)
    machine.clear()
    bootstrap.ensure_environment("core", "app.py")
    assert machine == [("go on", "app.py")]


def test_tests_need_every_set_of_packages(machine: list, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bootstrap, "has_gpu", lambda: False)
    bootstrap.ensure_environment("core", "app.py")
    machine.clear()
    bootstrap.ensure_environment("dev", "-m", "tests")
    assert [Path(call[-1]).stem for call in machine if call[-1].endswith(".txt")] == ["core", "encoders", "dev"]


@pytest.mark.parametrize(("gpu", "wanted"), [(False, "torch==2.13.0+cpu"), (True, "torch==2.13.0")])
def test_torch_is_the_build_for_the_machine(machine: list, monkeypatch: pytest.MonkeyPatch, gpu: bool, wanted: str):
    monkeypatch.setattr(bootstrap, "has_gpu", lambda: gpu)
    bootstrap.ensure_environment("core", "app.py")
    assert [call[-1] for call in machine if call[-1].startswith("torch")] == [wanted]


def test_set_up_needs_nothing_but_the_standard_library():
    code = (
        "import sys; sys.modules['site'] = None; import divine.bootstrap; print(sorted(m for m in sys.modules if 'numpy' in m))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_importing_divine_is_light():
    code = "import sys, divine.services; print(sorted({'torch', 'av', 'cv2', 'gradio', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _locked(name: str) -> dict[str, str]:
    lines = [line for line in (Path("requirements") / f"{name}.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.\-]+==[\w.]+", line) for line in lines)
    return {package.lower().replace("_", "-"): version for package, version in (line.split("==") for line in lines)}


def test_every_locked_version_is_exact_and_stands_once():
    core, encoders, dev = _locked("core"), _locked("encoders"), _locked("dev")
    assert not core.keys() & encoders.keys() and not core.keys() & dev.keys() and not encoders.keys() & dev.keys()


@pytest.mark.parametrize("name", ["core", "encoders", "dev"])
def test_what_depends_on_the_machine_or_has_no_cpu_build_is_not_locked(name: str):
    refused = {"torch", "torchvision", "torchaudio", "tensorflow", "opencv-python"}
    assert not {package for package in _locked(name) if package in refused or package.startswith("nvidia")}


def test_the_studio_does_without_tensorflow_and_transformers():
    assert not {"tensorflow-cpu", "transformers", "speechbrain"} & _locked("core").keys()


def test_an_encoder_s_library_is_installed_by_the_command_that_its_message_names():
    done = subprocess.run([sys.executable, "-m", "divine.bootstrap"], cwd=bootstrap.PROJECT, capture_output=True, text=True)
    assert done.returncode != 0 and "python3 -m divine.bootstrap encoders" in done.stderr


def test_nothing_is_installed_that_breaks_the_rest():
    here = {one.metadata["Name"].lower().replace("_", "-") for one in importlib.metadata.distributions()}
    assert not here & {"opencv-python", "opencv-contrib-python"}, "shadows opencv-python-headless, wants a display"
    assert "torchvision" not in here, "breaks transformers beside a CPU build of torch"
    assert "tensorflow" not in here, "a second copy of tensorflow-cpu, 1.9 GB"
    if not bootstrap.has_gpu():
        assert not {name for name in here if name.startswith("nvidia-")}, "torch of the wrong build"
    if "torchaudio" in here:
        import torchaudio  # noqa: F401  # pyright: ignore[reportMissingImports]  one that fails to import breaks transformers
