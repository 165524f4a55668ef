"""Bytes of artifact versions: kept once by content, claimed by project, read back as they were.

Here: the manifest of a version, the object stores, which project has which object, uploads and
downloads, previews. Not here: HTTP, who may do what, and how an event is recorded.
"""
