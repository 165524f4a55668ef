"""GraphQL types, by subject."""
