"""Pictures of networks: SVG text from a space's architecture or any network written against a Net."""

from keras_nas.drawing.picture import draw

__all__ = ["draw"]
