"""The review of a folder: a local page on which a person looks at what was found, mends it and says what to spare."""
