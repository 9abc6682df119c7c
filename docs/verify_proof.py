"""Check a receipt or a proof of FNA Batch without FNA Batch, and without the whole log.

    python verify_proof.py --key KEY receipt.json              the JSON of GET /v1/reports/batch/{id}/receipt
    python verify_proof.py --key KEY --entry HASH proof.json   `fna-batch audit prove BATCH`, for an event of that hash
    python verify_proof.py --key KEY grown.json                `fna-batch audit prove --since SIZE`

Exit 0: it proves what is printed, 1: it proves nothing, 2: wrong use. `verify_export.py` must lie beside it.
"""

import argparse
import base64
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from verify_export import opened, promised, sha


def root_by_inclusion(entry, index, size, path):
    """The root that an audit path leads to from an entry (RFC 9162, 2.1.3.2)."""
    node, last = sha(b"\x00", entry), size - 1
    if not 0 <= index <= last:
        raise ValueError("the tree has no such leaf")
    for sibling in path:
        if not last:
            raise ValueError("the path is too long")
        if index & 1 or index == last:
            node = sha(b"\x01", sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha(b"\x01", node, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return node


def roots_by_consistency(old_size, new_size, path, old_root):
    """The roots of the older and the newer tree that a consistency proof leads to (RFC 9162, 2.1.4.2)."""
    if not 0 < old_size <= new_size:
        raise ValueError("the older tree must be the smaller one")
    if old_size == new_size:
        return old_root, old_root
    path = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    index, last = old_size - 1, new_size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if not last:
            raise ValueError("the path is too long")
        if index & 1 or index == last:
            old, new = sha(b"\x01", node, old), sha(b"\x01", node, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = sha(b"\x01", new, node)
        index, last = index >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return old, new


def tree(note, keys):
    """The size and the root that a checkpoint signs."""
    _, size, root = opened(note, keys)[:3]
    return int(size), base64.b64decode(root)


def proven(told, keys, entry=None):
    """What the JSON of a receipt or of a proof proves. Raises ValueError or InvalidSignature where it is nothing."""
    path = [bytes.fromhex(each) for each in (told.get("inclusion") or told).get("path", ())]
    if "old" in told:
        (old_size, old_root), (new_size, new_root) = tree(told["old"], keys), tree(told["new"], keys)
        if roots_by_consistency(old_size, new_size, path, old_root) != (old_root, new_root):
            raise ValueError("the newer log does not begin with the older one")
        return f"the log of {new_size} entries begins with that of {old_size}"
    what = "it"
    if "note" in told:
        batch, entry, recorded = promised(told["note"], keys)
        what = f"the submission of batch {batch}, recorded {recorded}"
        if told["inclusion"] is None:
            return f"{what} was signed; no checkpoint covers it yet: ask for the receipt again in a few seconds"
        told = told["inclusion"]
    size, root = tree(told["checkpoint"], keys)
    if root_by_inclusion(bytes.fromhex(entry), told["leaf_index"], size, path) != root:
        raise ValueError("the log does not hold it there")
    return f"{what} is entry {told['leaf_index']} of the log of {size}"


def main():
    parser = argparse.ArgumentParser(description="Check a receipt or a proof of FNA Batch.")
    parser.add_argument("proof", type=pathlib.Path, help="its JSON")
    parser.add_argument("--key", action="append", required=True, help="the verifier key that you were given")
    parser.add_argument("--entry", help="the hash of the event that an inclusion proof is about, in hex")
    given = parser.parse_args()
    try:
        told = json.loads(given.proof.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        parser.error(f"{given.proof} holds no JSON: {wrong}")
    if "leaf_index" in told and not given.entry:
        parser.error("say with --entry which event it is about: its hash, as `fna-batch audit history --json` tells it")
    try:
        print(proven(told, given.key, given.entry))
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError, IndexError) as wrong:
        print(f"it proves nothing: {str(wrong) or 'a signature does not fit'}")
        sys.exit(1)


if __name__ == "__main__":
    main()
