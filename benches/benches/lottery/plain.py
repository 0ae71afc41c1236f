#!/usr/bin/env python3
"""Lottery server as a first version has it: `plain.py DIALECT PORT AGENCIES DIRECTORY`.

A thread for each connection, a read for each message, each batch appended to a file with `csv`, nothing synced.
Stand-in for the programs that students begin with. It believes its clients.
"""

import csv
import logging
import os
import socket
import sys
import threading
from datetime import date

WINNING_NUMBER = 7574
BLOCK = 8192


class Bet:
    def __init__(self, agency, first_name, last_name, document, birthdate, number):
        self.agency = int(agency)
        self.first_name = first_name
        self.last_name = last_name
        self.document = document
        self.birthdate = date.fromisoformat(birthdate)
        self.number = int(number)


class Lottery:
    def __init__(self, agencies, directory):
        self.path = os.path.join(directory, "bets.csv")
        self.agencies = agencies
        self.finished = set()
        self.winners = None
        self.changed = threading.Condition()

    def store(self, bets):
        with self.changed, open(self.path, "a", newline="") as file:
            writer = csv.writer(file)
            for bet in bets:
                row = [bet.agency, bet.first_name, bet.last_name, bet.document, bet.birthdate, bet.number]
                writer.writerow(row)
        logging.info("action: apuesta_recibida | result: success | cantidad: %d", len(bets))

    def finish(self, agency):
        with self.changed:
            self.finished.add(agency)
            if len(self.finished) == self.agencies and self.winners is None:
                self.winners = self.draw()
                logging.info("action: sorteo | result: success")
                self.changed.notify_all()

    def draw(self):
        with open(self.path, newline="") as file:
            bets = (Bet(*row) for row in csv.reader(file))
            return [(bet.agency, bet.document) for bet in bets if bet.number == WINNING_NUMBER]

    def winners_of(self, agency):
        """Returns the documents of an agency, or None before the draw."""
        with self.changed:
            return self.winners and [document for own, document in self.winners if own == agency]

    def wait(self):
        with self.changed:
            self.changed.wait_for(lambda: self.winners is not None)


def receive(connection, count):
    data = b""
    while len(data) < count:
        some = connection.recv(count - len(data))
        if not some:
            return None
        data += some
    return data


def block(kind, agency, payload):
    packet = bytes([kind, agency]) + (4 + len(payload)).to_bytes(2, "little") + payload
    return packet.ljust(BLOCK, b"\0")


def bets_of_block(packet, agency):
    bets, at = [], 5
    for _ in range(packet[4]):
        size = int.from_bytes(packet[at + 2 : at + 4], "little")
        bets.append(Bet(agency, *packet[at + 4 : at + size].decode().split("|")))
        at += size
    return bets


def serve_block(connection, lottery):
    while packet := receive(connection, BLOCK):
        kind, agency = packet[0], packet[1]
        if kind == 3:
            lottery.store(bets_of_block(packet, agency))
        elif kind == 4:
            connection.sendall(block(5, agency, b"1"))
            lottery.finish(agency)
        else:
            documents = lottery.winners_of(agency)
            answer = "0" if documents is None else "1" + "|".join(documents)
            connection.sendall(block(6, agency, answer.encode()))


def serve_framed(connection, lottery):
    agency = 0
    while size := receive(connection, 8):
        body = receive(connection, int(size)).decode()
        if body == "END":
            lottery.finish(agency)
            lottery.wait()
            answer = ";".join(lottery.winners_of(agency)) or "NO_WINNERS"
        else:
            head, *lines = body.split("\n")
            agency = int(head.split(";")[0])
            lottery.store([Bet(agency, *line.split(";")) for line in lines if line])
            answer = "success;Batch stored successfully."
        connection.sendall(f"{len(answer):08d}{answer}".encode())
        if body == "END":
            return


def serve_braces(connection, lottery):
    data = b""
    while some := connection.recv(BLOCK):
        data += some
        while (end := data.find(b";")) >= 0:
            message, data = data[:end].decode(), data[end + 1 :]
            connection.sendall(reply_in_braces(message, lottery).encode())


def reply_in_braces(message, lottery):
    values = [[field.split(":")[1] for field in one.split(",")] for one in message[2:-1].split("},{")]
    if message[0] == "B":
        lottery.store([Bet(agency, *fields) for *fields, agency in values])
        return "ACK_CHUNK;"
    agency = int(values[0][0])
    if message[0] == "N":
        lottery.finish(agency)
        return "ACK_NOTIFY;"
    documents = lottery.winners_of(agency)
    if documents is None:
        return "W;"
    return "R" + ",".join(f"{{PlayerDocID:{document}}}" for document in documents) + ";"


def serve(connection, lottery, dialect):
    with connection:
        {"block": serve_block, "framed": serve_framed, "braces": serve_braces}[dialect](connection, lottery)


def main():
    dialect, port, agencies, directory = sys.argv[1:]
    logging.basicConfig(format="%(asctime)s %(levelname)-8s %(message)s", level="INFO", stream=sys.stdout)
    lottery = Lottery(int(agencies), directory)
    listener = socket.create_server(("127.0.0.1", int(port)))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, lottery, dialect), daemon=True).start()


main()
