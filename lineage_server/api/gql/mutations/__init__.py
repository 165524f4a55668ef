"""Mutations by what they change; ``root`` joins them. Each says its permission and leaves an audit record."""
