"""From stores to batches on the device.

Files:
    augmentation.py     augments pictures and maps together, on the device
    batch_loader.py     batches of pictures and maps from the stores
    colour_jitter.py    colour jitter as one affine map of RGB per picture
    heatmap_sources.py  heatmaps, read from their store or drawn from landmarks
    latents.py          latents of patches: bytes as stored, tensors as shown
    prefetch.py         reads batches ahead into a ring of pinned buffers
    samplers.py         which faces an epoch shows, and in which order
    soft_targets.py    shares of several people's labels as targets
    splits.py           which faces train, choose the epoch and are scored
    stores.py           opens the three stores of a training and matches their rows
"""
