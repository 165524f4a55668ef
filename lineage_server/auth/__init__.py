"""Who is asking, what they may do, and what they did.

``principal`` is who, ``access`` finds out, ``tokens`` and ``members`` keep it in the graph,
``rules`` says what an event asks for, ``audit`` writes down what was done.
"""
