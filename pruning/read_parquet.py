"""A user's parquet file as columns of text, without unpacking more than memory should hold."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .cells import MAX_CELL, as_cell, check_names, check_size, large_cell, shown

MAX_UNPACKED_MB = 100


def read_parquet(data: bytes, name: str) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Column name -> cells, and notes. ValueError: damaged, too large, or two columns of one name."""
    try:
        schema = pq.read_schema(pa.BufferReader(data))
        texts = [field.name for field in schema if is_text(field.type)]
        file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts)
        check_size(file.metadata.num_rows, len(schema.names), name)
        check_names(schema.names, name)
        check_unpacked(declared_bytes(file.metadata), name)
        kept = [field.name for field in schema if is_text(field.type) or is_number(field.type)]
        table = file.read(columns=kept, use_threads=False).select(kept)
        table.validate(full=True)
    except (pa.ArrowException, OSError, MemoryError, UnicodeError) as error:
        raise ValueError(f"{name} is a damaged parquet file; save it again, as parquet or as CSV") from error
    check_unpacked(sum(text_bytes(column, name) for column in table.columns), name)
    left_out = [field for field in schema if field.name not in kept]
    note = f"left out, since they hold neither texts nor numbers: {', '.join(shown(f.name) for f in left_out[:10])}"
    return {key: as_cells(table[key]) for key in kept}, (note,) if left_out else ()


def is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def declared_bytes(metadata: pq.FileMetaData) -> int:
    return sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))


def check_unpacked(n_bytes: int, name: str) -> None:
    if n_bytes > MAX_UNPACKED_MB << 20:
        raise ValueError(
            f"{name} unpacks to {n_bytes >> 20:,} MB, allowed are {MAX_UNPACKED_MB}; take a sample of its rows"
        )


def text_bytes(column: pa.ChunkedArray, name: str) -> int:
    """What the texts would take if each were written out: a file may hold one long text a million times."""
    total = 0
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type) and len(chunk.dictionary):
            lengths = pc.cast(pc.binary_length(chunk.dictionary), pa.int64())
            if (pc.max(lengths).as_py() or 0) > MAX_CELL:
                raise large_cell(name, "a row")
            total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    return total


def as_cells(column: pa.ChunkedArray) -> list[str]:
    """Equal texts are one object, as in the file."""
    cells: list[str] = []
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            values = [as_cell(value) for value in chunk.dictionary.to_pylist()]
            cells += ["" if i is None else values[i] for i in chunk.indices.to_pylist()]
        else:
            cells += [as_cell(value) for value in chunk.to_pylist()]
    return cells
