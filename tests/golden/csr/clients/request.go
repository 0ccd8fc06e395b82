// Requests of Go's crypto/x509; run by make.sh.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"log"
	"net"
	"os"
)

func write(name string, key crypto.Signer, algorithm x509.SignatureAlgorithm) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:            pkix.Name{CommonName: "web.internal"},
		DNSNames:           []string{"web.internal"},
		IPAddresses:        []net.IP{net.ParseIP("10.1.2.3")},
		SignatureAlgorithm: algorithm,
	}, key)
	if err == nil {
		err = os.WriteFile(name+".csr", der, 0o644)
	}
	if err != nil {
		log.Fatal(name, ": ", err)
	}
}

func main() {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	plain, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	write("go-ec", ec, x509.UnknownSignatureAlgorithm)
	write("go-rsa", plain, x509.UnknownSignatureAlgorithm)
	write("go-rsa-pss", plain, x509.SHA384WithRSAPSS)
	write("go-ed25519", edwards, x509.UnknownSignatureAlgorithm)
}
