"""One file per metric of maps of classes: counts of each image's pixels, to numbers with intervals."""
