"""The tree, its proofs, signed notes, checkpoints and cosignatures: published vectors, and every way to be wrong."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ExchangeError, Malformed, Untrusted
from keys.checkpoint import (
    Checkpoint,
    cosign,
    origin_of,
    parse_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
    verify_cosignature,
)
from keys.note import Note, NoteSignature, note_key_id, parse_note, parse_signature_lines, with_signatures
from keys.proofs import RootAccumulator, entry_hash, verify_consistency, verify_inclusion
from keys.signing import SignatureKeys, SignatureKind
from keys.tree import (
    EMPTY,
    WIDTH,
    consistency,
    inclusion,
    leaf_hash,
    node_hash,
    root,
    subtree_of,
    tile_path,
    tiles_of,
)

# --- the tree --------------------------------------------------------------------------------------------

# Source: the reference tree of RFC 6962's own implementation
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
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


def naive(hashes: list[bytes]) -> bytes:
    """MTH as RFC 9162 2.1.1 writes it."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(naive(hashes[:k]), naive(hashes[k:]))


def subtrees(hashes: list[bytes]):  # type: ignore[no-untyped-def]
    return lambda height, n: naive(hashes[n << height : (n + 1) << height])


MANY = [leaf_hash(bytes([n % 256, n // 256])) for n in range(600)]
OF_MANY = subtrees(MANY)


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_equal_the_published_vectors(size: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    assert root(size, subtrees(hashes)).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert root(0, OF_MANY) == EMPTY == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [*range(1, 40), 63, 64, 65])
def test_inclusion_proofs_hold_for_every_leaf_and_for_nothing_else(size: int) -> None:
    top = naive(MANY[:size])
    for index in range(size):
        proof = inclusion(index, size, OF_MANY)
        verify_inclusion(MANY[index], index, size, proof, top)
        wrong = [
            (MANY[(index + 1) % 600], index, size, proof, top),
            (MANY[index], index, size, [*proof, EMPTY], top),
            (MANY[index], index, size, proof, EMPTY),
        ]
        if proof:
            wrong += [(MANY[index], index, size, proof[:-1], top)]
            wrong += [(MANY[index], index, size, [EMPTY, *proof[1:]], top)]
            wrong += [(MANY[index], (index + 1) % size, size, proof, top)]
        for one in wrong:
            with pytest.raises(Untrusted, match="not-included"):
                verify_inclusion(*one)


@pytest.mark.parametrize("second", [*range(1, 34), 63, 64, 65])
def test_consistency_proofs_hold_for_every_earlier_head_and_for_no_other(second: int) -> None:
    top = naive(MANY[:second])
    for first in range(1, second + 1):
        proof = consistency(first, second, OF_MANY)
        below = naive(MANY[:first])
        verify_consistency(first, second, proof, below, top)
        wrong = [(first, second, proof, EMPTY, top), (first, second, [*proof, EMPTY], below, top)]
        if first < second:
            wrong += [(first, second, proof, below, EMPTY), (first, second, proof[:-1], below, top)]
        for one in wrong:
            with pytest.raises(Untrusted, match="not-consistent"):
                verify_consistency(*one)


def test_an_empty_proof_proves_no_consistency_of_different_sizes() -> None:
    with pytest.raises(Untrusted, match="not-consistent"):
        verify_consistency(3, 5, [], naive(MANY[:3]), naive(MANY[:5]))


def test_a_root_over_no_entries_is_that_of_the_empty_tree() -> None:
    assert RootAccumulator().root == EMPTY


def test_every_tree_is_consistent_with_the_empty_tree() -> None:
    verify_consistency(0, 5, [], EMPTY, naive(MANY[:5]))
    with pytest.raises(Untrusted):
        verify_consistency(0, 5, [EMPTY], EMPTY, naive(MANY[:5]))


@pytest.mark.parametrize(
    ("call", "error_code"),
    [
        (lambda: verify_inclusion(EMPTY, 5, 5, [], EMPTY), "proof-index"),
        (lambda: verify_inclusion(EMPTY, -1, 5, [], EMPTY), "proof-index"),
        (lambda: verify_inclusion(EMPTY, 0, 5, [b"short"], EMPTY), "proof-form"),
        (lambda: verify_inclusion(EMPTY, 0, 5, [EMPTY] * 64, EMPTY), "proof-form"),
        (lambda: verify_consistency(6, 5, [], EMPTY, EMPTY), "proof-sizes"),
        (lambda: verify_consistency(-1, 5, [], EMPTY, EMPTY), "proof-sizes"),
    ],
)
def test_proofs_of_another_form_are_malformed(call, error_code: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Malformed, match=error_code):
        call()


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 600), st.data())
def test_a_flipped_bit_anywhere_in_a_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(index, size, OF_MANY)
    at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    flipped = bytearray(proof[at])
    flipped[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(Untrusted):
        verify_inclusion(
            MANY[index], index, size, [*proof[:at], bytes(flipped), *proof[at + 1 :]], root(size, OF_MANY)
        )


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_tiles_and_entries_give_the_same_roots_and_proofs(size: int) -> None:
    rows: list[list[bytes]] = [MANY[:size]]
    while len(rows[-1]) >= WIDTH:
        row = rows[-1]
        rows.append([naive(row[n : n + WIDTH]) for n in range(0, len(row) - WIDTH + 1, WIDTH)])

    def tile(level: int, n: int) -> bytes:
        return b"".join(rows[level][n * WIDTH : (n + 1) * WIDTH])

    generated = subtree_of(tile)
    assert root(size, generated) == naive(MANY[:size])
    assert inclusion(size // 2, size, generated) == inclusion(size // 2, size, OF_MANY)
    assert consistency(max(1, size // 3), size, generated) == consistency(max(1, size // 3), size, OF_MANY)


def test_the_paths_and_widths_of_tiles_are_those_of_the_standard() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(2, 5, 17) == "tile/2/005.p/17"
    assert tile_path("entries", 1000) == "tile/entries/x001/000"
    assert tiles_of(70_000) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert tiles_of(256) == [(0, 0, 256), (1, 0, 1)]
    assert tiles_of(0) == []


def test_writing_and_verifying_code_hash_alike() -> None:
    assert entry_hash(b"x") == leaf_hash(b"x")


# --- notes -------------------------------------------------------------------------------------------------

# Source: the example of C2SP signed-note
EXAMPLE = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99"
    "ihAQwaqP3ZekRwNtIc=\n"
).encode()


def test_the_published_signed_note_is_parsed_and_encoded_unchanged() -> None:
    note = parse_note(EXAMPLE)
    assert note.text.endswith("ed è subito sera.\n")
    assert [line.name for line in note.lines] == ["quasimodo.example/salvatore"]
    assert len(note.lines[0].value) == 64
    assert note.encode() == EXAMPLE


@pytest.mark.parametrize(
    ("data", "error_code"),
    [
        pytest.param(b"", "note-form", id="nothing"),
        pytest.param(b"text\n", "note-form", id="no signature"),
        pytest.param(b"text\n\n", "note-form", id="no line"),
        pytest.param(EXAMPLE[:-1], "note-form", id="no last newline"),
        pytest.param(EXAMPLE.replace("—".encode(), b"-"), "note-signature-line", id="another dash"),
        pytest.param(EXAMPLE.replace(b"salvatore ", b"salvatore  "), "note-signature-line", id="two spaces"),
        pytest.param(
            EXAMPLE.replace(b"salvatore", b"salva+tore"), "note-signature-line", id="a plus in the name"
        ),
        pytest.param(EXAMPLE.replace(b"quasimodo", b"quasi\tmodo"), "note-control-character", id="a tab"),
        pytest.param(EXAMPLE.replace(b"NtIc=", b"NtIc"), "note-signature-line", id="unpadded"),
        pytest.param(EXAMPLE.replace(b"NtIc=", b"NtId="), "note-signature-line", id="odd last bits"),
        pytest.param(EXAMPLE.replace("è".encode(), b"\xff"), "note-utf8", id="not UTF-8"),
        pytest.param(EXAMPLE + b"\n", "note-form", id="a line more"),
        pytest.param(b"x" * (256 * 1024 + 1), "note-size", id="too large"),
        pytest.param(b"text\n\n" + "— a AAAAAAAA\n".encode() * 65, "note-signature-count", id="too many"),
        pytest.param(
            "text\n\n— a AAAAAA==\n".encode()[:-9] + b"AAAA\n",
            "note-signature-line",
            id="an id without signature",
        ),
    ],
)
def test_bytes_that_are_no_signed_note_are_malformed(data: bytes, error_code: str) -> None:
    with pytest.raises(Malformed, match=error_code):
        parse_note(data)


# --- checkpoints -------------------------------------------------------------------------------------------------

LOG, WITNESS, OTHER = (SignatureKeys.from_seeds(SignatureKind.LOG, bytes([n]) * 64) for n in (1, 2, 3))
ORIGIN = origin_of(b"\7" * 32, "rehearsal")
HEAD = Checkpoint(ORIGIN, 5, naive(MANY[:5]))
SIGNED = sign_checkpoint(HEAD, LOG, 1_700_000_000)


def test_a_checkpoint_is_read_back_and_verified() -> None:
    assert parse_checkpoint(HEAD.text) == HEAD
    assert verify_checkpoint(SIGNED.encode(), ORIGIN, LOG.public) == (HEAD, SIGNED)


def test_a_rehearsals_log_has_another_name() -> None:
    assert origin_of(b"\7" * 32, "real") != ORIGIN


@pytest.mark.parametrize(
    "text",
    [
        "a\n5\n",
        "a\n5\nAAAA\n",
        "a\n05\n" + HEAD.text.split("\n")[2] + "\n",
        "a\n+5\n" + HEAD.text.split("\n")[2] + "\n",
        "a\n٣\n" + HEAD.text.split("\n")[2] + "\n",
        "a\n-1\n" + HEAD.text.split("\n")[2] + "\n",
        "a\n" + "9" * 16 + "\n" + HEAD.text.split("\n")[2] + "\n",
        "a b\n5\n" + HEAD.text.split("\n")[2] + "\n",
        "\n5\n" + HEAD.text.split("\n")[2] + "\n",
        HEAD.text + "more\n",
        HEAD.text.replace("=", ""),
        HEAD.text[:-1],
    ],
)
def test_text_that_is_no_checkpoint_is_malformed(text: str) -> None:
    with pytest.raises(Malformed) as reported:
        parse_checkpoint(text)
    assert reported.value.error_code in {"checkpoint-form", "checkpoint-size", "checkpoint-root"}


def test_a_checkpoint_needs_both_signatures_of_its_own_log() -> None:
    by_other = sign_checkpoint(HEAD, OTHER, 1)
    mixed = Note(SIGNED.text, (SIGNED.lines[0], by_other.lines[1]))
    for note in (by_other, mixed, *(Note(SIGNED.text, (line,)) for line in SIGNED.lines)):
        with pytest.raises(Untrusted, match="checkpoint-not-signed"):
            verify_checkpoint(note.encode(), ORIGIN, LOG.public)
    twice = Note(SIGNED.text, (*SIGNED.lines, SIGNED.lines[0]))
    with pytest.raises(Untrusted, match="checkpoint-not-signed"):
        verify_checkpoint(twice.encode(), ORIGIN, LOG.public)


def test_a_changed_checkpoint_under_old_signatures_is_refused() -> None:
    for head in (replace(HEAD, size=6), replace(HEAD, root=EMPTY)):
        with pytest.raises(Untrusted):
            verify_checkpoint(Note(head.text, SIGNED.lines).encode(), ORIGIN, LOG.public)
    with pytest.raises(Untrusted, match="checkpoint-origin"):
        verify_checkpoint(SIGNED.encode(), origin_of(b"\7" * 32, "real"), LOG.public)


def test_signature_lines_of_unknown_keys_are_ignored() -> None:
    more = with_signatures(SIGNED, [NoteSignature("somebody/else", b"abcd", b"whatever")])
    assert verify_checkpoint(more.encode(), ORIGIN, LOG.public)[0] == HEAD
    assert with_signatures(more, more.lines) == more


def test_a_flipped_bit_anywhere_in_a_checkpoint_is_refused() -> None:
    data = SIGNED.encode()
    for at in range(0, len(data), 7):
        wrong = bytearray(data)
        wrong[at] ^= 1
        with pytest.raises(ExchangeError):
            verify_checkpoint(bytes(wrong), ORIGIN, LOG.public)


# --- cosignatures ---------------------------------------------------------------------------------------------------


def test_a_witness_cosigns_with_its_time() -> None:
    lines = cosign(HEAD, WITNESS, "witness.example/w", 1_700_000_009)
    note = with_signatures(SIGNED, lines)
    assert verify_cosignature(note, "witness.example/w", WITNESS.public) == 1_700_000_009
    assert parse_signature_lines("".join(line.encode() for line in lines)) == lines
    assert verify_checkpoint(note.encode(), ORIGIN, LOG.public)[0] == HEAD


@pytest.mark.parametrize("half", [0, 1])
def test_a_cosignature_of_another_head_name_or_time_is_refused(half: int) -> None:
    name = "witness.example/w"
    for wrong in (
        cosign(replace(HEAD, size=6), WITNESS, name, 9),
        cosign(HEAD, OTHER, name, 9),
    ):
        lines = list(cosign(HEAD, WITNESS, name, 9))
        lines[half] = NoteSignature(lines[half].name, lines[half].id, wrong[half].value)
        with pytest.raises(Untrusted):
            verify_cosignature(with_signatures(SIGNED, lines), name, WITNESS.public)
    later = list(cosign(HEAD, WITNESS, name, 9))
    later[half] = NoteSignature(name, later[half].id, (10).to_bytes(8, "big") + later[half].value[8:])
    with pytest.raises(Untrusted):
        verify_cosignature(with_signatures(SIGNED, later), name, WITNESS.public)


def test_a_cosignature_of_another_form_is_malformed() -> None:
    name = "witness.example/w"
    first, second = cosign(HEAD, WITNESS, name, 9)
    short = with_signatures(SIGNED, [replace(first, value=first.value[:-1]), second])
    with pytest.raises(Malformed, match="cosignature-length"):
        verify_cosignature(short, name, WITNESS.public)
    far = with_signatures(SIGNED, [replace(first, value=b"\xff" + first.value[1:]), second])
    with pytest.raises(Malformed, match="cosignature-time"):
        verify_cosignature(far, name, WITNESS.public)
    with pytest.raises(Untrusted, match="checkpoint-not-signed"):
        verify_cosignature(SIGNED, name, WITNESS.public)
    with pytest.raises(Malformed, match="cosigner-name"):
        cosign(HEAD, WITNESS, "x" * 256, 9)


def test_key_ids_depend_on_name_type_and_key() -> None:
    ids = {
        note_key_id(name, kind, key)
        for name in ("a", "b")
        for kind in (1, 4)
        for key in (LOG.public.ed25519, WITNESS.public.ed25519)
    }
    assert len(ids) == 8
