"""`python -m keras_nas` is the command `keras-nas`."""

import sys

from keras_nas.cli import main

if __name__ == "__main__":
    sys.exit(main())
