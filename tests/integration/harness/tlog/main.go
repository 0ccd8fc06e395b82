// Judges a log that tlog-files wrote, or one of a CA, by Go's own implementations of notes and logs:
//
//	tlog FOLDER
//	tlog log FOLDER [PROOF ENTRY]...
//	tlog witness NAME LOG-KEY CERTIFICATE PRIVATE-KEY STATE
//
// Exit status 0 and a count of what was checked, or 1 and what is wrong.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	typeECDSA  = 2
)

func check(err error, what string, values ...any) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", fmt.Sprintf(what, values...), err)
		os.Exit(1)
	}
}

func hold(holds bool, what string, values ...any) {
	if !holds {
		check(fmt.Errorf("does not hold"), what, values...)
	}
}

// ecdsaVerifier is a key of C2SP's signature type 0x02, which Go's package leaves to others.
type ecdsaVerifier struct {
	name string
	id   uint32
	key  *ecdsa.PublicKey
}

func (v ecdsaVerifier) Name() string    { return v.name }
func (v ecdsaVerifier) KeyHash() uint32 { return v.id }
func (v ecdsaVerifier) Verify(text, signature []byte) bool {
	digest := sha256.Sum256(text)
	return ecdsa.VerifyASN1(v.key, digest[:], signature)
}

func readVerifier(path string) note.Verifier {
	line, err := os.ReadFile(path)
	check(err, "key")
	text := strings.TrimSpace(string(line))
	parts := strings.SplitN(text, "+", 3)
	hold(len(parts) == 3, "key of three parts")
	octets, err := base64.StdEncoding.DecodeString(parts[2])
	check(err, "key")
	if octets[0] != typeECDSA {
		verifier, err := note.NewVerifier(text)
		check(err, "key")
		return verifier
	}
	hash := sha256.Sum256(octets[1:])
	id := binary.BigEndian.Uint32(hash[:])
	hold(parts[1] == fmt.Sprintf("%08x", id), "key id of %s", parts[0])
	key, err := x509.ParsePKIXPublicKey(octets[1:])
	check(err, "key")
	return ecdsaVerifier{parts[0], id, key.(*ecdsa.PublicKey)}
}

// readCheckpoint verifies a checkpoint and gives its tree.
func readCheckpoint(path string, verifier note.Verifier) tlog.Tree {
	text, err := os.ReadFile(path)
	check(err, "checkpoint")
	return openCheckpoint(text, filepath.Base(path), verifier)
}

func openCheckpoint(text []byte, what string, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open(text, note.VerifierList(verifier))
	check(err, "checkpoint %s", what)
	lines := strings.Split(opened.Text, "\n")
	hold(len(lines) == 4 && lines[0] == verifier.Name() && lines[3] == "", "form of a checkpoint")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "checkpoint")
	root, err := tlog.ParseHash(lines[2])
	check(err, "checkpoint")
	return tlog.Tree{N: size, Hash: root}
}

// files reads tiles from a folder; their paths have no height in C2SP's form.
type files string

func (f files) Height() int                         { return tileHeight }
func (f files) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		octets, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		found = append(found, octets)
	}
	return found, nil
}

func hashes(fields []string) []tlog.Hash {
	found := []tlog.Hash{}
	for _, field := range fields {
		hash, err := tlog.ParseHash(field)
		check(err, "hash")
		found = append(found, hash)
	}
	return found
}

func same(a, b []tlog.Hash) bool {
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// proofs calls judge for each line of a file: two numbers and hashes.
func proofs(path string, judge func(size, other int64, hashes []tlog.Hash)) int {
	octets, err := os.ReadFile(path)
	check(err, "proofs")
	lines := strings.Split(strings.TrimSpace(string(octets)), "\n")
	for _, line := range lines {
		fields := strings.Fields(line)
		size, err := strconv.ParseInt(fields[0], 10, 64)
		check(err, "proof")
		other, err := strconv.ParseInt(fields[1], 10, 64)
		check(err, "proof")
		judge(size, other, hashes(fields[2:]))
	}
	return len(lines)
}

// checkBundle compares the entries from `first` on with the leaves of the tree.
func checkBundle(octets []byte, first, width int64, reader tlog.HashReader) {
	var indexes []int64
	var entries []tlog.Hash
	for i := int64(0); i < width; i++ {
		hold(len(octets) >= 2, "length of entry %d", first+i)
		size := int(binary.BigEndian.Uint16(octets))
		octets = octets[2:]
		hold(len(octets) >= size, "entry %d", first+i)
		entries = append(entries, tlog.RecordHash(octets[:size]))
		indexes = append(indexes, tlog.StoredHashIndex(0, first+i))
		octets = octets[size:]
	}
	hold(len(octets) == 0, "end of the bundle at %d", first)
	leaves, err := reader.ReadHashes(indexes)
	check(err, "leaves from %d on", first)
	hold(same(entries, leaves), "bundle: entries from %d on", first)
}

func checkEntries(folder string, tree tlog.Tree, reader tlog.HashReader) {
	for first := int64(0); first < tree.N; first += tileWidth {
		width := tree.N - first
		if width > tileWidth {
			width = tileWidth
		}
		tile := tlog.Tile{H: tileHeight, L: 0, N: first / tileWidth, W: int(width)}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		octets, err := os.ReadFile(filepath.Join(folder, path))
		check(err, "bundle")
		checkBundle(octets, first, width, reader)
	}
}

// judgeProof verifies a C2SP tlog-proof of an entry.
func judgeProof(proofPath, entryPath string, verifier note.Verifier) {
	text, err := os.ReadFile(proofPath)
	check(err, "proof")
	entry, err := os.ReadFile(entryPath)
	check(err, "entry")
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	hold(found && len(lines) >= 2 && lines[0] == "c2sp.org/tlog-proof@v1", "form of a proof")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	check(err, "index")
	tree := openCheckpoint([]byte(checkpoint), filepath.Base(proofPath), verifier)
	check(tlog.CheckRecord(hashes(lines[2:]), tree.N, tree.Hash, index, tlog.RecordHash(entry)),
		"inclusion of %s", filepath.Base(entryPath))
}

// judgeLog verifies the log of a CA: its checkpoint, every entry and tile, and proofs.
func judgeLog(folder string, proofs []string) {
	verifier := readVerifier(filepath.Join(folder, "verifier-key"))
	tree := readCheckpoint(filepath.Join(folder, "checkpoint"), verifier)
	checkEntries(folder, tree, tlog.TileHashReader(tree, files(folder)))
	for i := 0; i+1 < len(proofs); i += 2 {
		judgeProof(proofs[i], proofs[i+1], verifier)
	}
	fmt.Printf("%d entries, %d proofs\n", tree.N, len(proofs)/2)
}

func main() {
	folder := os.Args[1]
	if folder == "witness" {
		serveWitness(os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6])
		return
	}
	if folder == "log" {
		judgeLog(os.Args[2], os.Args[3:])
		return
	}
	trees := map[int64]tlog.Tree{}
	checkpoints := 0
	for _, kind := range []string{"ed25519", "ecdsa"} {
		verifier := readVerifier(filepath.Join(folder, kind+".key"))
		paths, _ := filepath.Glob(filepath.Join(folder, "*."+kind+".checkpoint"))
		for _, path := range paths {
			tree := readCheckpoint(path, verifier)
			before, known := trees[tree.N]
			hold(!known || bytes.Equal(before.Hash[:], tree.Hash[:]), "one tree of %d leaves", tree.N)
			trees[tree.N] = tree
			checkpoints++
		}
	}
	readers := map[int64]tlog.HashReader{}
	for size, tree := range trees {
		readers[size] = tlog.TileHashReader(tree, files(folder))
		checkEntries(folder, tree, readers[size])
	}
	inclusions := proofs(filepath.Join(folder, "inclusion"), func(size, index int64, found []tlog.Hash) {
		leaf, proof := found[0], found[1:]
		check(tlog.CheckRecord(proof, size, trees[size].Hash, index, leaf),
			"inclusion of %d in %d", index, size)
		own, err := tlog.ProveRecord(size, index, readers[size])
		check(err, "tiles of %d", size)
		hold(same(own, proof), "one proof that %d has %d", size, index)
	})
	consistencies := proofs(filepath.Join(folder, "consistency"), func(size, old int64, proof []tlog.Hash) {
		check(tlog.CheckTree(proof, size, trees[size].Hash, old, trees[old].Hash),
			"consistency of %d with %d", size, old)
		own, err := tlog.ProveTree(size, old, readers[size])
		check(err, "tiles of %d", size)
		hold(same(own, proof), "one proof that %d begins with %d", size, old)
	})
	fmt.Printf("%d checkpoints, %d inclusions, %d consistencies\n", checkpoints, inclusions, consistencies)
}
