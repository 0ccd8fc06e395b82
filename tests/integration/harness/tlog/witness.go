package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const typeCosignature = 4

// witness cosigns what continues the log that it has seen (C2SP tlog-witness), and remembers that.
type witness struct {
	mutex    sync.Mutex
	name     string
	key      ed25519.PrivateKey
	log      note.Verifier
	state    string // file with the newest tree
	seen     tlog.Tree
	refusals int
}

func (w *witness) keyID() []byte {
	public := w.key.Public().(ed25519.PublicKey)
	hash := sha256.Sum256(append([]byte(w.name+"\n"), append([]byte{typeCosignature}, public...)...))
	return hash[:4]
}

func (w *witness) verifierKey() string {
	public := w.key.Public().(ed25519.PublicKey)
	typed := append([]byte{typeCosignature}, public...)
	return fmt.Sprintf("%s+%x+%s", w.name, w.keyID(), base64.StdEncoding.EncodeToString(typed))
}

func (w *witness) cosign(text string) string {
	now := time.Now().Unix()
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", now, text)
	octets := binary.BigEndian.AppendUint64(w.keyID(), uint64(now))
	octets = append(octets, ed25519.Sign(w.key, []byte(message))...)
	return fmt.Sprintf("\u2014 %s %s\n", w.name, base64.StdEncoding.EncodeToString(octets))
}

func (w *witness) addCheckpoint(body []byte) (int, string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	head, signed, found := bytes.Cut(body, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	var old int64
	if _, err := fmt.Sscanf(lines[0], "old %d", &old); err != nil || !found {
		return http.StatusBadRequest, "no old size\n"
	}
	opened, err := note.Open(signed, note.VerifierList(w.log))
	if err != nil {
		return http.StatusForbidden, err.Error() + "\n"
	}
	var origin, root string
	var tree tlog.Tree
	if _, err := fmt.Sscanf(opened.Text, "%s\n%d\n%s\n", &origin, &tree.N, &root); err != nil || origin != w.log.Name() {
		return http.StatusNotFound, "not that log\n"
	}
	if tree.Hash, err = tlog.ParseHash(root); err != nil || old > tree.N {
		return http.StatusBadRequest, "no tree\n"
	}
	if old != w.seen.N {
		return http.StatusConflict, fmt.Sprintf("%d\n", w.seen.N)
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return http.StatusBadRequest, err.Error() + "\n"
		}
		proof = append(proof, hash)
	}
	holds := old == 0 || (old == tree.N && tree.Hash == w.seen.Hash && len(proof) == 0) ||
		(old > 0 && old < tree.N && tlog.CheckTree(proof, tree.N, tree.Hash, old, w.seen.Hash) == nil)
	if !holds {
		w.refusals++
		return http.StatusUnprocessableEntity, "the proof does not hold\n"
	}
	w.seen = tree
	stored, _ := json.Marshal(w.seen)
	check(os.WriteFile(w.state, stored, 0o600), "state")
	return http.StatusOK, w.cosign(opened.Text)
}

// serveWitness says its port and verifier key, and serves until its standard input ends.
func serveWitness(name, logKey, certificate, private, state string) {
	seed := sha256.Sum256([]byte(name))
	w := &witness{name: name, key: ed25519.NewKeyFromSeed(seed[:]), log: readVerifier(logKey), state: state}
	if stored, err := os.ReadFile(state); err == nil {
		check(json.Unmarshal(stored, &w.seen), "state")
	}
	http.HandleFunc("/witness/add-checkpoint", func(out http.ResponseWriter, in *http.Request) {
		body, err := io.ReadAll(io.LimitReader(in.Body, 1<<20))
		if err != nil || in.Method != http.MethodPost {
			out.WriteHeader(http.StatusBadRequest)
			return
		}
		status, said := w.addCheckpoint(body)
		if status == http.StatusConflict {
			out.Header().Set("Content-Type", "text/x.tlog.size")
		}
		out.WriteHeader(status)
		io.WriteString(out, said)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err, "listen")
	fmt.Println(listener.Addr().(*net.TCPAddr).Port, w.verifierKey())
	go func() { check(http.ServeTLS(listener, nil, certificate, private), "serve") }()
	bufio.NewReader(os.Stdin).ReadString(0)
}
