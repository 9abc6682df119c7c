"""Check an export of FNA Batch without FNA Batch: Python's standard library, and `cryptography` for Ed25519.

    python verify_export.py --key KEY [--checkpoint FILE]… [--receipt FILE]… EXPORT

KEY is the verifier key that you got from the operator once, not the one in the file. Exit 0: everything holds. Memory
grows with the number of unfinished batches, not with the log. The format is in verify.md.
"""

import argparse
import base64
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hash_of(kind, content):
    """The hash of an event or an act: a line, then canonical JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha(f"fna-batch {kind} 1\n".encode(), text.encode())


def opened(note, keys):
    """The lines of a note that one of the keys has signed."""
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        _, name, encoded = line.split(" ")
        signature = base64.b64decode(encoded)
        for key in keys:
            key_name, key_hash, key_bytes = key.split("+", 2)
            raw = base64.b64decode(key_bytes)
            if name == key_name and signature[:4] == sha(name.encode(), b"\n", raw)[:4] == bytes.fromhex(key_hash):
                Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], (text + "\n").encode())
                return text.split("\n")
    raise ValueError("signed by none of the keys given")


class Tree:
    """RFC 6962: the roots of complete subtrees, the largest first."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def append(self, entry):
        node, index = sha(b"\x00", entry), self.size
        while index & 1:
            node, index = sha(b"\x01", self.peaks.pop(), node), index >> 1
        self.peaks.append(node)
        self.size += 1

    def root(self):
        node = None
        for peak in reversed(self.peaks):
            node = peak if node is None else sha(b"\x01", peak, node)
        return node if node is not None else sha()


def verify(lines, keys, kept=(), receipts=()):
    """Yields everything that is wrong, and last the size of the log with its root, as a pair."""
    tree, heads, signed_to, previous, end = Tree(), {}, 0, bytes(32), None
    archived, archived_before = "", ""
    promised = {}
    for receipt in receipts:
        batch_id, submitted = (line.split(" ")[1] for line in opened(receipt, keys)[1:3])
        promised[batch_id] = submitted
    roots = {}
    for note in kept:
        _, size, root = opened(note, keys)[:3]
        roots.setdefault(int(size), set()).add(base64.b64decode(root))
    for number, line in enumerate(lines, start=1):
        record = json.loads(line)
        where = f"line {number}"
        if "leaf" in record:
            if record["leaf"] != tree.size:
                yield f"{where}: leaf {tree.size} is missing"
                return
            if "event" in record:
                event = record["event"]
                stored, batch, version = event.pop("hash"), event["batch_id"], event["version"]
                where = f"{where}, batch {batch} version {version}"
                before_version, before_hash, before_time = heads.pop(batch, (0, "00" * 32, ""))
                if version != before_version + 1 or event["previous_hash"] != before_hash:
                    yield f"{where}: it does not follow the event before it"
                if event["recorded_at"] < before_time:
                    yield f"{where}: its time lies before that of the event before it"
                entry = hash_of("event", event)
                if entry.hex() != stored:
                    yield f"{where}: its content does not match its hash"
                if event["type"] != "Finished":
                    heads[batch] = (version, stored, event["recorded_at"])
                if version == 1 and batch in promised and promised.pop(batch) != stored:
                    yield f"{where}: it is not what the receipt says was submitted"
            elif "act" in record:
                entry = hash_of("act", record["act"])
                if record["act"]["kind"] == "archive":
                    archived_before = max(archived_before, record["act"]["data"]["before"])
            else:
                entry = bytes.fromhex(record["archived"]["entry"])
                archived = max(archived, record["archived"]["batch_id"] or "~")
            tree.append(entry)
            if roots.pop(tree.size, {tree.root()}) != {tree.root()}:
                yield f"{where}: the log does not begin with what the kept checkpoint over {tree.size} entries signed"
        elif "checkpoint" in record:
            try:
                _, size, root, _, before = opened(record["checkpoint"], keys)
            except (ValueError, InvalidSignature) as wrong:
                yield f"{where}: the checkpoint proves nothing: {wrong!r}"
                continue
            if int(size) != tree.size or base64.b64decode(root) != tree.root():
                yield f"{where}: its root does not fit: entries {signed_to} to {tree.size - 1} are not all as sealed"
            if base64.b64decode(before.removeprefix("previous ")) != previous:
                yield f"{where}: the checkpoint does not follow the one before it"
            signed_to, previous = tree.size, sha(record["checkpoint"].encode())
        elif "end" in record:
            end = record["end"]
    if end != tree.size or signed_to != tree.size:
        yield "the file ends early, or its end is covered by no checkpoint"
    if archived >= archived_before and archived:
        yield f"an event of batch {archived} is missing, and no act of archiving says so"
    for size in roots:
        yield f"the log ends before the kept checkpoint over {size} entries"
    for batch in promised:
        yield f"batch {batch} is missing, though there is a receipt for it"
    yield tree.size, tree.root()


def main():
    parser = argparse.ArgumentParser(description="Check an export of FNA Batch.")
    parser.add_argument("export")
    parser.add_argument("--key", action="append", required=True)
    parser.add_argument("--checkpoint", action="append", default=[])
    parser.add_argument("--receipt", action="append", default=[])
    given = parser.parse_args()
    kept, receipts = (
        [open(file, encoding="utf-8").read() for file in files] for files in (given.checkpoint, given.receipt)
    )
    wrong = 0
    with open(given.export, encoding="utf-8") as lines:
        for found in verify(lines, given.key, kept, receipts):
            if isinstance(found, str):
                wrong += 1
                print(found)
            elif not wrong:
                print(f"{found[0]} entries hold; the root is {base64.b64encode(found[1]).decode()}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
