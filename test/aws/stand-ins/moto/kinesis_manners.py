"""Kinesis with the numbers, times and closed shards of the real one.

* Sequence numbers have 56 digits and grow within a shard by gaps of unforeseeable size.
* ApproximateArrivalTimestamp steps back by up to a second at one record in five.
* A split or merged shard keeps its records and is closed: the answer that reaches its end has no NextShardIterator and
  names the ChildShards; its SequenceNumberRange has an end, and records go to open shards only.
* One lock over each stream's writers, so that numbers and order agree.

Sources: Kinesis' API reference (PutRecords, GetRecords, SequenceNumberRange; Record: "the time stamp has millisecond
precision, there are no guarantees about its accuracy, or that it is always increasing").
"""

import datetime
import hashlib
import random
import threading

from moto.core.responses import ActionResult
from moto.core.utils import unix_time
from moto.kinesis import models
from moto.kinesis.responses import KinesisResponse
from moto.kinesis.utils import decompose_shard_iterator

LOCK = threading.RLock()
CHANCE = random.Random(56)

# As those seen in AWS's samples: 49590338271490256608559692538361571095921575989136588898
FIRST = 49 * 10**54
SHARD_STEP = 10**48


def _first_number(shard):
    return FIRST + (shard._shard_id + 1) * SHARD_STEP


def put_record(self, partition_key, data, explicit_hash_key):
    with LOCK:
        last = next(reversed(self.records)) if self.records else _first_number(self)
        number = last + CHANCE.randint(1, 10 ** CHANCE.randint(1, 24))
        record = models.Record(partition_key, data, number, explicit_hash_key)
        if CHANCE.random() < 0.2:
            record.created_at_datetime -= datetime.timedelta(milliseconds=CHANCE.randint(1, 1000))
            record.created_at = unix_time(record.created_at_datetime)
        self.records[number] = record
        return str(number)


def get_min_sequence_number(self):
    # What a shard says of its own beginning, before any record stood in it.
    return _first_number(self)


def get_max_sequence_number(self):
    return next(reversed(self.records)) if self.records else _first_number(self)


models.Shard.put_record = put_record
models.Shard.get_min_sequence_number = get_min_sequence_number
models.Shard.get_max_sequence_number = get_max_sequence_number


def _keep_records(closing):
    """Runs moto's split or merge without its move of the records into the children: AWS leaves them where they are."""

    def closed(self, first, second):
        with LOCK:
            before = dict(self.shards)
            held = {}
            for shard_id, shard in before.items():
                held[shard_id], shard.records = shard.records, models.OrderedDict()
            try:
                closing(self, first, second)
            finally:
                for shard_id, records in held.items():
                    before[shard_id].records = records

    return closed


_get_shard_for_key = models.Stream.get_shard_for_key


def get_shard_for_key(self, partition_key, explicit_hash_key):
    """Only open shards take records, and a hash range holds both of its ends."""
    _get_shard_for_key(self, partition_key, explicit_hash_key)  # judges the arguments
    text = partition_key.encode()
    point = int(explicit_hash_key) if explicit_hash_key else int(hashlib.md5(text).hexdigest(), 16)
    for shard in self.shards.values():
        if shard.is_open and shard.starting_hash <= point <= shard.ending_hash:
            return shard
    return None


models.Stream.get_shard_for_key = get_shard_for_key
models.Stream.split_shard = _keep_records(models.Stream.split_shard)
models.Stream.merge_shards = _keep_records(models.Stream.merge_shards)

_get_records = KinesisResponse.get_records


def _child(stream, shard):
    parents = [parent for parent in (shard.parent, shard.adjacent_parent) if parent]
    described = shard.to_json()
    return {"ShardId": shard.shard_id, "ParentShards": parents, "HashKeyRange": described["HashKeyRange"]}


def get_records(self):
    answer = _get_records(self).result
    stream_name, shard_id, _ = decompose_shard_iterator(self._get_param("ShardIterator"))
    stream = self.kinesis_backend.describe_stream(self._get_param("StreamARN"), stream_name)
    shard = stream.get_shard(shard_id)
    _, _, reached = decompose_shard_iterator(answer["NextShardIterator"])
    if not shard.is_open and (not shard.records or int(reached) >= shard.get_max_sequence_number()):
        del answer["NextShardIterator"]
        answer["ChildShards"] = [
            _child(stream, other)
            for other in stream.shards.values()
            if shard_id in (other.parent, other.adjacent_parent)
        ]
    return ActionResult(answer)


KinesisResponse.get_records = get_records
