"""The commands, one file each; only the one that is asked for is imported."""
