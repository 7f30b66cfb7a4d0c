"""Glue as Trino and an optimistic writer of table versions need it.

* Column statistics of tables and partitions, kept in memory: without them every Hive CTAS and INSERT of Trino fails.
* UpdateTable with a VersionId that is not the current one: ConcurrentModificationException. The check and the change
  stand under one lock, so one of two writers wins. SkipArchive keeps no archived version.
* Names of databases and tables are folded to lower case.
* Filters of GetPartitions on keys of type varchar(n), char(n), decimal(p,s).
* Pages of GetPartitions (1,000 at most) and its Segment; limits of the batch calls.

Sources: Glue's API reference (UpdateTable, GetPartitions, Batch*Partition).
"""

import json
import threading
import zlib

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.glue import models, utils
from moto.glue.responses import GlueResponse

LOCK = threading.RLock()

# (database, table, partition values or ()) -> {column: its ColumnStatistics}
STATISTICS: dict[tuple, dict[str, dict]] = {}


def _statistics_key(request):
    return (request["DatabaseName"], request["TableName"], tuple(request.get("PartitionValues") or ()))


def get_statistics(self):
    request = json.loads(self.body)
    known = STATISTICS.get(_statistics_key(request), {})
    found = [known[column] for column in request.get("ColumnNames", []) if column in known]
    return ActionResult({"ColumnStatisticsList": found, "Errors": []})


def update_statistics(self):
    request = json.loads(self.body)
    given = {one["ColumnName"]: one for one in request.get("ColumnStatisticsList", [])}
    with LOCK:
        STATISTICS.setdefault(_statistics_key(request), {}).update(given)
    return ActionResult({"Errors": []})


def delete_statistics(self):
    request = json.loads(self.body)
    with LOCK:
        # Of an unknown column too: Trino reads an error here as "table not found".
        STATISTICS.get(_statistics_key(request), {}).pop(request.get("ColumnName"), None)
    return EmptyResult()


for _kind in ("table", "partition"):
    setattr(GlueResponse, f"get_column_statistics_for_{_kind}", get_statistics)
    setattr(GlueResponse, f"update_column_statistics_for_{_kind}", update_statistics)
    setattr(GlueResponse, f"delete_column_statistics_for_{_kind}", delete_statistics)


def update_table(self):
    request = json.loads(self.body)
    table_input = {**request["TableInput"], "Name": request["TableInput"]["Name"].lower()}
    with LOCK:
        table = self.glue_backend.get_table(request["DatabaseName"].lower(), table_input["Name"])
        current = str(table._current_version)
        wanted = request.get("VersionId")
        if wanted is not None and wanted != current:
            raise JsonRESTError(
                "ConcurrentModificationException", "Update table failed due to concurrent modifications."
            )
        table.update(table_input)
        if request.get("SkipArchive"):
            table.versions.pop(current, None)
    return EmptyResult()


GlueResponse.update_table = update_table

_delete_table = models.GlueBackend.delete_table


def delete_table(self, database_name, table_name):
    """A dropped table takes its statistics along."""
    with LOCK:
        _delete_table(self, database_name, table_name)
        for key in [key for key in STATISTICS if key[:2] == (database_name, table_name)]:
            del STATISTICS[key]


models.GlueBackend.delete_table = delete_table

_parameters = GlueResponse.parameters.fget


def parameters(self):
    found = _parameters(self)
    for key in ("DatabaseName", "TableName"):
        if isinstance(found.get(key), str):
            found[key] = found[key].lower()
    for key in ("TableInput", "DatabaseInput"):
        if isinstance(found.get(key), dict) and isinstance(found[key].get("Name"), str):
            found[key]["Name"] = found[key]["Name"].lower()
    return found


GlueResponse.parameters = property(parameters)

_cast = utils._cast


def cast(type_, value):
    return _cast("decimal" if type_.startswith("decimal") else type_.split("(")[0], value)


utils._cast = cast

PAGE_PARTITIONS_MAX = 1000


def get_partitions(self):
    request = self.parameters
    found = [
        partition.as_dict()
        for partition in self.glue_backend.get_partitions(
            request["DatabaseName"], request["TableName"], request.get("Expression")
        )
    ]
    segment = request.get("Segment")
    if segment:
        total, wanted = segment["TotalSegments"], segment["SegmentNumber"]
        found = [one for one in found if zlib.crc32("/".join(one["Values"]).encode()) % total == wanted]
    start = int(request.get("NextToken") or 0)
    size = min(request.get("MaxResults") or PAGE_PARTITIONS_MAX, PAGE_PARTITIONS_MAX)
    page = {"Partitions": found[start : start + size]}
    if start + size < len(found):
        page["NextToken"] = str(start + size)
    return ActionResult(page)


GlueResponse.get_partitions = get_partitions


def _limit(action, field, most):
    unlimited = getattr(GlueResponse, action)

    def limited(self):
        if len(self.parameters.get(field) or []) > most:
            raise JsonRESTError(
                "ValidationException",
                f"1 validation error detected: Value at '{field}' failed to satisfy constraint: "
                f"Member must have length less than or equal to {most}",
            )
        return unlimited(self)

    setattr(GlueResponse, action, limited)


_limit("batch_create_partition", "PartitionInputList", 100)
_limit("batch_update_partition", "Entries", 100)
_limit("batch_delete_partition", "PartitionsToDelete", 25)
_limit("batch_get_partition", "PartitionsToGet", 1000)
