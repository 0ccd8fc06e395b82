// OpenSSL's objects, each freed by its own function. For sources of x509/ only: headers name the
// types forward, so that nobody else sees them.
#pragma once

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>

namespace mayfly::x509 {

struct OpensslFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509_NAME* name) const { X509_NAME_free(name); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_CRL* list) const { X509_CRL_free(list); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
  void operator()(STACK_OF(X509_CRL) * stack) const { sk_X509_CRL_pop_free(stack, X509_CRL_free); }
};
template <class T>
using OpensslHandle = std::unique_ptr<T, OpensslFree>;

}  // namespace mayfly::x509
