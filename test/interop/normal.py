"""Values of Arrow columns in one exact text form, the same for every reader and for our own (normal.ts)."""

import struct
from decimal import Context

import pyarrow as pa

EXACT = Context(prec=80)


def normal(column):
    """Texts of a column's values. Integers, micros and unscaled decimals in digits, floats and binaries in hex."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return texts(column.cast(pa.timestamp("us", kind.tz)).cast(pa.int64()))
    if pa.types.is_date(kind):
        return texts(column.cast(pa.date32()).cast(pa.int32()))
    if pa.types.is_decimal(kind):
        return texts(column, lambda v: str(int(v.scaleb(kind.scale, EXACT))))
    if pa.types.is_floating(kind):
        form = ">f" if kind == pa.float32() else ">d"
        return texts(column, lambda v: "nan" if v != v else struct.pack(form, v).hex())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return texts(column, bytes.hex)
    if pa.types.is_boolean(kind):
        return texts(column, lambda v: "true" if v else "false")
    if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return texts(column)
    raise TypeError(f"no normal form for {kind}")


def texts(column, text=str):
    return [None if value is None else text(value) for value in column.to_pylist()]


def from_normal(values, kind):
    """The way back, for rows that a foreign writer is to write."""
    if pa.types.is_timestamp(kind) or pa.types.is_integer(kind) or pa.types.is_date(kind):
        whole = pa.int32() if pa.types.is_date(kind) else pa.int64()
        return pa.array([None if v is None else int(v) for v in values], whole).cast(kind)
    if pa.types.is_boolean(kind):
        return pa.array([None if v is None else v == "true" for v in values], kind)
    return pa.array(values, kind)
