"""One file per segmenter: maps of a backbone to a class for each pixel."""
