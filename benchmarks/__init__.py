"""One runnable module a claim; each prints a table and writes dated JSON to benchmarks/results."""
