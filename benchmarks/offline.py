"""Speed and memory of docs/verify_export.py for ten million events. Needs no database: it writes an export itself.

The events of a thousand batches at a time are interleaved; there is a checkpoint after every thousand entries.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from adapters.ed25519 import Ed25519Signer
from application.audit.merkle import GrowingTree
from application.audit.sealer import MOST, NOTHING_BEFORE
from application.audit.signed_notes import Checkpoint, note_hash, public_key, sign
from application.log import StoredEvent, instant
from benchmarks.audit import VERIFIER, life

EVENTS, AT_ONCE, LOOKS = 10_000_000, 1000, 10


def events(total: int) -> Iterator[StoredEvent]:
    """Yield four events of each batch, with a thousand batches interleaved at a time."""
    for _ in range(0, total, 4 * AT_ONCE):
        yield from (event for version in zip(*(life() for _ in range(AT_ONCE)), strict=True) for event in version)


def lines(total: int, signer: Ed25519Signer) -> Iterator[str]:
    """Yield the lines of an export of `total` events."""
    key, tree, previous = public_key(signer), GrowingTree(), NOTHING_BEFORE
    yield json.dumps({"format": "fna-batch export 1", "keys": [str(key)], "archives": []})
    for event in events(total):
        yield json.dumps({"leaf": tree.size, "event": event.hashed() | {"hash": event.hash.hex()}})
        for _ in tree.append(event.hash):
            pass
        if tree.size % MOST == 0:
            checkpoint = Checkpoint(
                origin=signer.name,
                size=tree.size,
                root=tree.root,
                sealed_at=instant(datetime.now(UTC)),
                previous=previous,
            )
            note = sign(checkpoint.text, signer)
            previous = note_hash(note)
            yield json.dumps({"checkpoint": note})
    yield json.dumps({"end": tree.size})


def memory(process: int) -> float:
    """Return the resident memory of a process, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    total -= total % (4 * AT_ONCE)
    signer, held = Ed25519Signer("fna-batch", os.urandom(32)), list[float]()
    with tempfile.TemporaryDirectory() as name:
        pipe = Path(name) / "log.jsonl"
        os.mkfifo(pipe)
        command = [sys.executable, str(VERIFIER), "--key", str(public_key(signer)), str(pipe)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as verifier, pipe.open("w") as out:
            began, look = time.perf_counter(), total // LOOKS
            for number, line in enumerate(lines(total, signer)):
                out.write(line + "\n")
                if number and number % look == 0:
                    held.append(memory(verifier.pid))
            out.close()
            output, _ = verifier.communicate()
        seconds = time.perf_counter() - began
    assert verifier.returncode == 0, output
    print(output.splitlines()[0])
    print(f"{total / seconds:.0f} entries/s, written and verified at the same time")
    print(f"memory after each tenth, in MB: {', '.join(f'{each:.1f}' for each in held)}")
    print(f"{held[-1] / held[0]:.2f} times the memory of the first tenth at the end")


if __name__ == "__main__":
    main()
