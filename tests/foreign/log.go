// Verifies the log of a bundle by Go's sumdb packages: the signed head, the tree, the place of every record, and the
// hub's own proofs. Trusts nothing but the hub's id.
//
//	log BUNDLE HUB-IN-HEX EVIDENCE
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func require(ok bool, what string, args ...interface{}) {
	if !ok {
		fmt.Fprintf(os.Stderr, what+"\n", args...)
		os.Exit(1)
	}
}

func must(err error, what string) { require(err == nil, "%s: %v", what, err) }

// cut takes a length of so many bytes, and as many bytes as it says, from the front.
func cut(data []byte, width int, what string) (part, rest []byte) {
	require(len(data) >= width, "%s is cut", what)
	n := uint64(0)
	for _, b := range data[:width] {
		n = n<<8 | uint64(b)
	}
	require(uint64(len(data)-width) >= n, "%s is cut", what)
	return data[width : width+int(n)], data[width+int(n):]
}

func readBundle(data []byte) map[string][]byte {
	require(len(data) > 38 && string(data[:4]) == "KHB1", "not a bundle")
	digest := sha256.Sum256(data[:len(data)-32])
	require(bytes.Equal(digest[:], data[len(data)-32:]), "the bundle's digest does not fit")
	files := map[string][]byte{}
	rest := data[6 : len(data)-32]
	for i := binary.BigEndian.Uint16(data[4:6]); i > 0; i-- {
		var name, file []byte
		name, rest = cut(rest, 2, "bundle")
		file, rest = cut(rest, 8, "bundle")
		files[string(name)] = file
	}
	require(len(rest) == 0, "the bundle holds more than it says")
	return files
}

// verifier is the log's Ed25519 key, from the genesis whose digest is the hub's id.
func verifier(genesis []byte, hub string) note.Verifier {
	require(len(genesis) > 4 && string(genesis[:4]) == "KHF1", "not a genesis")
	payload, _ := cut(genesis[4:], 4, "genesis")
	digest := sha256.Sum256(payload)
	require(hex.EncodeToString(digest[:]) == hub, "the genesis of another hub")
	var fields struct {
		Mode string
		Log  struct{ Ed25519 string }
	}
	must(json.Unmarshal(payload, &fields), "genesis")
	key, err := hex.DecodeString(fields.Log.Ed25519)
	must(err, "log key")
	name := "kakehashi/" + fields.Mode + "/" + hub
	typed := append([]byte{1}, key...)
	id := sha256.Sum256(append([]byte(name+"\n"), typed...))
	v, err := note.NewVerifier(fmt.Sprintf("%s+%x+%s", name, id[:4], base64.StdEncoding.EncodeToString(typed)))
	must(err, "log key")
	return v
}

func head(data []byte, by note.Verifier) (int64, tlog.Hash) {
	opened, err := note.Open(data, note.VerifierList(by))
	must(err, "checkpoint")
	lines := strings.Split(opened.Text, "\n")
	require(len(lines) == 4 && lines[0] == by.Name(), "a checkpoint of another log")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	root, err := tlog.ParseHash(lines[2])
	must(err, "root")
	return size, root
}

// lp is LP of KH-1, of byte strings.
func lp(label string, parts ...[]byte) []byte {
	out := append([]byte(label), 0, 0, byte(len(parts)))
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}

func hashes(texts []string) []tlog.Hash {
	parsed := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		raw, err := hex.DecodeString(text)
		must(err, "proof")
		require(len(raw) == tlog.HashSize, "a hash of %d bytes", len(raw))
		copy(parsed[i][:], raw)
	}
	return parsed
}

func main() {
	data, err := os.ReadFile(os.Args[1])
	must(err, "bundle")
	parts := readBundle(data)
	by := verifier(parts["genesis"], os.Args[2])
	size, root := head(parts["checkpoint"], by)

	// the tree that the entries make is the one that was signed
	var stored, leaves []tlog.Hash
	var shas []string
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		read := make([]tlog.Hash, len(at))
		for i, n := range at {
			read[i] = stored[n]
		}
		return read, nil
	})
	for rest := parts["entries"]; len(rest) > 0; {
		var entry []byte
		entry, rest = cut(rest, 2, "entries")
		var leaf struct {
			Seq int64
			Sha string
		}
		must(json.Unmarshal(entry, &leaf), "entry")
		require(leaf.Seq == int64(len(leaves)+1), "entry %d stands at %d", leaf.Seq, len(leaves)+1)
		more, err := tlog.StoredHashes(int64(len(leaves)), entry, reader)
		must(err, "entry")
		stored = append(stored, more...)
		leaves, shas = append(leaves, tlog.RecordHash(entry)), append(shas, leaf.Sha)
	}
	require(int64(len(leaves)) == size, "%d entries, %d were signed", len(leaves), size)
	computed, err := tlog.TreeHash(size, reader)
	must(err, "tree")
	require(computed == root, "the entries do not come to the signed root")

	// each record is the one of its entry, and is included by a proof that is computed here
	records := 0
	for rest := parts["records"]; len(rest) > 0; records++ {
		require(len(rest) > 8, "records are cut")
		seq := int64(binary.BigEndian.Uint64(rest))
		require(seq >= 1 && seq <= size, "no entry for record %d", seq)
		var subject, state []byte
		subject, rest = cut(rest[8:], 2, "records")
		state, rest = cut(rest, 4, "records")
		sha := sha256.Sum256(lp("kh/rec/v1", subject, state))
		require(hex.EncodeToString(sha[:]) == shas[seq-1], "record %d is not the one that was logged", seq)
		proof, err := tlog.ProveRecord(size, seq-1, reader)
		must(err, "proof")
		must(tlog.CheckRecord(proof, size, root, seq-1, leaves[seq-1]), "record")
	}

	// the hub's own proofs
	var evidence struct {
		Inclusion []struct {
			Index, Size int64
			Proof       []string
		}
		Consistency []struct {
			First string // a head that the hub signed earlier
			Proof []string
		}
	}
	reported, err := os.ReadFile(os.Args[3])
	must(err, "evidence")
	must(json.Unmarshal(reported, &evidence), "evidence")
	for _, one := range evidence.Inclusion {
		require(one.Size == size && one.Index < size, "a proof of another head")
		must(tlog.CheckRecord(hashes(one.Proof), size, root, one.Index, leaves[one.Index]), "inclusion")
	}
	for _, one := range evidence.Consistency {
		n, earlier := head([]byte(one.First), by)
		must(tlog.CheckTree(hashes(one.Proof), size, root, n, earlier), "consistency")
	}
	fmt.Printf(`{"records":%d,"inclusion":%d,"consistency":%d}`+"\n",
		records, len(evidence.Inclusion), len(evidence.Consistency))
}
