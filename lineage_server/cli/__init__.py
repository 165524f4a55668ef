"""The command ``lineage``: one module a subject, ``main.py`` puts them together.

Commands that ask or tell something speak to a server through the Python client; only ``up`` and
``serve`` build the application. Whatever is heavy (server, settings, sample) is imported inside the
command that needs it, so that ``lineage --help`` and ``lineage show`` answer at once.
"""
