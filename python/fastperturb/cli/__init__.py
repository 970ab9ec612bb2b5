"""The command line: ``fastperturb COMMAND ...``. One file per command or two; what they share has files of its own."""
