"""A file on disk to ``Clip``, frames and ``Sound``, in an isolated child; and back to a file."""
