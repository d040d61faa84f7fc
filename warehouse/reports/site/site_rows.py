"""The rows of claims_vs_measured that a site is made of, on disk: ten thousand as dictionaries would fill 150 MB."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from warehouse.reports.site.arrow_rows import as_rows

if TYPE_CHECKING:
    import pyarrow

PIECE = 1 << 20
"""Bytes of a file that are handed on at a time."""


class SiteRows:
    """Rows in parts of a few thousand, with their types; a model's rows stand together. To be closed after use."""

    def __init__(self, source: pyarrow.RecordBatchReader) -> None:
        from pyarrow import ipc

        self.parts: dict[str, tuple[int, int]] = {}
        """Model -> (first row, rows), in the order of the rows."""
        self._starts: list[int] = []
        self._held: tuple[int, pyarrow.Table] | None = None
        self._file = TemporaryFile()  # noqa: SIM115 (closed on leaving)
        total = 0
        with ipc.new_file(self._file, source.schema) as writer:
            for batch in source:
                writer.write_batch(batch)
                self._starts.append(total)
                for position, name in enumerate(batch.column("model").to_pylist(), total):
                    first, count = self.parts.get(name, (position, 0))
                    self.parts[name] = (first, count + 1)
                total += batch.num_rows
        self._stored = ipc.open_file(self._file)

    def __enter__(self) -> SiteRows:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def rows(self, model: str) -> list[dict[str, Any]]:
        """The rows of one model."""
        return as_rows(self.part(model))

    def part(self, model: str) -> pyarrow.Table:
        """The rows of one model, with their types."""
        import pyarrow

        first, count = self.parts[model]
        number, pieces = bisect_right(self._starts, first) - 1, []
        while count:
            piece = self._batch(number).slice(first - self._starts[number], count)
            pieces.append(piece)
            first, count, number = first + piece.num_rows, count - piece.num_rows, number + 1
        return pyarrow.concat_tables(pieces)

    def columns(self, *names: str) -> list[dict[str, Any]]:
        """Some columns of every row."""
        return [row for number in range(len(self._starts)) for row in as_rows(self._batch(number).select(list(names)))]

    def parquet_parts(self) -> Iterator[bytes]:
        """All rows as one Parquet file, zstd, piece by piece."""
        from pyarrow.parquet import ParquetWriter

        with TemporaryFile() as file:
            with ParquetWriter(file, self._stored.schema, compression="zstd", write_statistics=False) as writer:
                for number in range(len(self._starts)):
                    writer.write_table(self._batch(number))
            file.seek(0)
            while piece := file.read(PIECE):
                yield piece

    def _batch(self, number: int) -> pyarrow.Table:
        """One part; the last one is kept, as rows are asked for in their order."""
        import pyarrow

        if self._held is None or self._held[0] != number:
            self._held = (number, pyarrow.Table.from_batches([self._stored.get_batch(number)]))
        return self._held[1]
