"""What a dataset holds: audit, reader detection, near duplicates, splits, summary."""
