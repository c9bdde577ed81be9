"""Doing the work: dask cluster, sharded builds, crash journal, isolated rows.

Files:
    cluster.py        ClusterConfig: dask workers, local or remote
    crash_journal.py  which row a worker is working on, in case it dies
    isolated.py       runs a function in a process of its own, with a time and memory limit
    sharded_build.py  fills a store shard by shard; what all such stages share
"""
