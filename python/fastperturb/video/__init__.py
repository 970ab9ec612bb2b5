"""Videos: faces are found, followed through the frames, hidden, and brought back by the key."""
