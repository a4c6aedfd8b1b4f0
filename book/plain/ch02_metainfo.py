"""Chapter 2 in plain Python: what is in a torrent file."""
import hashlib
import random
import sys

from ch01_bencode import decode, encode, read_string


# ANCHOR: raw_info
# Gives the value of `info` as it stands in the file, byte for byte.
def raw_info(data):
    if data[0:1] != b"d":
        raise ValueError("a torrent is a dictionary")
    at = 1
    while data[at:at + 1] != b"e":
        key, start = read_string(data, at)
        value, at = decode(data, start)
        if key == b"info":
            return data[start:at]
    raise ValueError("a torrent has an info")
# ANCHOR_END: raw_info


# ANCHOR: safe_name
# Makes a stranger's name harmless: it cannot lead out of its folder.
def safe_name(name):
    safe = ""
    for letter in name.decode("utf-8", "replace"):
        if letter in '/\\:\ufffd' or not letter.isprintable():
            letter = "_"
        safe += letter
    if safe in ("", "."):
        return "_"
    if safe == "..":
        return "__"
    return safe
# ANCHOR_END: safe_name


# ANCHOR: files
# Lists the files in their order: for each its path, name by name, and its length.
def list_files(info):
    name = safe_name(info[b"name"])
    if b"files" not in info:
        return [([name], info[b"length"])]
    files = []
    for file in info[b"files"]:
        attr = file.get(b"attr", b"")
        if b"p" in attr:  # padding: zeros that are not written, and need no name
            files.append((None, file[b"length"]))
        elif b"l" in attr:  # a link has no bytes
            files.append((None, 0))
        else:
            path = [name] + [safe_name(part) for part in file[b"path"]]
            files.append((path, file[b"length"]))
    return files
# ANCHOR_END: files


# ANCHOR: pieces
# Cuts `pieces` into hashes of 20 bytes, and checks that there are enough.
def piece_hashes(info, total):
    pieces = info[b"pieces"]
    hashes = []
    for at in range(0, len(pieces), 20):
        hashes.append(pieces[at:at + 20])
    count = (total + info[b"piece length"] - 1) // info[b"piece length"]
    if len(pieces) != 20 * count:
        raise ValueError(f"{total} bytes need {count} hashes")
    return hashes
# ANCHOR_END: pieces


# ANCHOR: torrent
# Reads a torrent file.
def read_torrent(data):
    raw = raw_info(data)
    info, _ = decode(raw)
    files = list_files(info)
    total = sum(length for path, length in files)
    if info[b"piece length"] < 1 or min(length for path, length in files) < 0:
        raise ValueError("no length is below zero, and no piece is empty")
    return {
        "announce": decode(data)[0].get(b"announce", b"").decode(),
        "info_hash": hashlib.sha1(raw).digest(),
        "name": safe_name(info[b"name"]),
        "piece_length": info[b"piece length"],
        "hashes": piece_hashes(info, total),
        "files": files,
        "total": total,
    }
# ANCHOR_END: torrent


# ANCHOR: make
# Makes the torrent of one file.
def make_torrent(announce, name, content, piece_length):
    pieces = b""
    for at in range(0, len(content), piece_length):
        pieces += hashlib.sha1(content[at:at + piece_length]).digest()
    info = {b"name": name.encode(), b"length": len(content)}
    info[b"piece length"] = piece_length
    info[b"pieces"] = pieces
    return encode({b"announce": announce.encode(), b"info": info})
# ANCHOR_END: make


# Reads the torrent file of that name.
def open_torrent(name):
    with open(name, "rb") as file:
        return read_torrent(file.read())


# ANCHOR: tiers
# Reads the trackers of a torrent in tiers, and shuffles each tier, once.
def read_tiers(root):
    tiers = []
    for urls in root.get(b"announce-list", []):
        tiers.append([url.decode() for url in urls])
        random.shuffle(tiers[-1])
    return tiers or [[root[b"announce"].decode()]]
# ANCHOR_END: tiers


if __name__ == "__main__":
    torrent = open_torrent(sys.argv[1])
    print("name      ", torrent["name"])
    print("info-hash ", torrent["info_hash"].hex())
    print("tracker   ", ascii(torrent["announce"]))
    print("pieces    ", len(torrent["hashes"]), "of", torrent["piece_length"], "bytes")
    for path, length in torrent["files"]:
        print(f"{length:9}  {'/'.join(path or ['not written'])}")
