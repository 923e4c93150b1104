"""How long it takes to judge an archive: clinical tables in, verdicts and tables out.

    python tests/bench/bench_cases.py [--patients 200000] [--rows 2000000] [--tables]

Makes invented patients with a study each, a wide table and three long tables, and measures each
stage by the clock and by the processor (which other programs on the machine do not slow down), with
its peak memory. ``--tables`` writes the tables of a run as well.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from endplate.clinical import code_maps, read_clinical
from endplate.criteria import judge_all, load_packs, pack_names
from endplate.records import Finding, Reject, Source, Study
from endplate.studies import build_cases, index_dates, with_facts
from endplate.worklist import write_tables

TODAY = dt.date(2026, 11, 22)
CONDITIONS = ["M54.50", "M54.51", "M51.360", "J06.9", "I10", "E11.9", "Z33.1", "M81.0", "I50.9"]
PROCEDURES = ["97110", "62323", "64635", "99213", "72148", "63030", "64628", "80053"]
MEASURES = [("ODI", 100, "%"), ("NRS", 10, "/10"), ("BMI", 45, "kg/m2"), ("Glucose", 200, "mg/dL")]


def studies(patients: int, rng: random.Random) -> Iterator[Study]:
    """Yield one study a patient; a third of them with a Modic change."""
    for number in range(patients):
        report = f"R{number:07}"
        findings = [
            Finding(
                report,
                "disc_bulge",
                level=rng.choice(("L3-L4", "L4-L5", "L5-S1")),
                section="findings",
                sentence="There is a disc bulge.",
            )
            for _ in range(4)
        ]
        if rng.random() < 0.35:
            findings.append(
                Finding(
                    report,
                    "modic_change",
                    level=rng.choice(("L2-L3", "L3-L4", "L4-L5", "L5-S1")),
                    modic_type=rng.choice(("1", "2", "3", "1/2", "unspecified")),
                    basis=rng.choice(("stated", "described")),
                    section="findings",
                    sentence="Modic change is seen.",
                )
            )
        day = TODAY - dt.timedelta(rng.randrange(1500))
        yield Study(
            report, f"P{number:07}", day, True, "MR", "MR L SPINE", f"A{number}", "final",
            tuple(findings), Source("reports.csv", number + 1),
        )  # fmt: skip


def write_clinical(folder: Path, patients: int, rows: int, rng: random.Random) -> list[Path]:
    """Write a wide table and long tables with `rows` rows together."""
    days = [(TODAY - dt.timedelta(age)).isoformat() for age in range(2500)]
    ids = [f"P{number:07}" for number in range(patients)]
    wide = folder / "clinical.csv"
    with wide.open("w", encoding="utf-8") as out:
        out.write(
            "patient_id,birth_date,sex,back_pain_months,pain_pattern,conservative_care_months,"
            "conservative_care,odi,pain_score,bmi,pregnant,bleeding_disorder,prior_lumbar_surgery\n"
        )
        for patient in ids:
            cells = (
                f"{rng.randrange(1940, 2005)}-0{rng.randrange(1, 10)}-15",
                rng.choice(("female", "male", "")),
                rng.choice(("", *map(str, range(1, 60)))),
                rng.choice(("axial", "mixed", "radicular", "")),
                rng.choice(("", *map(str, range(24)))),
                rng.choice(("physical_therapy;nsaid", "injection", "")),
                rng.choice(("", *map(str, range(100)))),
                rng.choice(("", *map(str, range(10)))),
                f"{rng.uniform(18, 45):.1f}",
                rng.choice(("yes", "no", "no", "no", "")),
                rng.choice(("yes", "no", "no", "no", "")),
                rng.choice(("none", "decompression", "fusion", "")),
            )
            out.write(",".join((patient, *cells)) + "\n")
    paths = [wide]
    for name, share, head, cells_of in (
        (
            "conditions.csv",
            0.5,
            "patient_id,code,code_system,date,end_date",
            lambda: f"{rng.choice(CONDITIONS)},ICD10CM,{rng.choice(days)},",
        ),
        (
            "procedures.csv",
            0.25,
            "patient_id,code,code_system,date",
            lambda: f"{rng.choice(PROCEDURES)},CPT,{rng.choice(days)}",
        ),
        ("observations.csv", 0.25, "patient_id,name,value,unit,date", lambda: measure(rng, days)),
    ):
        paths.append(folder / name)
        with paths[-1].open("w", encoding="utf-8") as out:
            out.write(head + "\n")
            out.writelines(f"{rng.choice(ids)},{cells_of()}\n" for _ in range(int(rows * share)))
    return paths


def measure(rng: random.Random, days: list[str]) -> str:
    """Return the cells of an observation."""
    name, highest, unit = rng.choice(MEASURES)
    return f"{name},{rng.randrange(highest)},{unit},{rng.choice(days)}"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=200_000)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--packs", nargs="*", default=pack_names())
    parser.add_argument("--tables", action="store_true", help="write the tables of a run as well")
    options = parser.parse_args()
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_clinical(folder, options.patients, options.rows, rng)
        read = list(studies(options.patients, rng))
        print(
            f"{options.patients:,} patients, {options.rows:,} long rows, {len(options.packs)} packs"
        )
        begin = lap = (time.perf_counter(), time.process_time())

        def say(stage: str) -> None:
            nonlocal lap
            now = (time.perf_counter(), time.process_time())
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
            clock, processor = (b - a for a, b in zip(lap, now, strict=True))
            total, total_processor = (b - a for a, b in zip(begin, now, strict=True))
            print(
                f"{stage:20} {clock:6.1f} s (processor {processor:6.1f})   "
                f"total {total:6.1f} s ({total_processor:6.1f})   peak {peak:.2f} GiB"
            )
            lap = now

        cases = list(build_cases(read, {}))
        say("history")
        rejects: list[Reject] = []
        record = read_clinical(
            paths, index_dates(cases), on_reject=rejects.append, on_note=print, today=TODAY
        )
        say("clinical tables")
        packs = load_packs(options.packs)
        judged = ((case, judge_all(case, packs)) for case in with_facts(cases, record.facts))
        if options.tables:
            tally = write_tables(folder / "run", judged, packs, code_maps().flags, today=TODAY)
            say("judged and written")
            print(dict(tally.verdicts[packs[0].id]))
        else:
            verdicts = Counter(judgements[0].verdict for _, judgements in judged)
            say("judged")
            print(dict(verdicts))


if __name__ == "__main__":
    main()
