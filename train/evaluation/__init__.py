"""Stage evaluate: from a trained run to its scores."""
