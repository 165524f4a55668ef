"""A ``LineageView`` as text, Mermaid, Graphviz, SVG and JSON: pure functions from view to string.

Names come from anywhere: each renderer escapes for its own form, and ``words`` makes them safe to show.
"""
