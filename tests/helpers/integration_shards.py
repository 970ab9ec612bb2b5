"""What tests of shards share: Parquet files of the bytes of images."""

import cv2


def make_shards(folder, images, size):
    """Writes files of `size` images each, as PNG, and gives their paths."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    paths = []
    for start in range(0, len(images), size):
        blocks = [cv2.imencode(".png", image[..., ::-1])[1].tobytes() for image in images[start : start + size]]
        names = [f"far/{start + number}.png" for number in range(len(blocks))]
        paths.append(str(folder / f"{start // size}.parquet"))
        pq.write_table(pa.table({"path": names, "bytes": pa.array(blocks, pa.binary())}), paths[-1])
    return paths
