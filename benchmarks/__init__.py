"""One runnable module per claim; each prints a table and writes JSON to benchmarks/results."""
