"""What the stages left on disk, read for the page."""
