"""dlib's network out of its file: what is none is refused by name."""

import pytest

import fastperturb as fp


def test_a_file_that_is_not_dlibs_network(tmp_path):
    from fastperturb.evaluation.recognition.dlib_graph import read_layers

    with pytest.raises(fp.errors.ModelError, match="must hold dlib's face recognition network"):
        read_layers(b"\x01\x05con_4\x01\x02" + bytes(100))
    with pytest.raises(fp.errors.ModelError, match="must hold dlib's face recognition network"):
        read_layers(b"")
