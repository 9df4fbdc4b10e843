"""Makes N pictures to work on, all different: python pictures.py N FOLDER

PNG is simple enough to be written with the standard library (PNG specification, chapters 5 and 11).
"""

import struct
import sys
import zlib
from pathlib import Path

WIDTH, HEIGHT = 160, 120


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(number: int) -> bytes:
    """Stripes and rings whose colours and widths depend on the number."""
    rows = []
    for y in range(HEIGHT):
        row = bytearray([0])  # no filter
        for x in range(WIDTH):
            ring = (x - WIDTH // 2) ** 2 + (y - HEIGHT // 2) ** 2
            row += bytes(((x * (number % 7 + 1)) % 256, ring // (number % 11 + 3) % 256,
                          (y * 2 + number * 13) % 256))  # fmt: skip
        rows.append(bytes(row))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(rows))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def main(count: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"picture {number:05d}.png").write_bytes(picture(number))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
