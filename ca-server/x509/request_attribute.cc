#include "x509/request_attribute.h"

namespace mayfly::x509::oid {

const der::Oid& ExtensionRequest() {
  static const der::Oid oid = der::OidOrDie("1.2.840.113549.1.9.14");
  return oid;
}

const der::Oid& ChallengePassword() {
  static const der::Oid oid = der::OidOrDie("1.2.840.113549.1.9.7");
  return oid;
}

const der::Oid& UnstructuredName() {
  static const der::Oid oid = der::OidOrDie("1.2.840.113549.1.9.2");
  return oid;
}

const der::Oid& UnstructuredAddress() {
  static const der::Oid oid = der::OidOrDie("1.2.840.113549.1.9.8");
  return oid;
}

const der::Oid& MicrosoftExtensionRequest() {
  static const der::Oid oid = der::OidOrDie("1.3.6.1.4.1.311.2.1.14");
  return oid;
}

}  // namespace mayfly::x509::oid
