#!/usr/bin/env python3
"""Kafka record batches v2, written and read a second time, from the format's description alone.

  record_batch.py vectors        prints the batches that src/log/record_batch_test.cc holds as hex
  record_batch.py read FILE...   checks segment files of the log batch by batch and prints their records

Compressed batches are written with stored blocks, so that no library is needed; lz4 is also read back.
"""
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def varint(v):
    v = (v << 1) ^ (v >> 63)
    out = b""
    while v >= 128:
        out += bytes([v & 127 | 128])
        v >>= 7
    return out + bytes([v])


def read_varint(data, at):
    v = shift = 0
    while True:
        byte = data[at]
        at += 1
        v |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return (v >> 1) ^ -(v & 1), at


def sized(data):
    return varint(-1) if data is None else varint(len(data)) + data


def record(base_timestamp, delta, timestamp, key, value, headers):
    body = b"\0" + varint(timestamp - base_timestamp) + varint(delta) + sized(key) + sized(value)
    body += varint(len(headers)) + b"".join(sized(name) + sized(value) for name, value in headers)
    return varint(len(body)) + body


def lz4_stored(data):  # magic, version 1 with independent blocks, 64 KB, header checksum, one stored block, end mark
    return bytes.fromhex("04224d18604082") + struct.pack("<I", len(data) | 1 << 31) + data + bytes(4)


def zstd_stored(data):  # magic, single segment with a size of one byte, one raw block that is the last
    assert len(data) < 256
    return bytes.fromhex("28b52ffd20") + bytes([len(data)]) + (1 | len(data) << 3).to_bytes(3, "little") + data


def batch(base_offset, records, codec=0):
    base, newest = records[0][0], max(r[0] for r in records)
    body = b"".join(record(base, i, *r) for i, r in enumerate(records))
    body = {0: lambda b: b, 3: lz4_stored, 4: zstd_stored}[codec](body)
    rest = struct.pack(">hiqqqhii", codec, len(records) - 1, base, newest, -1, -1, -1, len(records)) + body
    rest = struct.pack(">ibI", -1, 2, crc32c(rest)) + rest
    return struct.pack(">qi", base_offset, len(rest)) + rest


def lz4_block(data, out):
    at = 0
    while at < len(data):
        token, at = data[at], at + 1
        sizes = []
        for nibble in (token >> 4, token & 15):
            sizes.append(nibble)
            if len(sizes) == 1:
                if nibble == 15:
                    while True:
                        sizes[0] += data[at]
                        at += 1
                        if data[at - 1] != 255:
                            break
                out += data[at:at + sizes[0]]
                at += sizes[0]
                if at == len(data):
                    return
                distance, at = struct.unpack_from("<H", data, at)[0], at + 2
            elif nibble == 15:
                while True:
                    sizes[1] += data[at]
                    at += 1
                    if data[at - 1] != 255:
                        break
        for _ in range(sizes[1] + 4):
            out.append(out[-distance])


def lz4_frame(data):
    assert data[:4] == bytes.fromhex("04224d18") and data[4] & 0x2C == 0x20, "not a frame as Kafka writes it"
    at = 7 + (8 if data[4] & 8 else 0)
    out = bytearray()
    while True:
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
        if size == 0:
            return bytes(out)
        block = data[at:at + (size & 0x7FFFFFFF)]
        at += len(block)
        if size >> 31:
            out += block
        else:
            part = bytearray()
            lz4_block(block, part)
            out += part


def read(data):
    """Yields (offset, timestamp, key, value, headers) of all whole batches; raises on a wrong byte."""
    at = 0
    while at + 61 <= len(data) and data[at + 16] == 2:
        base_offset, length, epoch, magic, crc = struct.unpack_from(">qiibI", data, at)
        rest = data[at + 21:at + 12 + length]
        if len(rest) < length - 9:
            return
        assert crc32c(rest) == crc, f"checksum of the batch at byte {at}"
        attributes, last, base, newest, *_, count = struct.unpack_from(">hiqqqhii", rest)
        body = rest[40:]
        if attributes & 7 == 3:
            body = lz4_frame(body)
        assert attributes & 7 in (0, 3), "cannot read this compression"
        p = 0
        for _ in range(count):
            size, p = read_varint(body, p)
            end = p + size
            p += 1
            timestamp, p = read_varint(body, p)
            delta, p = read_varint(body, p)
            parts = []

            def text():
                nonlocal p
                size, p = read_varint(body, p)
                if size < 0:
                    return None
                p += size
                return body[p - size:p]

            key, value = text(), text()
            headers, p = read_varint(body, p)
            pairs = [(text(), text()) for _ in range(headers)]
            assert p == end, f"record {base_offset + delta} does not end where it says"
            yield base_offset + delta, base + timestamp, key, value, pairs
        assert p == len(body), f"batch at byte {at} goes on after its last record"
        at += 12 + length


def vectors():
    plain = [(1700000000000, b"k1", b"one", []), (1700000000005, None, b"", [(b"h", b"x"), (b"n", None)]),
             (1699999999000, b"", None, []), (1700000000001, b"k" * 20, b"v" * 100, [])]
    return {
        "plain": batch(0, plain),
        "at_offset": batch(0x0102030405, plain[:1]),
        "lz4": batch(0, plain, 3),
        "zstd": batch(0, plain, 4),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["vectors"]:
        for name, data in vectors().items():
            assert not name.startswith("plain") or len(list(read(data))) == 4
            print(name, data.hex())
    elif sys.argv[1:2] == ["read"]:
        for path in sys.argv[2:]:
            for row in read(open(path, "rb").read()):
                print(*row, sep="\t")
    else:
        sys.exit(__doc__)
