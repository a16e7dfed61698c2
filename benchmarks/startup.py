"""How long `import vidi` and `vidi --help` take, as whole processes, beside a Python that does nothing.

python benchmarks/startup.py        a minute
"""

import argparse
import sys

import report

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import vidi": [sys.executable, "-c", "import vidi"],
    "vidi --help": [report.VIDI, "--help"],
    "import torch": [sys.executable, "-c", "import torch"],
}
HEAVY = "import sys, vidi, vidi.cli.main; print(sorted({'torch', 'timm', 'numpy'} & set(sys.modules)))"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(given.rounds + 1):
        for name, command in COMMANDS.items():
            seconds[name].append(report.run(command).seconds)
    seconds = {name: found[1:] for name, found in seconds.items()}  # the first read the disk
    report.write(
        "startup",
        metric="seconds of a whole process; medians",
        n=f"{given.rounds} runs, one after another in turns",
        seeds=None,
        columns=["what", "seconds", "fastest"],
        rows=[[name, report.middle(found, 3), round(min(found), 3)] for name, found in seconds.items()],
        data="none",
        imported_of_torch_timm_numpy=report.run([sys.executable, "-c", HEAVY]).output.strip(),
        runs=seconds,
    )


if __name__ == "__main__":
    main()
