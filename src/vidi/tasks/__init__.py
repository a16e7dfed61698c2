"""One file per question asked of an image: `TASK` is a record of plain functions."""
