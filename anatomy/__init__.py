"""What a face means: landmarks, expressions, action units and the heatmaps drawn from them."""
