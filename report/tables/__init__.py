"""Numbers as tables and sentences."""
