"""Input types of the contract."""
