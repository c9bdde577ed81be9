"""Doing the work: dask cluster, sharded builds, crash journal, isolated rows."""
