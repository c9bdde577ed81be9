"""From a file to a framed face: decode, locate, warp, and the backends that find faces."""
