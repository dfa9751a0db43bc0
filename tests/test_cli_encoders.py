import json
import subprocess
import sys

from divine.encoders import registered


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "divine.cli", "encoders", *arguments], capture_output=True, text=True, check=False
    )


def test_every_encoder_is_listed_with_its_licence_and_whether_it_is_here():
    listed = {entry["code"]: entry for entry in json.loads(run("list", "--json").stdout)}
    assert set(listed) == set(registered())
    assert listed["KI"]["present"] and listed["AC"]["present"] and not listed["WV"]["present"]
    assert listed["KI"]["command"] == "" and listed["WV"]["command"] == "divine encoders fetch WV"
    assert all(entry["licence"] for entry in listed.values())


def test_a_missing_weight_names_the_command_that_brings_it():
    done = run("verify", "WV")
    assert done.returncode == 1 and "divine encoders fetch WV" in done.stderr and done.stderr.count("\n") == 1
    assert run("verify", "KI").stdout.strip() == "KI: needs no weights"
    assert run("fetch", "KI").returncode == 1


def test_speed_and_memory_are_measured_for_those_that_are_here():
    measured = json.loads(run("bench", "KI", "AC", "WV", "--seconds", "1", "--json").stdout)
    assert [entry["code"] for entry in measured] == ["KI", "AC", "WV"]
    assert all(entry["speed"] > 0 and entry["clip_s"] == 1.0 and entry["peak_bytes"] > 50e6 for entry in measured[:2])
    assert "divine encoders fetch WV" in measured[2]["error"]
