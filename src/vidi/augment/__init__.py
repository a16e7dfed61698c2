"""One file per augmentation: `augment(image, target, *, …, generator)` on whole uint8 batches."""
