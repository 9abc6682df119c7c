"""The tree against the published vectors of RFC 6962, and its proofs against a verifier that shares no code with it."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.audit.merkle import (
    EMPTY_ROOT,
    GrowingTree,
    Range,
    Subtree,
    complete_subtrees,
    consistency,
    inclusion,
    joined,
)
from application.audit.ports.tree import Tree
from application.audit.tree import STORED_FROM, hash_of
from tests.support.offline_verifier import verify_proof

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(1, 700)


class SmallTree(Tree):
    """Stores what a database stores: the leaves, and the complete subtrees of the higher levels."""

    def __init__(self, size: int) -> None:
        self.leaves = [str(number).encode() for number in range(size)]
        self.stored: dict[Subtree, bytes] = {}
        self.grown = GrowingTree()
        for leaf in self.leaves:
            self.stored.update(found for found in self.grown.append(leaf) if found[0][0] >= STORED_FROM)

    async def leaf_data(self, leaves: Range) -> Sequence[bytes]:
        return self.leaves[slice(*leaves)]

    async def subtrees(self, wanted: Sequence[Subtree]) -> Mapping[Subtree, bytes]:
        return {subtree: self.stored[subtree] for subtree in wanted}


def test_the_roots_are_those_of_the_published_vectors() -> None:
    tree, roots = GrowingTree(), []
    assert tree.root == EMPTY_ROOT
    for leaf in LEAVES:
        list(tree.append(bytes.fromhex(leaf)))
        roots.append(tree.root.hex())
    assert roots == ROOTS


@given(size=SIZES, data=st.data())
@settings(max_examples=60, deadline=None)
async def test_an_inclusion_proof_leads_from_each_leaf_to_the_root(size: int, data: st.DataObject) -> None:
    tree, index = SmallTree(size), data.draw(st.integers(0, size - 1))
    path = [await hash_of(tree, part) for part in inclusion(index, size)]
    assert verify_proof.root_by_inclusion(tree.leaves[index], index, size, path) == tree.grown.root
    other = verify_proof.root_by_inclusion(b"another", index, size, path)
    assert other != tree.grown.root


@given(new=SIZES, data=st.data())
@settings(max_examples=60, deadline=None)
async def test_a_consistency_proof_leads_to_both_roots(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    older, newer = SmallTree(old), SmallTree(new)
    path = [await hash_of(newer, part) for part in consistency(old, new)]
    found = verify_proof.roots_by_consistency(old, new, path, older.grown.root)
    assert found == (older.grown.root, newer.grown.root)


@given(size=SIZES)
@settings(max_examples=30, deadline=None)
async def test_the_stored_subtrees_give_the_root(size: int) -> None:
    tree = SmallTree(size)
    assert await hash_of(tree, (0, size)) == tree.grown.root
    subtrees = [GrowingTree() for _ in complete_subtrees((0, size))]
    for (level, index), grown in zip(complete_subtrees((0, size)), subtrees, strict=True):
        for leaf in tree.leaves[index << level : (index + 1) << level]:
            list(grown.append(leaf))
    assert joined([grown.root for grown in subtrees]) == tree.grown.root


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_a_leaf_or_tree_beyond_the_size_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion(index, size)
    with pytest.raises(ValueError, match="cannot be proved"):
        consistency(size + 1, size)
