"""One file per metric of found objects (boxes or masks): what was found beside what is there, to numbers."""
