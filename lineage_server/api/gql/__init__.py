"""The GraphQL transport: types made from domain objects, one loader a question, no logic.

The contract is ``graphql/schema.graphql``, printed from this package.
"""
