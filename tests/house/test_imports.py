"""House rules on imports: layers hold, every module loads alone, a worker stays light, `proxy` is ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("comparators", "rollout", "connectra", "proxy", "lab", "loadtests")
HEAVY = ("deepdiff", "asyncpg", "yaml", "prometheus_client", "rich")


def modules() -> list[str]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if parts[-1] == "__main__" or "locustfile" in parts:
                continue  # running a program is not importing a module; Locust patches the process
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, check=False, cwd="/", capture_output=True, text=True, timeout=120)


def test_every_module_can_be_imported_first() -> None:
    """One interpreter forks a child for each module, so that no module leans on another's import."""
    code = f"""
import os, sys
failed = []
for name in {modules()!r}:
    child = os.fork()
    if child == 0:
        try:
            __import__(name)
        except BaseException as error:
            print(name, repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        failed.append(name)
sys.exit(len(failed))
"""
    done = python(code)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_worker_loads_nothing_heavy() -> None:
    """No YAML, SQL, DeepDiff or metrics library in the process that answers clients."""
    done = python(f"import sys, proxy.worker.process; print([name for name in {HEAVY!r} if name in sys.modules])")
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_the_package_proxy_is_ours() -> None:
    """PyPI's proxy.py has the same import name and would be taken silently from another folder."""
    done = python("import proxy; print(proxy.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(ROOT), done.stdout + done.stderr


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_python_file_is_longer_than_300_lines(package: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / package).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 300
    }
    assert not long, f"one file is one idea; split: {long}"
