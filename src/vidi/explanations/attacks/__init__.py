"""Changes too small to see that change the answer, one file each; `attack` works on a block of images."""
