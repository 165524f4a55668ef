"""The model registry beyond what events say: its history as people ask for it, and who is told of changes.

What moves an alias, and who may, is judged by the writer (``ingest/judging.py``).
"""
