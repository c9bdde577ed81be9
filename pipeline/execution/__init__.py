"""Doing the work: dask cluster, sharded builds, crash journal, isolated rows.

Files:
    cluster.py        ClusterConfig: who works: one process, dask workers, local or remote
    crash_journal.py  which row a worker is working on, in case it dies
    interrupts.py     Ctrl-C and SIGTERM while workers start or end
    isolated.py       runs a function in a process of its own, with a time and memory limit
    lone_worker.py    a single worker process, for small stores
    sharded_build.py  fills a store shard by shard; what all such stages share
"""
