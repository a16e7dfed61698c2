"""Maps of what in an image a network's score came from, one file each; `explain` answers for a block of images."""
