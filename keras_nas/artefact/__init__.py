"""A model as files: written in several formats, and run from them alone in a process without keras_nas."""
