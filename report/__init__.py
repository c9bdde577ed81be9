"""Scores to pages: tables, figures, one self-contained report. No torch here."""
