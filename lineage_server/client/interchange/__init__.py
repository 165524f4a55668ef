"""Stored events in the words of others, PROV-JSON and OpenLineage, and what others told in those words."""
