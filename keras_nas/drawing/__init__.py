"""Pictures of networks: SVG of any functional Keras model, what belongs together in frames."""

from keras_nas.drawing.picture import Picture, draw

__all__ = ["Picture", "draw"]
