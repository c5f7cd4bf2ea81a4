"""`make sabotage`: the demo with one part broken at a time. A demo that then still says 0 proves nothing.

The product has no switches for this. Each run puts a `sitecustomize` in front of the module path of the served
processes, and that replaces one function when its module has been imported.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HOOK = """
import importlib.abc, importlib.machinery, sys

MODULE = {module!r}

def broken(module):
{body}

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            broken(module)
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Finder())
"""

BREAKAGES = {
    "the judge always promotes": (
        "rollout.judge",
        """
    real = module.judge
    def judge(*args, **kwargs):
        import dataclasses
        return dataclasses.replace(real(*args, **kwargs), kind=module.EventKind.PROMOTE)
    module.judge = judge
""",
    ),
    "the comparator always matches": (
        "comparators.comparison",
        """
    from comparators.verdict import Outcome, Verdict
    module.compare = lambda *args, **kwargs: Verdict(Outcome.MATCH)
""",
    ),
    "mirroring is off": (
        "rollout.decide",
        """
    import dataclasses
    real = module.decide
    module.decide = lambda *args: dataclasses.replace(real(*args), shadow=False, skipped="not sampled")
""",
    ),
    "fallback is off": (
        "proxy.worker.fallback",
        """
    module.FALL_BACK = False
""",
    ),
}


def main() -> int:
    """Exit 0 when every sabotaged demo failed."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.demo.sabotage", description=__doc__)
    parser.add_argument("only", nargs="*", help="parts of the names of the breakages to try; all by default")
    arguments = parser.parse_args()
    survived = []
    for name, (module, body) in BREAKAGES.items():
        if arguments.only and not any(word in name for word in arguments.only):
            continue
        with tempfile.TemporaryDirectory(prefix="crossfade-sabotage-") as folder:
            (Path(folder) / "sitecustomize.py").write_text(HOOK.format(module=module, body=body))
            print(f"sabotage: {name}", flush=True)
            env = {**os.environ, "CROSSFADE_DEMO_PATH": folder}
            done = subprocess.run([sys.executable, "-m", "loadtests.demo"], env=env, check=False)
        print(f"sabotage: {name}: the demo ended with {done.returncode}", flush=True)
        if done.returncode != 1:
            survived.append(name)
    for name in survived:
        print(f"sabotage: NOT NOTICED: {name}")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
