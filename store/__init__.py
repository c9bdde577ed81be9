"""What is on disk: shards, commit records, manifests, and the memory map that reads them."""
