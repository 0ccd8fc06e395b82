// CheckRsaModulus, declared in rsa_public_key.h.
#include <openssl/bn.h>

#include <memory>

#include "x509/rsa_public_key.h"

namespace mayfly::x509 {
namespace {

using Bignum = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
using BignumContext = std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)>;

constexpr uint32_t kSmallFactorMax = 751;  // CA/B Forum BR 6.1.6: no factor smaller than 752
constexpr int kFermatRounds = 100;         // CA/B Forum BR 6.1.1.3 asks for as many
constexpr uint32_t kRocaGenerator = 65537;
// The primes of the fingerprint of CVE-2017-15361: modulo each of them a vulnerable modulus is a
// power of 65537. For a random modulus that happens once in about 2^27.
constexpr uint32_t kRocaPrimes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                    79, 97, 103, 107, 109, 127, 151, 157};

Error Weak(std::string message) {
  return Fail(ErrorCode::kKeyRejected, "key.rsa-weak", std::move(message));
}

Bignum NewBignum() { return Bignum(BN_new(), BN_free); }

uint32_t Remainder(ByteSpan modulus, uint32_t divisor) {
  uint64_t remainder = 0;
  for (uint8_t octet : modulus) remainder = (remainder << 8 | octet) % divisor;
  return static_cast<uint32_t>(remainder);
}

bool HasSmallFactor(ByteSpan modulus) {
  // A composite divisor only repeats what its prime factors have said.
  for (uint32_t divisor = 2; divisor <= kSmallFactorMax; ++divisor) {
    if (Remainder(modulus, divisor) == 0) return true;
  }
  return false;
}

bool IsPowerOf65537(uint32_t residue, uint32_t prime) {
  uint32_t power = 1;
  do {
    if (power == residue) return true;
    power = static_cast<uint32_t>(uint64_t{power} * kRocaGenerator % prime);
  } while (power != 1);
  return false;
}

bool HasRocaFingerprint(ByteSpan modulus) {
  for (uint32_t prime : kRocaPrimes) {
    if (!IsPowerOf65537(Remainder(modulus, prime), prime)) return false;
  }
  return true;
}

// out = floor(sqrt(n)) by Newton's method from above.
bool SquareRoot(BIGNUM* out, const BIGNUM* n, BN_CTX* context) {
  // The method would divide by zero.
  if (BN_is_zero(n)) return BN_copy(out, n) != nullptr;
  Bignum next = NewBignum();
  if (!next || !BN_one(next.get()) ||
      !BN_lshift(next.get(), next.get(), (BN_num_bits(n) + 1) / 2)) {
    return false;
  }
  do {
    if (!BN_copy(out, next.get()) || !BN_div(next.get(), nullptr, n, out, context) ||
        !BN_add(next.get(), next.get(), out) || !BN_rshift1(next.get(), next.get())) {
      return false;
    }
  } while (BN_cmp(next.get(), out) < 0);
  return true;
}

// Cheap, and right for all squares; of other numbers about one in a hundred passes.
bool MayBeSquare(const BIGNUM* number) {
  for (BN_ULONG modulus : {16, 9, 5, 7, 11, 13}) {
    BN_ULONG residue = BN_mod_word(number, modulus);
    bool square = false;
    for (BN_ULONG x = 0; x < modulus; ++x) square |= x * x % modulus == residue;
    if (!square) return false;
  }
  return true;
}

enum class Found { kNo, kYes, kFailed };

// n = a^2 - b^2 with a near sqrt(n) where the two primes are near each other.
Found FermatFactors(const BIGNUM* n, BN_CTX* context) {
  Bignum a = NewBignum(), difference = NewBignum(), root = NewBignum(), square = NewBignum();
  if (!a || !difference || !root || !square || !SquareRoot(a.get(), n, context)) {
    return Found::kFailed;
  }
  for (int round = 0; round < kFermatRounds; ++round) {
    if (!BN_sqr(difference.get(), a.get(), context)) return Found::kFailed;
    // In the first round a is floor(sqrt(n)), whose square may be below n.
    bool reaches = BN_cmp(difference.get(), n) >= 0;
    if (!BN_sub(difference.get(), difference.get(), n)) return Found::kFailed;
    if (reaches && MayBeSquare(difference.get())) {
      if (!SquareRoot(root.get(), difference.get(), context) ||
          !BN_sqr(square.get(), root.get(), context)) {
        return Found::kFailed;
      }
      if (BN_cmp(square.get(), difference.get()) == 0) return Found::kYes;
    }
    if (!BN_add_word(a.get(), 1)) return Found::kFailed;
  }
  return Found::kNo;
}

Found HasClosePrimes(ByteSpan modulus) {
  BignumContext context(BN_CTX_new(), BN_CTX_free);
  Bignum n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr), BN_free);
  if (!context || !n) return Found::kFailed;
  return FermatFactors(n.get(), context.get());
}

// Whoever knows that n is a prime knows the private key: d = 1/e mod n - 1. Fermat's test to the
// base 2 is enough, for a product of two random primes passes it practically never; and it is one
// exponentiation, where a proper test of a prime takes dozens.
Found IsPrime(ByteSpan modulus) {
  BignumContext context(BN_CTX_new(), BN_CTX_free);
  Bignum n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr), BN_free);
  Bignum exponent(BN_dup(n.get()), BN_free), base = NewBignum(), power = NewBignum();
  if (!context || !n || !exponent || !base || !power || !BN_sub_word(exponent.get(), 1) ||
      !BN_set_word(base.get(), 2) ||
      !BN_mod_exp(power.get(), base.get(), exponent.get(), n.get(), context.get())) {
    return Found::kFailed;
  }
  return BN_is_one(power.get()) ? Found::kYes : Found::kNo;
}

Status RefuseIf(Found found, std::string message) {
  switch (found) {
    case Found::kNo:
      return Ok();
    case Found::kYes:
      return Weak(std::move(message));
    case Found::kFailed:
      break;
  }
  return Fail(ErrorCode::kInternal, "internal.bignum", "the RSA modulus could not be examined");
}

}  // namespace

Status CheckRsaModulus(ByteSpan modulus) {
  if (HasSmallFactor(modulus)) return Weak("the RSA modulus has a small factor");
  if (HasRocaFingerprint(modulus)) {
    return Weak("the RSA key was made by a generator with the flaw CVE-2017-15361 (ROCA)");
  }
  TRY(RefuseIf(HasClosePrimes(modulus),
               "the two primes of the RSA modulus are too close together"));
  return RefuseIf(IsPrime(modulus), "the RSA modulus is itself a prime");
}

}  // namespace mayfly::x509
