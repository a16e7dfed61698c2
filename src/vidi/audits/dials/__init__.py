"""One file per difficulty of seeing: `corrupt(image, *, severity, generator)`, from 0 (off) to 5."""
