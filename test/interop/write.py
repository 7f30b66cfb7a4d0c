"""PyIceberg as a second writer of a table that is ours, through a catalog of its own in memory."""

import re

import pyarrow as pa
from normal import from_normal
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.transforms import parse_transform
from pyiceberg.types import LongType, StringType


class CountingCatalog(SqlCatalog):
    """Goes on from v3.metadata.json with 00004-<uuid>; PyIceberg alone takes any name but its own for version -1."""

    @staticmethod
    def _parse_metadata_version(metadata_location):
        number = re.search(r"/v(\d+)\.metadata\.json$", metadata_location)
        return int(number[1]) if number else SqlCatalog._parse_metadata_version(metadata_location)


def write(metadata, steps, counting=True):
    """Commits the steps, one after the other, onto the metadata file. Answers with the newest one's path."""
    kind = CountingCatalog if counting else SqlCatalog
    catalog = kind("foreign", uri="sqlite:///:memory:", warehouse="file:///nowhere")
    catalog.create_namespace("lake")
    table = catalog.register_table("lake.table", metadata)
    for step in steps:
        STEPS[step.pop("step")](table, **step)
        table.refresh()
    return {"metadata": table.metadata_location}


def rows_of(table, columns, rows):
    """Arrow rows in the table's own schema; columns that are not given are NULL."""
    schema = table.schema().as_arrow()
    given = dict(zip(columns, zip(*rows)))
    missing = [None] * len(rows)
    arrays = [from_normal(list(given.get(field.name, missing)), field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def append(table, columns, rows):
    table.append(rows_of(table, columns, rows))


def overwrite(table, columns, rows, filter):
    table.overwrite(rows_of(table, columns, rows), overwrite_filter=filter)


def upsert(table, columns, rows):
    table.upsert(rows_of(table, columns, rows))


def delete(table, filter):
    table.delete(filter)


def add_columns(table, names):
    with table.update_schema() as update:
        for name in names:
            update.add_column(name, StringType())


def widen(table, name):
    with table.update_schema() as update:
        update.update_column(name, field_type=LongType())


def rename(table, name, to):
    with table.update_schema() as update:
        update.rename_column(name, to)


def repartition(table, column, transform):
    with table.update_spec() as update:
        update.add_field(column, parse_transform(transform), f"{column}_part")


def expire(table, snapshots):
    table.maintenance.expire_snapshots().by_ids([int(id) for id in snapshots]).commit()


def tag(table, snapshot, name):
    table.manage_snapshots().create_tag(int(snapshot), name).commit()


def rollback(table, snapshot):
    table.manage_snapshots().rollback_to_snapshot(int(snapshot)).commit()


def set_property(table, name, value):
    with table.transaction() as transaction:
        transaction.set_properties({name: value})


STEPS = {
    step.__name__: step
    for step in (
        append, overwrite, upsert, delete, add_columns, widen, rename, repartition, expire, tag, rollback, set_property,
    )
}
