"""What lies at an address elsewhere (``https://``, ``s3://``, ``hf://``, ``oci://``), without its bytes."""
