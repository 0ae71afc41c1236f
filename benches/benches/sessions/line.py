#!/usr/bin/env python3
"""Line with a delay: `line.py NEAR MILLISECONDS SECONDS`, in a network namespace of its own.

Whoever connects to another address of the network of NEAR reaches, after the delay, what listens at NEAR: a packet that
leaves comes back with its two addresses exchanged, which changes no checksum. Prints `ready`, or why there is no line,
and ends after the seconds.
"""

import collections
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import time

NAME = b"line0"
MTU = 1500
# Packets that may wait for this process: more than a connection has on its way, so that none is lost.
QUEUE = 100_000
# Packets that are taken at once, before those that are due are handed on.
TAKEN = 32

IFF_UP, IFF_TUN, IFF_NO_PI = 0x1, 0x1, 0x1000
TUNSETIFF = 0x400454CA
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
SIOCSIFMTU, SIOCSIFTXQLEN = 0x8922, 0x8943


def address(text):
    return struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(text))


def open_line(near):
    """Makes the device, with an address, and a route to all addresses beside it."""
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", NAME, IFF_TUN | IFF_NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name, request, value in [
            (b"lo", SIOCSIFFLAGS, struct.pack("=h14x", IFF_UP)),
            (NAME, SIOCSIFADDR, address(near)),
            (NAME, SIOCSIFNETMASK, address("255.255.255.0")),
            (NAME, SIOCSIFMTU, struct.pack("=i12x", MTU)),
            (NAME, SIOCSIFTXQLEN, struct.pack("=i12x", QUEUE)),
            (NAME, SIOCSIFFLAGS, struct.pack("=h14x", IFF_UP)),
        ]:
            fcntl.ioctl(control, request, struct.pack("16s16s8x", name, value))
    return tun


def take(tun):
    """Yields packets that have left, with their addresses exchanged."""
    for _ in range(TAKEN):
        try:
            packet = os.read(tun, MTU)
        except BlockingIOError:
            return
        # Others are not of IPv4: the system looks for neighbors.
        if packet[0] >> 4 == 4:
            yield packet[:12] + packet[16:20] + packet[12:16] + packet[20:]


def forward(tun, delay):
    waiting = collections.deque()
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            os.write(tun, waiting.popleft()[1])
        pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        if select.select([tun], [], [], pause)[0]:
            due = time.monotonic() + delay
            waiting.extend((due, packet) for packet in take(tun))


def main():
    near, milliseconds, seconds = sys.argv[1:]
    signal.alarm(int(seconds))
    try:
        # The line is not to wait for the processor behind those that use it.
        os.nice(-20)
        # Each connection is to learn the line by itself.
        with open("/proc/sys/net/ipv4/tcp_no_metrics_save", "w") as setting:
            setting.write("1")
        tun = open_line(near)
    except OSError as error:
        print(error)
        return
    print("ready", flush=True)
    forward(tun, int(milliseconds) / 1000)


main()
