"""A growing table on disk: Parquet parts, each written whole under a hidden name and then renamed.

A Parquet file without its footer is lost, so a run that may be killed must not keep one open. DuckDB takes
the NumPy columns as they are; neither pandas nor pyarrow is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fleet.base.errors import RunError
from fleet.record.files import writing

Columns = Mapping[str, npt.NDArray[Any]]


class PartWriter:
    """Writes the parts `part-00000.parquet`, ... of one table into `directory`, which it makes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._parts = 0

    def write(self, columns: Columns, select: str = "SELECT * FROM rows", **values: object) -> None:
        """Write one part: `select` may reshape `rows`, the equally long `columns`. Raises `RunError`.

        `values` are the named parameters (`$name`) of `select`.
        """
        import duckdb

        path = self._directory / f"part-{self._parts:05d}.parquet"
        hidden = path.with_name(f".{path.name}.part")
        with writing(path):
            self._directory.mkdir(exist_ok=True)
            try:
                # One thread: rows keep their order, and the run keeps its other cores.
                with duckdb.connect(config={"threads": 1}) as connection:
                    connection.register("rows", {name: _plain(column) for name, column in columns.items()})
                    connection.execute(
                        f"COPY ({select}) TO $path (FORMAT parquet, COMPRESSION zstd)",
                        {"path": str(hidden), **values},
                    )
                hidden.replace(path)
            except duckdb.Error as error:
                raise RunError(f"{path}: cannot write: {str(error).splitlines()[0]}") from None
            finally:
                hidden.unlink(missing_ok=True)
        self._parts += 1


def _plain(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("="))
