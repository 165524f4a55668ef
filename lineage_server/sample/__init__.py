"""A small real project, told to a server through the public client and nothing else.

It diagnoses tumours from measurements (the Wisconsin breast cancer data, which ships with
scikit-learn). The first delivery has one bad row: a case written down in other units. Models are
trained on it, one is chosen and used; then the row is found and corrected, and everything is done
again. So there is something true to ask: what came of the bad row, why do the two models differ,
what did we know then?

Run it with ``lineage demo`` or ``python -m lineage_server.sample``; read ``project.py`` as an example.
"""
