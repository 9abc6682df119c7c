"""Check an export of FNA Batch without FNA Batch: Python's standard library, and `cryptography` for Ed25519.

    python verify_export.py --key KEY [--checkpoint FILE]… [--receipt FILE]… EXPORT

KEY is the verifier key that you got from the operator once, not the one in the file. Exit 0: everything holds, 1: it
does not, 2: wrong use. Memory grows with the number of unfinished batches, not with the log. The format: verify.md.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST_SHOWN = 20


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


def promised(note, keys):
    """The batch of a receipt, the hash of its first event, and when that was recorded."""
    kind, *told = opened(note, keys)
    if not kind.endswith(" receipt"):
        raise ValueError("it is no receipt")
    return [line.split(" ")[1] for line in told]


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


class Verifier:
    """Takes the lines of an export one after the other; `wrong` gets the first of what is, `findings` counts it all."""

    def __init__(self, keys, checkpoints=(), receipts=()):
        self.keys, self.tree, self.wrong, self.number, self.findings = keys, Tree(), [], 0, 0
        self.heads, self.signed_to, self.previous, self.end = {}, 0, bytes(32), None
        self.archives, self.confirmed, self.excuses, self.fits, self.begun = {}, set(), set(), True, False
        self.kept, self.promised, self.hashes_alone, self.sealed_at, self.later = {}, {}, 0, "", []
        for key in keys:
            if key.count("+") < 2 or len(base64.b64decode(key.split("+", 2)[2])) != 33:
                raise ValueError(f"{key} is no verifier key")
        for note in checkpoints:
            _, size, root = opened(note, keys)[:3]
            self.kept.setdefault(int(size), set()).add(base64.b64decode(root))
        for note in receipts:
            batch, submitted, recorded = promised(note, keys)
            self.promised[batch] = (submitted, recorded)

    def found(self, what):
        self.findings += 1
        if self.findings <= MOST_SHOWN:
            self.wrong.append(f"line {self.number}: {what}".encode("ascii", "backslashreplace").decode())

    def take(self, line):
        self.number += 1
        try:
            record = json.loads(line, object_pairs_hook=once)
            kinds = record.keys() & {"format", "leaf", "checkpoint", "end"}
            (kind,) = kinds
            getattr(self, "take_" + kind)(record)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
            self.found(f"it is no line of an export ({type(wrong).__name__}: {str(wrong)[:80]})")

    def take_format(self, record):
        self.begun = self.number == 1
        if record["format"] != "fna-batch export 1" or not self.begun:
            self.found("this is no export that this program knows")
        self.archives = {(part["before"], part["size"], part["events"]): 0 for part in record["archives"]}

    def take_leaf(self, record):
        if record["leaf"] != self.tree.size or len(record) != 2:
            self.found(f"leaf {self.tree.size} should stand here, and nothing else")
        batch = None
        if "event" in record:
            batch = record["event"]["batch_id"]
            entry = self.event(record["event"])
        elif "act" in record:
            entry = hash_of("act", record["act"])
            if record["act"]["kind"] == "archive":
                data = record["act"]["data"]
                self.confirmed.add((data["before"], data["size"], data["events"]))
        else:
            entry = self.gone(record["archived"])
            batch = record["archived"]["batch_id"]
        for part in self.archives:
            self.archives[part] += batch is not None and batch < part[0] and self.tree.size < part[1]
        self.tree.append(entry)
        if self.kept.pop(self.tree.size, {self.tree.root()}) != {self.tree.root()}:
            self.found(f"the log does not begin with what the kept checkpoint over {self.tree.size} entries signed")

    def event(self, event):
        stored, batch, version = event.pop("hash"), event["batch_id"], event["version"]
        what = f"version {version} of batch {batch}"
        before_version, before_hash, before_time = self.heads.pop(batch, (0, "00" * 32, ""))
        if (version, event["previous_hash"]) != (before_version + 1, before_hash):
            self.found(f"{what} does not follow the event before it")
        if event["recorded_at"] < before_time:
            self.found(f"the time of {what} lies before that of the event before it")
        entry = hash_of("event", event)
        if entry.hex() != stored:
            self.found(f"the content of {what} does not match its hash")
        if event["type"] != "Finished":
            self.heads[batch] = (version, stored, event["recorded_at"])
        if version == 1 and self.promised.pop(batch, (stored,))[0] != stored:
            self.found(f"{what} is not what the receipt says was submitted")
        return entry

    def gone(self, archived):
        """An entry of which the hash is left: it must have been archived."""
        batch, version, entry = archived["batch_id"], archived["version"], archived["entry"]
        if batch is None:
            self.found("an act is missing")
            return bytes.fromhex(entry)
        self.hashes_alone += 1
        parts = frozenset(part for part in self.archives if batch < part[0] and self.tree.size < part[1])
        if parts:
            self.excuses.add(parts)
        else:
            self.found(f"version {version} of batch {batch} is missing, and was never archived")
        if version == 1 and self.promised.get(batch, ("",))[0] == entry:
            del self.promised[batch]
        return bytes.fromhex(entry)

    def take_checkpoint(self, record):
        note = record["checkpoint"]
        try:
            _, size, root, sealed_at, before = opened(note, self.keys)
        except InvalidSignature:
            self.found("the checkpoint proves nothing: its signature does not fit")
            return
        except ValueError as wrong:
            self.found(f"the checkpoint proves nothing: {wrong}")
            return
        fits = int(size) == self.tree.size and base64.b64decode(root) == self.tree.root()
        if self.fits and not fits:
            self.found(f"the root does not fit: entries {self.signed_to} to {self.tree.size - 1} are not all as sealed")
        self.fits = self.fits and fits
        if base64.b64decode(before.removeprefix("previous ")) != self.previous:
            self.found("the checkpoint does not follow the one before it")
        self.signed_to, self.previous = self.tree.size, sha(note.encode())
        self.sealed_at = sealed_at.removeprefix("sealed ")

    def take_end(self, record):
        self.end = record["end"]

    def finish(self):
        if not self.begun:
            self.found("the first line of an export is missing")
        if self.end != self.tree.size or self.signed_to != self.tree.size:
            self.found("the file ends early, or its end is covered by no checkpoint")
        for parts in self.excuses:
            if not parts & self.confirmed:
                self.found("events are missing that no act in this log says were archived")
        for part, events in self.archives.items():
            if part in self.confirmed and events != part[2]:
                self.found(f"{part[2]} events below {part[0]} were archived, and {events} leaves name such")
        for size in self.kept:
            self.found(f"the log ends before the kept checkpoint over {size} entries")
        for batch, (_, recorded) in self.promised.items():
            if recorded > self.sealed_at:
                self.later.append(f"batch {batch} was submitted after the last checkpoint here: ask for a newer export")
            else:
                self.found(f"batch {batch} is missing, though there is a receipt for it")


def once(pairs):
    """A JSON object that names nothing twice."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands there twice")
    return dict(pairs)


def note_in(file):
    """A signed note as it is, in the JSON of the API or the command line, or as a `Batch-Receipt` header."""
    text = file.read_text(encoding="utf-8").strip()
    try:
        if text.startswith("{"):
            return str(json.loads(text)["note"])
        return text + "\n" if "\n\n" in text else base64.urlsafe_b64decode(text.split(" ")[-1]).decode()
    except (ValueError, KeyError):
        raise ValueError(f"{file} holds no signed note") from None


def main():
    parser = argparse.ArgumentParser(description="Check an export of FNA Batch.")
    parser.add_argument("export", type=pathlib.Path)
    parser.add_argument("--key", action="append", required=True, help="the verifier key that you were given")
    parser.add_argument("--checkpoint", action="append", default=[], type=pathlib.Path, help="one that you kept")
    parser.add_argument("--receipt", action="append", default=[], type=pathlib.Path, help="one that you were given")
    given = parser.parse_args()
    try:
        kept, receipts = ([note_in(file) for file in files] for files in (given.checkpoint, given.receipt))
        verifier = Verifier(given.key, kept, receipts)
        with given.export.open(encoding="utf-8", errors="backslashreplace") as lines:
            for line in lines:
                verifier.take(line)
    except (OSError, ValueError, KeyError, InvalidSignature) as wrong:
        parser.error(f"a file, a key or a note cannot be used: {str(wrong) or 'a note is not as it was signed'}")
    verifier.finish()
    for wrong in verifier.wrong:
        print(wrong)
    if verifier.wrong:
        print(f"{verifier.findings} found to be wrong; at most {MOST_SHOWN} of it are shown")
        sys.exit(1)
    print(f"{verifier.tree.size} entries hold; the root is {base64.b64encode(verifier.tree.root()).decode()}")
    for later in verifier.later:
        print(later)
    if verifier.hashes_alone:
        print(f"of {verifier.hashes_alone} of them there is the hash alone: they were archived, verify the archive too")


if __name__ == "__main__":
    main()
