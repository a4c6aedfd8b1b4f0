"""Makes a torrent of a folder with libtorrent.

    libtorrent_make.py v1|v2|hybrid FOLDER TORRENT PIECE_LENGTH
"""

import os
import sys

import libtorrent as lt

FLAGS = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}


def main(version, folder, torrent, piece_length):
    files = lt.list_files(folder)
    made = lt.create_torrent(files, int(piece_length), FLAGS[version])
    lt.set_piece_hashes(made, os.path.dirname(folder))
    with open(torrent, "wb") as out:
        out.write(lt.bencode(made.generate()))


main(*sys.argv[1:])
