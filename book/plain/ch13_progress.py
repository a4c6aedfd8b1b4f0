"""Chapter 13 in plain Python: progress. A line that shows how far we are."""
import math
import os
import sys
import time
import unicodedata

from ch02_metainfo import open_torrent
from ch03_peer_id import make_peer_id
from ch04_tracker import find_peers
from ch06_messages import greet, hear
from ch07_blocks import be_interested, fetch_piece, piece_length
from ch09_files import find_missing
from ch10_disk import prepare_files, store_piece, sync_all

WINDOW = 5  # seconds over which a rate is taken


# ANCHOR: screen
# What a terminal of one line shows in the end. It knows letters, "\r", and ESC [ K.
def screen_after(text, width):
    cells = [" "] * width
    column = 0
    while text:
        if text.startswith("\x1b[K"):
            cells[column:] = " " * (width - column)
            text = text[3:]
        elif text[0] == "\r":
            column = 0
            text = text[1:]
        else:
            cells[column] = text[0]
            column = min(column + 1, width - 1)
            text = text[1:]
    return "".join(cells)
# ANCHOR_END: screen


# ANCHOR: rate
# The rate at `now`: the bytes of the last five seconds, by that time. `came` holds
# pairs of a time and a number of bytes, and what is older falls out.
def rate_at(came, now):
    while came and came[0][0] <= now - WINDOW:
        came.pop(0)
    if not came:
        return 0
    span = min(max(now - came[0][0], 0.25), WINDOW)
    return sum(count for _, count in came) / span
# ANCHOR_END: rate


# ANCHOR: left
# How long the rest takes; None while nobody can say. `clock` remembers from call to call.
def time_left(clock, now, left, rate):
    passed, clock["at"] = now - clock["at"], now
    clock["told"] += passed
    # Smoothed: a new rate counts for little, except at the beginning.
    weight = max(1 - math.exp(-passed / 15), passed / max(clock["told"], 0.001))
    clock["rate"] += (rate - clock["rate"]) * min(weight, 1)
    if left == 0 or clock["rate"] < 1:
        return 0 if left == 0 else None
    estimate = left / clock["rate"]
    # A clock that runs; only when it is wrong by a tenth, it glides to where it should be.
    shown = clock["shown"] - passed if clock["shown"] is not None else estimate
    if abs(estimate - shown) > max(2, estimate / 10):
        shown += (estimate - shown) * (1 - math.exp(-passed / 3))
    clock["shown"] = max(shown, 0)
    return clock["shown"]
# ANCHOR_END: left


# ANCHOR: words
# Bytes as a person reads them.
def bytes_in_words(count):
    for unit in ["B", "KiB", "MiB", "GiB"]:
        if count < 999.5 or unit == "GiB":
            return f"{count:.1f} {unit}" if unit != "B" and count < 9.95 else f"{count:.0f} {unit}"
        count /= 1024


# A span of time in its two largest units.
def time_in_words(seconds):
    if seconds is None:
        return "waiting"
    seconds = math.ceil(seconds)
    if seconds < 60:
        return f"{seconds} s left"
    if seconds < 3600:
        return f"{seconds // 60} m {seconds % 60:02} s left"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} m left"
# ANCHOR_END: words


# ANCHOR: columns
# How many columns of a terminal a text takes.
def columns(text):
    wide = 0
    for letter in text:
        if unicodedata.combining(letter):
            continue  # an accent stands on the letter before it
        wide += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
    return wide


# Cuts a text off so that it fits.
def clip(text, width):
    while columns(text) > width:
        text = text[:-1]
    return text
# ANCHOR_END: columns


# ANCHOR: map
# A letter for each piece, or for several where there is no room: all, some, none.
def draw_map(pieces, missing, width):
    cells = min(pieces, width)
    drawn = ""
    for cell in range(cells):
        part = range(cell * pieces // cells, (cell + 1) * pieces // cells)
        lacking = sum(piece in missing for piece in part)
        drawn += "#" if lacking == 0 else "." if lacking == len(part) else "+"
    return drawn
# ANCHOR_END: map


# ANCHOR: terminal
# Whether a line can be drawn again in its place.
def can_redraw(stream):
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


# Draws a line over the one before it: to its beginning, the text, and clear what is left.
def draw_again(stream, text):
    width = os.get_terminal_size(stream.fileno()).columns or 80
    stream.write("\r" + clip(text, width - 1) + "\x1b[K")
    stream.flush()
# ANCHOR_END: terminal


# ANCHOR: line
# Everything in one line, without anything that could move the cursor.
def make_line(torrent, missing, rate, left):
    pieces = len(torrent["hashes"])
    there = pieces - len(missing)
    name = "".join(letter if letter.isprintable() else "?" for letter in torrent["name"])
    percent = 100 * there // pieces  # rounded down: 100 only when all is there
    picture = draw_map(pieces, missing, 24)
    speed = bytes_in_words(rate) + "/s"
    return f"{clip(name, 20)}  {picture}  {percent:3} %  {speed:>10}  {left}"
# ANCHOR_END: line


# ANCHOR: show
# Shows how it stands: drawn again on a terminal; elsewhere a line when a quarter more is there.
def show_progress(stream, progress, torrent, missing, now):
    rate = rate_at(progress["came"], now)
    left = sum(piece_length(torrent, piece) for piece in missing)
    words = time_in_words(time_left(progress["clock"], now, left, rate))
    line = make_line(torrent, missing, rate, words)
    if can_redraw(stream):
        draw_again(stream, line)
        return
    quarter = 4 - math.ceil(4 * len(missing) / len(torrent["hashes"]))
    if quarter > progress["quarter"]:
        progress["quarter"] = quarter
        print(line, file=stream, flush=True)
# ANCHOR_END: show


# Nothing is known yet.
def make_progress(now):
    clock = {"at": now, "told": 0, "rate": 0, "shown": None}
    return {"came": [], "clock": clock, "quarter": 0}


# Fetches from one peer what is missing, and shows how it goes.
def fetch_and_show(peer, torrent, missing, folder, progress):
    be_interested(peer)
    while missing:
        they_have = [piece for piece in missing if piece in peer["has"]]
        if not they_have:
            hear(peer)
            continue
        piece = they_have[0]
        data = fetch_piece(peer, piece, piece_length(torrent, piece))
        if not store_piece(folder, torrent, piece, data):
            raise ValueError(f"piece {piece} is wrong")
        missing.remove(piece)
        now = time.monotonic()
        progress["came"].append((now, len(data)))
        show_progress(sys.stderr, progress, torrent, missing, now)


if __name__ == "__main__":
    torrent, folder = open_torrent(sys.argv[1]), sys.argv[2]
    our_id = make_peer_id()
    prepare_files(folder, torrent["files"])
    missing = find_missing(folder, torrent)
    progress = make_progress(time.monotonic())
    for address in find_peers(torrent, our_id) if missing else []:
        try:
            fetch_and_show(greet(address, torrent, our_id), torrent, missing, folder, progress)
            break
        except (OSError, ValueError) as error:
            print(f"{address[0]}:{address[1]}: {error}")
    sync_all(folder, torrent["files"])
    if can_redraw(sys.stderr):
        sys.stderr.write("\r\x1b[K")
    if missing:
        sys.exit(f"{len(missing)} pieces are missing")
    print(f"{len(torrent['hashes'])} pieces are verified and written: {torrent['name']}")
