"""Commands of the terminal, one thin file each."""
