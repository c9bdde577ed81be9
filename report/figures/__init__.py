"""Numbers and maps as pictures."""
