"""What is on disk: shards, commit records, manifests, and the memory map that reads them.

Files:
    build_plans.py  what a builder of arrays is given: a store to be filled, and the work
    building.py  builds an output in a folder beside it, and renames it when its manifest is written
    export.py    tool `export`: one HDF5 file of a store
    files.py     atomic file writes, and digests
    inspect.py   tool `inspect`: what is in an output, as text
    layout.py    how arrays lie on disk: samples, shards and their files
    locking.py   locks a folder that somebody builds in
    outputs.py   tools `status` and `clean`: finished and half-built outputs
    reading.py   reads finished stores through the memory map
    records.py   the values that travel between stages: Sample, Face, Status
    repair.py    puts rebuilt shards in the place of damaged ones
    samples.py   how one sample lies on disk: as it is, or as a JPEG
    shards.py    writes arrays as shards
    splits.py    which splits have rows
    tables.py    status tables as CSV
    verify.py    tool `verify`: every file against the manifest
    zarr_jpeg.py lets zarr write and read arrays of JPEGs
"""
