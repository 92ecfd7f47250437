"""Pages that answer questions over everybody: what was charged, what was not, what is expected."""
