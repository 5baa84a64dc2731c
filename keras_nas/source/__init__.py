"""Models as source: programs of plain Keras that make them again."""

from keras_nas.source.program import ARRAYS, WEIGHTS, source_of, write_source

__all__ = ["ARRAYS", "WEIGHTS", "source_of", "write_source"]
