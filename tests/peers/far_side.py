"""The far side of a network of two machines: a name server and a tracker at each address.

    far_side.py PEER WIRE IP…   each name leads to the first IP, and each announce is told the peer IP:PEER; says READY,
                                and CAME for each packet that comes by the wire (an interface)

A reset is no packet that somebody has sent: the system itself answers so, for a connection that is closed already, and
sends it as its routes say. Nor is what it asks to find its way.
"""

import http.server
import socket
import sys
import threading


def answer(query, ip):
    """The answer to a question for an address (RFC 1035): one for IPv4, none for anything else."""
    end = query.index(0, 12) + 5
    count = b"\0\1" if query[end - 4 : end - 2] == b"\0\1" else b"\0\0"
    found = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(ip)
    return query[:2] + b"\x81\x80\0\1" + count + b"\0\0\0\0" + query[12:end] + (found if count == b"\0\1" else b"")


def names(at, ip):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((at, 53))
    while True:
        query, who = server.recvfrom(2000)
        server.sendto(answer(query, ip), who)


def watch(wire):
    ip, tcp, reset = 0x0800, 6, 4
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ip))
    packets.bind((wire, ip))
    while True:
        frame, about = packets.recvfrom(100)
        packet = frame[14:]
        is_reset = packet[9] == tcp and packet[(packet[0] & 15) * 4 + 13] & reset
        if about[2] != socket.PACKET_OUTGOING and not is_reset:
            print("CAME\n", end="", flush=True)


def main(peer, wire, *ips):
    threading.Thread(target=watch, args=(wire,), daemon=True).start()
    compact = socket.inet_aton(ips[0]) + int(peer).to_bytes(2, "big")
    reply = b"d8:intervali60e5:peers6:" + compact + b"e"

    class Tracker(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            print("ANNOUNCE\n", end="", flush=True)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(reply)

    for ip in ips:
        threading.Thread(target=names, args=(ip, ips[0]), daemon=True).start()
        server = http.server.HTTPServer((ip, 80), Tracker)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("READY", flush=True)
    threading.Event().wait()


main(*sys.argv[1:])
