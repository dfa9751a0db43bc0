"""A dataset on disk to one validated index, and back; folds that cannot leak."""
