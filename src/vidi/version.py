"""The version, in a file that nothing has to be imported for."""

VERSION = "0.1.0"
