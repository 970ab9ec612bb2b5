"""Reading files whose size somebody else chose."""

import errno
import os
import threading

import pytest

from fastperturb.bounded_files import open_regular_file, read_file_or_pipe, read_regular_file, read_regular_text

READERS = [read_regular_file, read_file_or_pipe]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_a_file_within_the_bound_is_read_whole(tmp_path, read, size):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(size)))
    assert read(path, 100) == bytes(range(size))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("size", [101, 2**33])
def test_a_file_over_the_bound_is_refused_unread(tmp_path, monkeypatch, read, size):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(size)
    monkeypatch.setattr(os, "read", lambda *_: pytest.fail("nothing of it may be read"))
    with pytest.raises(OSError, match="it may have up to 100 bytes, and has more") as caught:
        read(path, 100)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == os.fspath(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("size", [0, 100, 101])
def test_a_pipe_is_read_as_far_as_the_bound(tmp_path, size):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(bytes(size),))
    writer.start()
    try:
        if size > 100:
            with pytest.raises(OSError, match="it may have up to 100 bytes, and has more"):
                read_file_or_pipe(path, 100)
        else:
            assert read_file_or_pipe(path, 100) == bytes(size)
    finally:
        writer.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("read", [lambda path: read_regular_text(path, 100), open_regular_file])
def test_texts_and_open_files_are_regular_ones(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        read(tmp_path / "pipe")


def test_a_text_has_line_ends_as_in_python(tmp_path):
    (tmp_path / "text").write_bytes("\ufeffa\r\nb\rc\n".encode())
    assert read_regular_text(tmp_path / "text", 100, "utf-8-sig") == "a\nb\nc\n"
    with open_regular_file(tmp_path / "text") as file:
        assert file.read() == "\ufeffa\r\nb\rc\n".encode()
