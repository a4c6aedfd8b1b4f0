"""The plain client, put together, 3 of 4: what is said, before the metadata and after."""
import hashlib
import os
import time

from ch01_bencode import decode, encode
from ch02_metainfo import read_torrent
from ch06_messages import (BITFIELD, CHOKE, HAVE, INTERESTED, NOT_INTERESTED, PIECE, REQUEST,
                           UNCHOKE, make_message, pieces_in)
from ch07_blocks import is_inside_a_piece, parts, take
from ch09_files import find_missing
from ch10_disk import prepare_files, room_of
from ch11_peers import CANCEL, ask_for_more, block_came, give_back
from ch16_seed import make_bitfield, read_request
from ch16_trade import pieces_here
from ch18_magnet import EXTENDED, MOST_METADATA, OUR_NUMBER, torrent_of
from ch19_exchange import print_line, take_news
from ch21_fast import (ALLOWED_FAST, HAVE_ALL, HAVE_NONE, REJECT, SUGGEST, cancel_aloud,
                       say_reject, take_or_reject)
from join_lines import STRANGE
from join_names import FROM_PEERS, hear_of

NEWS_NUMBER = OUR_NUMBER + 1  # under which we want to hear of peers; OUR_NUMBER is taken
PORT = 9  # the message that says where a peer's node of the DHT is
EARLY = (HAVE, BITFIELD, HAVE_ALL, HAVE_NONE, ALLOWED_FAST)  # they speak of pieces
MOST_EARLY = 2 ** 21  # bytes of them that are kept, of each peer
ASKED_AT_ONCE = 4  # peers that are asked for metadata at a time
PATIENCE = 5  # seconds for a block of metadata
ON_THE_WAY = 16  # requests to each peer


# A message of the extension protocol, to be sent when its turn comes.
def extended_message(number, said):
    return make_message(EXTENDED, bytes([number]) + encode(said))


# What we say of ourselves: first to everybody, and again when we have the metadata.
def about_us(table):
    said = {b"m": {}, b"p": table["port"], b"v": b"a plain client"}
    if not table["private"]:
        said[b"m"] = {b"ut_metadata": OUR_NUMBER, b"ut_pex": NEWS_NUMBER}
        if table["metadata"] is not None:
            said[b"metadata_size"] = len(table["metadata"])
    elif table["by_link"]:  # it was not known at first that it is private: take it back
        said[b"m"] = {b"ut_metadata": 0, b"ut_pex": 0}
    return said


# ANCHOR: first
# The first words behind the handshake, in their order.
def say_first_words(table, peer):
    here = pieces_here(table) if table["torrent"] else set()
    if peer["fast"] and not here:
        peer["to_say"].append(make_message(HAVE_NONE))
    elif peer["fast"] and not table["missing"]:
        peer["to_say"].append(make_message(HAVE_ALL))
    elif here:
        bitfield = make_bitfield(here, len(table["torrent"]["hashes"]))
        peer["to_say"].append(make_message(BITFIELD, bitfield))
    if peer["extended"]:
        peer["to_say"].append(extended_message(0, about_us(table)))
    if peer["has_node"] and table["node_port"] and not table["private"]:
        peer["to_say"].append(make_message(PORT, table["node_port"].to_bytes(2, "big")))
# ANCHOR_END: first


# The dictionary that a message begins with, and where it ends.
def dictionary_in(payload):
    try:
        said, end = decode(payload)
        return dict(said.items()), end
    except STRANGE:
        raise ValueError("it sends what is no dictionary") from None


# Whether something is a number from one to the other.
def is_number(value, least, most):
    return isinstance(value, int) and least <= value <= most


# Hears what a peer says of itself. None of it has to be there, and a second time may change it.
def hear_about_it(peer, payload):
    said, _ = dictionary_in(payload)
    numbers = said.get(b"m") if isinstance(said.get(b"m"), dict) else {}
    for name, key in [(b"ut_metadata", "metadata_number"), (b"ut_pex", "number")]:
        if is_number(numbers.get(name), 0, 255):
            peer[key] = numbers[name]
    if is_number(said.get(b"metadata_size"), 1, MOST_METADATA):
        peer["size"] = said[b"metadata_size"]
    if not peer["we_called"] and is_number(said.get(b"p"), 1, 65535):
        peer["address"] = (peer["host"], said[b"p"])


# A peer gives no metadata: for a minute others have its turn, and then it may begin anew.
def let_rest(peer, now):
    peer["waits"], peer["rests"], peer["got"] = None, now + 60, bytearray()


# ANCHOR: fetch
# Asks for metadata: a few peers at a time, each for all of it, block by block.
def ask_for_metadata(table):
    now = time.monotonic()
    for peer in table["peers"]:
        if peer["waits"] is not None and now > peer["waits"] + PATIENCE:
            let_rest(peer, now)
    able = [peer for peer in table["peers"] if peer["size"] and peer["metadata_number"]]
    asked = [peer for peer in able if peer["waits"] is not None]
    able.sort(key=lambda peer: -len(peer["got"]))  # who has given most goes on
    for peer in able:
        if len(asked) < ASKED_AT_ONCE and peer not in asked and now >= peer["rests"]:
            asked.append(peer)
            peer["waits"] = now
            wish = {b"msg_type": 0, b"piece": len(peer["got"]) // 16384}
            peer["to_say"].append(extended_message(peer["metadata_number"], wish))
# ANCHOR_END: fetch


# ANCHOR: block
# Takes a block of metadata. When a peer has sent all, the hash says whether they are right.
def take_metadata(table, peer, said, block):
    at = len(peer["got"])
    if table["metadata"] is not None or said.get(b"piece") != at // 16384:
        return  # it comes too late
    if len(block) != min(16384, peer["size"] - at):
        raise ValueError("it sends metadata of another length than it said")
    peer["got"] += block
    peer["waits"] = None
    if len(peer["got"]) == peer["size"]:
        metadata, peer["got"] = bytes(peer["got"]), bytearray()
        if hashlib.sha1(metadata).digest() != table["info_hash"]:
            raise ValueError("it sends metadata of something else")
        print_line(f"{len(metadata)} bytes of metadata, from {peer['host']}")
        table["metadata"] = metadata
# ANCHOR_END: block


# Gives a block of our metadata; a reject, if there is none.
def give_metadata(table, peer, piece):
    metadata = b"" if table["private"] else table["metadata"] or b""
    block = b""
    if is_number(piece, 0, len(metadata) // 16384):
        block = metadata[piece * 16384:(piece + 1) * 16384]
    said = {b"msg_type": 1 if block else 2, b"piece": piece}
    if block:
        said[b"total_size"] = len(metadata)
    answer = bytes([peer["metadata_number"]]) + encode(said) + block
    if peer["metadata_number"]:
        peer["to_say"].append(make_message(EXTENDED, answer))


# Hears a message about metadata: a question, a block, or a no.
def hear_of_metadata(table, peer, payload):
    said, end = dictionary_in(payload)
    if said.get(b"msg_type") == 0 and is_number(said.get(b"piece"), 0, 2 ** 32):
        give_metadata(table, peer, said[b"piece"])
    elif said.get(b"msg_type") == 1 and peer["waits"] is not None:
        take_metadata(table, peer, said, payload[end:])
    elif said.get(b"msg_type") == 2:
        let_rest(peer, time.monotonic())


# ANCHOR: hear
# Does what a message says. What is about pieces waits until it is known how many there are.
def do_what_it_says(table, peer, number, payload):
    if number == EXTENDED:
        hear_extension(table, peer, payload)
    elif number in (CHOKE, UNCHOKE):
        peer["choking"] = number == CHOKE
        if number == CHOKE and not peer["fast"]:
            give_back(table, peer)  # with the fast extension each request has its answer
    elif number in (INTERESTED, NOT_INTERESTED):
        peer["interested"] = number == INTERESTED
    elif number == PORT and len(payload) == 2 and len(table["nodes"]) < 50:
        table["nodes"].append((peer["host"], int.from_bytes(payload, "big")))
    elif table["torrent"] is None and number in EARLY:
        peer["early_size"] += len(payload) + 100  # bytes of memory, about
        if peer["early_size"] < MOST_EARLY:
            peer["early"].append((number, payload))
    elif table["torrent"] is not None:
        hear_of_pieces(table, peer, number, payload)
        hear_of_blocks(table, peer, number, payload)
# ANCHOR_END: hear


# ANCHOR: extension
# An extended message: its number is one of those that we have given out, or 0.
def hear_extension(table, peer, payload):
    if payload[:1] == bytes([0]):
        hear_about_it(peer, payload[1:])
    elif payload[:1] == bytes([OUR_NUMBER]):
        hear_of_metadata(table, peer, payload[1:])
    elif payload[:1] == bytes([NEWS_NUMBER]) and not table["private"]:
        dictionary_in(payload[1:])
        new = take_news(peer["hearsay"], peer["host"], payload[1:])
        hear_of(table, "peer exchange", new)
# ANCHOR_END: extension


# Hears which pieces a peer has, or allows us.
def hear_of_pieces(table, peer, number, payload):
    count = len(table["torrent"]["hashes"])
    piece = int.from_bytes(payload, "big")
    if number in (HAVE, ALLOWED_FAST, SUGGEST) and (len(payload) != 4 or piece >= count):
        raise ValueError("it speaks of a piece that there is not")
    if number == BITFIELD and len(payload) != (count + 7) // 8:
        raise ValueError("its bitfield has another length")
    if number == HAVE:
        peer["has"].add(piece)
    elif number == BITFIELD:
        peer["has"] = pieces_in(payload) & set(range(count))
    elif number == HAVE_ALL and peer["fast"]:
        peer["has"] = set(range(count))
    elif number == ALLOWED_FAST and peer["fast"] and len(peer["allowed"]) < 100:
        peer["allowed"].add(piece)


# Hears what a peer asks for, and what it gives, or will not give.
def hear_of_blocks(table, peer, number, payload):
    if number in (REQUEST, CANCEL, REJECT):
        request = read_request(payload)
        if len(payload) != 12 or not is_inside_a_piece(table["torrent"], *request):
            raise ValueError("it asks for nonsense, or rejects that")
    if number == REQUEST and peer["fast"]:
        take_or_reject(peer, pieces_here(table), request)
    elif number == REQUEST and peer["unchoked"] and request[0] in pieces_here(table):
        peer["wants"] = (peer["wants"] + [request])[:500]
    elif number == CANCEL and peer["fast"]:
        cancel_aloud(peer, request)
    elif number == CANCEL:
        peer["wants"] = [block for block in peer["wants"] if block != request]
    elif number == REJECT and peer["fast"]:
        take_no(table, peer, request[0], request[1:])
    elif number == PIECE and len(payload) > 8:
        take_bytes(table, peer, payload)


# Takes what a peer gives, in whatever cuts, and puts the blocks together that it was asked for.
def take_bytes(table, peer, payload):
    piece, offset, data = take(payload)
    asked = {block: size for which, (block, size) in peer["asked"] if which == piece}
    for block, first, part in parts(list(asked.items()), offset, data):
        got = peer["parts"].setdefault((piece, block), {})
        got[first] = part
        if sum(len(part) for part in got.values()) >= asked[block]:
            del peer["parts"][(piece, block)]
            whole_block = b"".join(part for _, part in sorted(got.items()))
            take_block(table, peer, piece, block, whole_block[:asked[block]])
        elif len(got) > 64:
            raise ValueError("it gives us crumbs")


# Takes a block. When a piece is whole by that, right, and on disk, all are told.
def take_block(table, peer, piece, offset, block):
    peer["gave"] += len(block)
    peer["rejects"] = 0
    missing = set(table["missing"])
    block_came(table, peer, piece, offset, block)
    for piece in missing - table["missing"]:
        for other in table["peers"]:
            other["to_say"].append(make_message(HAVE, piece.to_bytes(4, "big")))


# ANCHOR: no
# A request was rejected: others may be asked. Who rejects unchoked is not asked for this
# piece for a while, for a longer one each time, and who does nothing else is let go.
def take_no(table, peer, piece, block):
    if (piece, block) not in peer["asked"]:
        return  # it answers a cancel
    peer["asked"].remove((piece, block))
    table["open"][piece][block]["asked"].remove(peer)
    peer["allowed"].discard(piece)
    if not peer["choking"]:
        peer["has"].discard(piece)
        peer["rejects"] += 1
        peer["later"][piece] = time.monotonic() + min(2 ** peer["rejects"], 60)
    if peer["rejects"] > 50:  # and no block between them
        raise ValueError("it rejects whatever we ask for")
# ANCHOR_END: no


# Asks a peer for blocks; one that chokes us for those that it allows us all the same.
def ask_for_blocks(table, peer):
    has = peer["has"]
    ask_for_more(table, peer, ON_THE_WAY)
    if peer["choking"] and peer["allowed"] & has:
        peer["has"], peer["choking"] = peer["allowed"] & has, False
        ask_for_more(table, peer, ON_THE_WAY)
        peer["has"], peer["choking"] = has, True


# What a peer would not give a while ago may be asked for again.
def ask_again(peer):
    for piece, when in list(peer["later"].items()):
        if time.monotonic() > when:
            peer["has"].add(piece)
            del peer["later"][piece]


# ANCHOR: learn
# The metadata are here, and right: now there are pieces, files, and perhaps some on disk.
def learn_the_torrent(table):
    torrent = read_torrent(torrent_of(table["metadata"], []))
    table["private"] = decode(table["metadata"])[0].get(b"private") == 1
    prepare_files(table["folder"], torrent["files"])
    places = [os.path.join(table["folder"], *path) for path, _ in torrent["files"] if path]
    pieces = set(range(len(torrent["hashes"])))
    if any(room_of(place) for place in places):
        table["missing"] = set(find_missing(table["folder"], torrent))
        if table["missing"] == pieces and pieces:
            raise ValueError("nothing of what is on disk is the torrent's: move it away")
    else:
        table["missing"] = pieces  # nothing but holes
    table["torrent"] = torrent
    print_line(f"{torrent['name']}: {len(table['missing'])} of {len(pieces)} pieces to fetch")
# ANCHOR_END: learn


# ANCHOR: catch_up
# Makes up for the time without metadata: with what a peer has said, and what we can say now.
def catch_up(table, peer):
    early, peer["early"] = peer["early"], []
    source = table["known"].get(peer["address"], {}).get("source")
    if table["private"] and source in FROM_PEERS:
        raise ValueError("the torrent is private, and its tracker did not name this peer")
    for number, payload in early:
        hear_of_pieces(table, peer, number, payload)
    for piece in pieces_here(table):
        peer["to_say"].append(make_message(HAVE, piece.to_bytes(4, "big")))
    if peer["extended"]:
        peer["to_say"].append(extended_message(0, about_us(table)))
# ANCHOR_END: catch_up
