"""Papers are found where docstrings name them."""

from types import SimpleNamespace

from keras_nas.papers import papers


def test_numbers_in_their_order_each_once() -> None:
    text = (
        'One (arXiv 1902.07638); Two, "Words",\n    arXiv\n    1408.5882, arXiv:2006.04647v1; again arXiv 1902.07638.'
    )
    assert papers(SimpleNamespace(__doc__=text)) == ["1902.07638", "1408.5882", "2006.04647"]


def test_what_names_none_has_none() -> None:
    assert papers(SimpleNamespace(__doc__=None)) == []
    assert papers(SimpleNamespace(__doc__="Version 1234.56789.")) == []
