"""House rules on text: no host of a package registry, no path of a machine, no left-overs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
HOSTS = (r"pypi\." + "org", "pythonhosted" + r"\.", r"registry\." + "npmjs", r"deb\." + "debian", r"proxy\." + "golang")
REGISTRIES = re.compile("|".join(HOSTS))
MACHINE = re.compile("(?<![a-z./])/" + r"(work|root)/\w")


def tracked(*patterns: str) -> list[Path]:
    """The files under version control; in an unpacked archive, those of the source folders."""
    command = ["git", "ls-files", "-co", "--exclude-standard", *patterns]
    listed = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    return [path for pattern in patterns for path in ROOT.rglob(pattern) if ".venv" not in path.parts]


def offending(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    found = []
    for path in files:
        if path == Path(__file__) or "recordings" in path.parts:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    return found


def test_nothing_is_left_over_in_the_product() -> None:
    files = [path for path in tracked("*.py", "Makefile") if "tests" not in path.parts]
    assert not offending(LEFTOVERS, files)


def test_no_file_names_a_package_registry() -> None:
    assert not offending(REGISTRIES, tracked())


def test_no_file_holds_a_path_of_a_machine() -> None:
    assert not offending(MACHINE, tracked())
