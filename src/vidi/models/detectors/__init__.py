"""One file per detector: maps of a backbone to boxes (and masks), with the loss and its way back to objects."""
