"""One file per corruption: `corrupt(image, *, severity, generator)`, rounded where the reference code cuts off."""
