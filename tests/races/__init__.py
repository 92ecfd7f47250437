"""The same thing done by many at the same instant."""
