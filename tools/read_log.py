#!/usr/bin/env python3
"""Reads a log as docs/log-format.md has it: rows to standard output, state and errors to standard error."""
import pathlib, struct, sys

TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    TABLE.append(byte)

def crc(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = TABLE[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xFFFFFFFF

def frame(data, at, lottery, group):  # the frame with its padding, or nothing
    if at + 40 > len(data): return None
    found, length, number = struct.unpack_from("<IIQ", data, at)
    whole = data[at:at + -(-length // 4096) * 4096]
    good = 40 <= length <= len(data) - at and number == group and found == crc(lottery + whole[4:])
    return whole if good else None

segments = sorted((path for path in pathlib.Path(sys.argv[1]).glob("*.log")), key=lambda path: int(path.stem))
group, rows, agencies, draw = 1, 0, {}, None
for nth, path in enumerate(segments, 1):
    data, at = path.read_bytes(), 4096
    magic, found, version, lottery, number, first = struct.unpack_from("<8sII16sQQ", data)
    if (magic, found, version, number, first) != (b"lotlog\r\n", crc(data[12:4096]), 1, nth, group):
        sys.exit(f"{path}: offset 0: not the segment that follows")
    while whole := frame(data, at, lottery, group):
        length, _, before, flags, n_agencies, pieces, size = struct.unpack_from("<IQQIIII", whole, 4)
        if flags & 1: agencies = {}
        for agency, stored, digest, finished in struct.iter_unpack("<IQIB", whole[40:40 + 17 * n_agencies]):
            agencies[agency] = (stored, digest, finished)
        if flags & 4: draw = struct.unpack_from("<II", whole, 40 + 17 * n_agencies + (8 if flags & 2 else 0))
        if bool(flags & 1) != (at == 4096) or before != rows: sys.exit(f"{path}: offset {at}: out of place")
        sys.stdout.buffer.write(whole[length - size:length])
        group, rows, at = group + 1, rows + size, at + len(whole)
    if at == 4096 or nth < len(segments) and any(data[at:]): sys.exit(f"{path}: offset {at}: damaged")
print(f"groups {group - 1} rows {rows} agencies {agencies} draw {draw}", file=sys.stderr)
