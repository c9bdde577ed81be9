"""Raw pictures to stores: datasets, alignment, landmarks, heatmaps. No torch here."""
