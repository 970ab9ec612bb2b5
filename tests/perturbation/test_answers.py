"""The frozen answers of tests/answers.py, on each instruction set of this machine."""

import answers


def test_the_answers_are_the_frozen_ones(isa, capsys):
    answers.main()
    assert "answers as frozen" in capsys.readouterr().out
