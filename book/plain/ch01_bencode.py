"""Chapter 1 in plain Python: bencode."""
import pprint
import sys


# ANCHOR: string
# Reads a number that ends with the byte `end`; gives it, and where it stopped.
def read_number(data, at, end):
    stop = data.index(end, at)
    digits = data[at:stop]
    if not digits.lstrip(b"-").isdigit():
        raise ValueError(f"at byte {at} a number should stand")
    return int(digits), stop + 1


# Reads a string: its length, a colon, so many bytes.
def read_string(data, at):
    length, start = read_number(data, at, b":")
    if length < 0 or start + length > len(data):
        raise ValueError(f"at byte {at} a string has no {length} bytes")
    return data[start:start + length], start + length
# ANCHOR_END: string


# ANCHOR: decode
# Reads the value that begins at byte `at`; gives it, and where it ends.
def decode(data, at=0):
    first = data[at:at + 1]
    if first == b"i":
        return read_number(data, at + 1, b"e")
    if first == b"l":
        values, at = [], at + 1
        while data[at:at + 1] != b"e":
            value, at = decode(data, at)
            values.append(value)
        return values, at + 1
    if first == b"d":
        values, at = {}, at + 1
        while data[at:at + 1] != b"e":
            key, at = read_string(data, at)
            value, at = decode(data, at)
            values[key] = value
        return values, at + 1
    return read_string(data, at)
# ANCHOR_END: decode


# ANCHOR: all_spans
# Lists where each value begins and ends; what has begun and not ended is a list, too.
def all_spans(data):
    found, unfinished, at = [], [], 0
    while True:
        first = data[at:at + 1]
        if first == b"e" and unfinished:
            at += 1
            unfinished.pop()[1] = at
        else:
            span = [at, None]
            found.append(span)
            if first == b"l" or first == b"d":
                at += 1
                unfinished.append(span)
            else:
                _, at = decode(data, at)  # a number or a string
                span[1] = at
        if not unfinished:
            return found
# ANCHOR_END: all_spans


# ANCHOR: inside
# Gives the spans directly inside the one of this number.
def inside(found, index):
    children, after = [], 0
    for start, end in found[index + 1:]:
        if start >= found[index][1]:
            break  # it is behind the value
        if start >= after:  # else it is inside the last child
            children.append([start, end])
            after = end
    return children
# ANCHOR_END: inside


# ANCHOR: digits
# Reads digits up to the byte `end`, one by one; gives the number, and where it stopped.
def read_digits(data, at, end):
    first, number = at, 0
    while data[at:at + 1].isdigit():
        number = number * 10 + data[at] - ord("0")
        at += 1
    if at == first or data[at:at + 1] != end:
        raise ValueError(f"at byte {at} a digit should stand")
    return number, at
# ANCHOR_END: digits


# ANCHOR: flaws
# Lists what is not canonical in the digits of a number.
def flaws_of_number(digits):
    if digits == b"-0":
        return ["zero has a sign"]
    if digits != b"0" and digits.lstrip(b"-").startswith(b"0"):
        return ["a zero leads"]
    return []


# Lists what is not canonical in the keys of a dictionary, in the order of the file.
def flaws_of_keys(keys):
    flaws = []
    for before, key in zip(keys, keys[1:]):
        if key == before:
            flaws.append(f"{key} is there twice")
        if key < before:
            flaws.append(f"{key} should stand before {before}")
    return flaws
# ANCHOR_END: flaws


# ANCHOR: encode
# Writes a value as bencode, the keys of dictionaries in the order of their bytes.
def encode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:" % len(value) + value
    if isinstance(value, list):
        written = b"l"
        for item in value:
            written += encode(item)
        return written + b"e"
    written = b"d"
    for key in sorted(value):
        written += encode(key) + encode(value[key])
    return written + b"e"
# ANCHOR_END: encode


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    value, end = decode(data)
    pprint.pprint(value, sort_dicts=False)
    print(f"{end} of {len(data)} bytes read; encoded again they are", end=" ")
    print("the same" if encode(value) == data[:end] else "others")
