"""An S3 store that lies, stumbles or hangs: a real one (``s3_server``) behind a proxy of whole answers.

``ways`` says what befalls an answer to a GET or a PUT of an object; everything else goes through as it is.
"""
