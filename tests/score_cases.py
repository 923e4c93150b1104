"""Score the reader on the cases: ``python tests/score_cases.py [--errors] [PHENOMENON ...]``.

Held-out cases are only counted: their texts are not printed, so that no rule is written to them.
``--held-out-errors`` prints them, for the one who writes the cases; ``--failing`` prints only the
ids of all that fail, for ``known_failures.yaml``.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import endplate.reader
from casebook import Case, Comparison, compare, describe, load_cases
from endplate.codes import CORE_FINDINGS
from endplate.records import Report

Scored = list[tuple[Case, Comparison]]


def f1(scored: Scored, findings: tuple[str, ...] = ()) -> str:
    """Micro-averaged F1 over the rows, of some findings only where named, with the counts."""

    def count(name: str) -> int:
        keys = [key for _, comparison in scored for key in getattr(comparison, name)]
        return sum(not findings or key[0] in findings for key in keys)

    right, missed, wrong = count("right"), count("missed"), count("wrong")
    value = 2 * right / (2 * right + missed + wrong) if right + missed + wrong else 1.0
    return f"{value:.4f} (right {right}, missed {missed}, wrong {wrong})"


def main() -> None:
    """Print the share of exact cases for each phenomenon and the F1, open and held out apart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("phenomena", nargs="*", help="only these (default: all)")
    parser.add_argument("--errors", action="store_true", help="print every error of the open cases")
    parser.add_argument("--held-out-errors", action="store_true")
    parser.add_argument("--failing", action="store_true", help="print the ids of failing cases")
    arguments = parser.parse_args()
    reader = endplate.reader.load()
    scored: dict[bool, Scored] = {False: [], True: []}
    table: dict[str, dict[bool, Scored]] = defaultdict(lambda: {False: [], True: []})
    for case in load_cases():
        if arguments.phenomena and case.phenomenon not in arguments.phenomena:
            continue
        comparison = compare(case, reader.read(Report(case.id, case.text)).findings)
        scored[case.held_out].append((case, comparison))
        table[case.phenomenon][case.held_out].append((case, comparison))
        shown = arguments.held_out_errors if case.held_out else arguments.errors
        failing = not comparison.exact or bool(comparison.faults)
        if failing and arguments.failing:
            print(case.id)
        if failing and shown:
            print(describe(case, comparison))
    print(f"{'phenomenon':28s} {'open exact':>12s} {'held out':>12s} {'faults':>8s}")
    for phenomenon, halves in sorted(table.items()):
        exact = [
            f"{sum(comparison.exact for _, comparison in half)}/{len(half)}"
            for half in (halves[False], halves[True])
        ]
        faults = sum(len(comparison.faults) for half in halves.values() for _, comparison in half)
        print(f"{phenomenon:28s} {exact[0]:>12s} {exact[1]:>12s} {faults:8d}")
    for held_out, name in ((False, "open"), (True, "held out")):
        part = scored[held_out]
        exact_count = sum(comparison.exact for _, comparison in part)
        print(f"\n{name}: {exact_count} of {len(part)} cases exact")
        print(f"  F1 all   {f1(part)}")
        print(f"  F1 core  {f1(part, CORE_FINDINGS)}")
        print(f"  F1 modic {f1(part, ('modic_change',))}")


if __name__ == "__main__":
    main()
