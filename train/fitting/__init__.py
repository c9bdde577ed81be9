"""Stage train: from batches to a trained run."""
