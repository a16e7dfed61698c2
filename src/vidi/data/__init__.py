"""Where examples come from: layouts, decoding, duplicates, the split, and caches of pixels and features."""
