"""Face protection inside other people's pipelines: one file per framework, each imported by its own name.

Nothing is imported here, so that none of the frameworks is needed before its file is.
"""
