"""Spark: one process of it, and a standalone cluster that loses a worker while it works."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands import ENDPLATE, endplate, last_line
from endplate.records import FINDING_COLUMNS

needs_spark = pytest.mark.skipif(
    find_spec("pyspark") is None or shutil.which("java") is None,
    reason="needs pip install 'endplate[spark]' and Java 17",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives") / "archive"
    assert endplate("simulate", "1200", "--seed", "4", "--out", folder).returncode == 0
    return folder / "synthetic_reports.parquet"


@pytest.fixture(scope="module")
def local(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple]:
    """The findings of one process."""
    table = tmp_path_factory.mktemp("local") / "findings.parquet"
    assert endplate("extract", archive, "--out", table).returncode == 0
    return rows(table)


def rows(table: Path) -> list[tuple]:
    columns = pq.read_table(table, columns=list(FINDING_COLUMNS)).to_pydict()
    return sorted(zip(*columns.values(), strict=True))


@pytest.mark.spark
@needs_spark
def test_spark_finds_what_one_process_finds(
    archive: Path, local: list[tuple], tmp_path: Path
) -> None:
    done = endplate(
        "extract", archive, "--engine", "spark", "--master", "local[2,4]", "--out", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    assert "1,200 read, 1,200 used, 0 rejected" in done.stderr
    assert rows(tmp_path / "out" / "findings.parquet") == local
    reports = pq.read_table(tmp_path / "out" / "reports.parquet").to_pydict()
    assert len(set(reports["report_id"])) == 1200
    assert sum(reports["findings"]) == len(local)
    assert not (tmp_path / "out" / "_reading").exists()


def delta_archive(archive: Path, folder: Path) -> Path:
    """The archive as a Delta table by modality, with versions behind it that do not count."""
    table = pq.read_table(archive)
    stale = table.slice(0, 50).set_column(
        table.column_names.index("text"), "text", pa.array(["Modic type 1 at L4-5."] * 50)
    )
    deltalake.write_deltalake(folder, stale, partition_by=["modality"])
    deltalake.DeltaTable(folder).delete()
    deltalake.write_deltalake(folder, table.slice(0, 700), mode="append")
    deltalake.write_deltalake(folder, table.slice(700), mode="append")
    return folder


@pytest.mark.spark
@needs_spark
def test_delta_tables_in_and_out(archive: Path, local: list[tuple], tmp_path: Path) -> None:
    reports = delta_archive(archive, tmp_path / "reports")
    out = tmp_path / "out"
    command = ("extract", reports, "--engine", "spark", "--master", "local[2]", "--out", out)
    done = endplate(*command, "--delta")
    assert done.returncode == 0, done.stderr
    assert "1,200 read, 1,200 used, 0 rejected" in done.stderr
    findings = deltalake.DeltaTable(out / "findings.delta").to_pyarrow_table()
    columns = findings.select(list(FINDING_COLUMNS)).to_pydict()
    assert sorted(zip(*columns.values(), strict=True)) == local
    again = endplate(*command, "--delta")
    assert again.returncode == 0, again.stderr
    assert deltalake.DeltaTable(out / "findings.delta").to_pyarrow_table().num_rows == len(local)


@pytest.mark.spark
@pytest.mark.slow
@needs_spark
def test_tables_of_the_catalogue_in_and_out(
    archive: Path, local: list[tuple], tmp_path: Path
) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "spark-defaults.conf").write_text(
        "spark.sql.catalogImplementation hive\n"
        f"spark.sql.warehouse.dir {tmp_path}/warehouse\n"
        "spark.hadoop.javax.jdo.option.ConnectionURL "
        f"jdbc:derby:;databaseName={tmp_path}/metastore;create=true\n"
    )
    env = {"SPARK_CONF_DIR": str(conf)}
    register = (
        "from pyspark.sql import SparkSession as S; s = S.builder.master('local[1]').getOrCreate();"
        "s.sql('create schema pacs');"
        f"s.read.parquet({str(archive)!r}).write.saveAsTable('pacs.mri')"
    )
    subprocess.run(
        [sys.executable, "-c", register],
        check=True,
        capture_output=True,
        env={**os.environ, **env},
        cwd=tmp_path,
    )
    command = ["extract", "pacs.mri", "--engine", "spark", "--master", "local[2]"]
    command += ["--out", str(tmp_path / "out")]
    done = endplate(*command, "--table", "pacs.bvn", env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path / "warehouse" / "pacs.db" / "bvn_findings") == local
    assert pq.read_table(tmp_path / "warehouse" / "pacs.db" / "bvn_reports").num_rows == 1200
    for table, message in (("nowhere.bvn", "no schema nowhere"), ("b v n", "expected NAME")):
        refused = endplate(*command, "--table", table, env=env, cwd=tmp_path)
        assert refused.returncode == 2
        assert message in last_line(refused)


def test_what_only_spark_can_write(archive: Path, tmp_path: Path) -> None:
    done = endplate("extract", archive, "--out", tmp_path / "out", "--delta")
    assert done.returncode == 2
    assert "--delta and --table are for --engine spark" in last_line(done)


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"PATH": "/nowhere", "JAVA_HOME": ""}, "Spark needs Java 17 or newer"),
        ({"PYTHONPATH": "hide"}, "pip install 'endplate[spark]'"),
    ],
)
def test_what_spark_lacks_is_said(
    archive: Path, tmp_path: Path, env: dict[str, str], message: str
) -> None:
    if "PYTHONPATH" in env:
        hidden = tmp_path / "hide" / "pyspark"
        hidden.mkdir(parents=True)
        (hidden / "__init__.py").write_text("raise ImportError\n")
        paths = [str(hidden.parent), os.environ.get("PYTHONPATH", "")]
        env = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    elif find_spec("pyspark") is None:
        pytest.skip("needs pyspark")
    done = endplate("extract", archive, "--engine", "spark", "--out", tmp_path / "o", env=env)
    assert done.returncode == 2
    assert message in last_line(done)


class Cluster:
    """A standalone master and its workers, one core each, on this machine."""

    def __init__(self, folder: Path) -> None:
        import pyspark

        self._folder = folder
        self._home = Path(pyspark.__file__).parent
        self._processes: list[subprocess.Popen] = []
        self.url = ""

    def start(self, workers: int) -> None:
        log = self._run("master", "Master", "--host", "127.0.0.1", "--port", "0")
        self.url = wait_for(log, r"spark://127\.0\.0\.1:\d+")
        for number in range(workers):
            options = ("--cores", "1", "--memory", "1g", "--host", "127.0.0.1", "-d")
            log = self._run(
                f"worker{number}", "Worker", *options, str(self._folder / f"w{number}"), self.url
            )
            wait_for(log, "Successfully registered with master")

    def _run(self, name: str, kind: str, *options: str) -> Path:
        log = self._folder / f"{name}.log"
        command = [str(self._home / "bin" / "spark-class")]
        command += [f"org.apache.spark.deploy.{kind.lower()}.{kind}", *options]
        env = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, "--webui-port", "0"], stdout=out, stderr=out, env=env
            )
        self._processes.append(process)
        return log

    def kill_worker(self) -> None:
        """Kill the last worker and the executor that it runs, as a lost machine would."""
        worker = self._processes[-1]
        for child in children(worker.pid):
            os.kill(child, signal.SIGKILL)
        worker.kill()

    def stop(self) -> None:
        for process in reversed(self._processes):
            for child in children(process.pid):
                os.kill(child, signal.SIGKILL)
            process.kill()
            process.wait()


def children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def wait_for(log: Path, pattern: str) -> str:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if match := re.search(pattern, log.read_text(errors="replace")):
            return match.group()
        time.sleep(0.1)
    raise AssertionError(f"{pattern} did not come: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    started = Cluster(tmp_path)
    try:
        started.start(workers=2)
        yield started
    finally:
        started.stop()


@pytest.mark.spark
@pytest.mark.slow
@needs_spark
def test_a_cluster_that_loses_a_worker_finds_the_same(
    archive: Path, local: list[tuple], cluster: Cluster, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [ENDPLATE, "extract", archive, "--engine", "spark"]
    process = subprocess.Popen(
        [*map(str, command), "--master", cluster.url, "--out", str(out)],
        stderr=subprocess.PIPE,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
    )
    end = time.monotonic() + 180
    while not (out / "_reading" / "_temporary").exists() and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.05)
    cluster.kill_worker()
    error = process.communicate(timeout=400)[1].decode()
    assert process.returncode == 0, error[-3000:]
    assert "1,200 read, 1,200 used, 0 rejected" in error
    assert "Lost executor" in error
    assert rows(out / "findings.parquet") == local
