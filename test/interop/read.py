"""Reads, and for the tests of foreign writers writes, tables of a lake with engines that know nothing of Tidemark.

A task a line on stdin, an answer a line on stdout, both JSON: Python and its engines start once for many tables.
"""

import datetime
import glob
import json
import os
import sys
import sysconfig
from urllib.parse import urlsplit

import duckdb
from normal import normal
from pyiceberg.table import StaticTable
from write import write


def load_iceberg(connection):
    load_extensions(connection, "avro", "iceberg")


def load_aws(connection):
    """What DuckDB needs for files in S3; where S3 is, the environment says as it does to every client of AWS."""
    load_extensions(connection, "avro", "httpfs", "aws", "iceberg")
    endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc
    connection.execute(
        "CREATE SECRET (TYPE s3, PROVIDER credential_chain, URL_STYLE 'path', USE_SSL false, "
        f"ENDPOINT '{endpoint}', REGION '{os.environ['AWS_REGION']}')"
    )


def load_extensions(connection, *names):
    """Extensions come from their packages: nothing is downloaded while tests run."""
    for name in names:
        package = f"{sysconfig.get_path('purelib')}/duckdb_extension_{name}"
        [file] = glob.glob(f"{package}/**/*.duckdb_extension", recursive=True)
        connection.load_extension(file)


DUCKDB = duckdb.connect(config={"autoinstall_known_extensions": "false"})
load_iceberg(DUCKDB)


def read_pyiceberg(metadata, columns=("*",), filter=None, snapshot=None, at=None, **_):
    table = StaticTable.from_metadata(metadata)
    if at is not None:
        snapshot = table.snapshot_as_of_timestamp(at).snapshot_id
    options = {"row_filter": filter} if filter else {}
    scan = table.scan(selected_fields=tuple(columns), snapshot_id=snapshot and int(snapshot), **options)
    rows = scan.to_arrow()
    # It answers in the schema's order, whatever the order asked for.
    chosen = rows if "*" in columns else rows.select(list(columns))
    return {**answer(chosen), "files": len(list(scan.plan_files()))}


def read_duckdb(path, columns=("*",), filter=None, snapshot=None, at=None, **_):
    """`path`: a metadata file, or the table's folder, whose version hint then says which is the newest."""
    point = ""
    if snapshot is not None:
        point = f", snapshot_from_id => {int(snapshot)}"
    if at is not None:
        utc = datetime.datetime.fromtimestamp(at / 1000, datetime.timezone.utc)
        point = f", snapshot_from_timestamp => TIMESTAMP '{utc:%Y-%m-%d %H:%M:%S.%f}'"
    names = ", ".join("*" if name == "*" else f'"{name}"' for name in columns)
    where = f" WHERE {filter}" if filter else ""
    source = path.replace("'", "''")
    return answer(DUCKDB.sql(f"SELECT {names} FROM iceberg_scan('{source}'{point}){where}").to_arrow_table())


def answer(table):
    columns = [normal(column) for column in table.columns]
    return {"columns": table.column_names, "rows": [list(row) for row in zip(*columns)]}


def describe(metadata):
    """What PyIceberg makes of the metadata itself."""
    table = StaticTable.from_metadata(metadata)
    schema = table.schema()
    fields = [[f.field_id, f.name, str(f.field_type), f.required] for f in schema.fields]
    spec = [[schema.find_column_name(f.source_id), str(f.transform)] for f in table.spec().fields]
    return {
        "fields": fields,
        "key": sorted(schema.identifier_field_names()),
        "spec": spec,
        "snapshots": [str(s.snapshot_id) for s in table.metadata.snapshots],
        "manifests": table.inspect.manifests().num_rows,
        "deletes": table.inspect.delete_files().num_rows,
    }


def run(code, names):
    """Runs a page's snippet with some names given. Answers with what it left under `answer`."""
    space = {**names, "load_iceberg": load_iceberg, "load_aws": load_aws}
    exec(code, space)  # noqa: S102
    return answer(space["answer"])


TASKS = {"pyiceberg": read_pyiceberg, "duckdb": read_duckdb, "describe": describe, "write": write, "run": run}


def main():
    for line in sys.stdin:
        task = json.loads(line)
        try:
            result = TASKS[task.pop("do")](**task)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test has to hear of it
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
