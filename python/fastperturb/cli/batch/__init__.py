"""A job over many files: which ones, which are done, the worker processes, and the progress that is shown."""
