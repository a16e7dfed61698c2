"""One file per difficulty of seeing: `corrupt(image, *, severity, generator)`, from 0 (off) to 5.

A card's `truth` says what becomes of what is drawn on the image: it `stays`; parts are `hidden`, wherever a pixel is
another; it is `placed` elsewhere, by `placed(height, width, *, severity)`; or where it went is `lost`.
"""
