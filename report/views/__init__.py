"""What `view` and `explain` write."""
