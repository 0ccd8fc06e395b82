// mayfly-access-table: reads what the RPCs of mayfly.* declare about their callers (access.proto)
// from a descriptor set, and writes it as a header for the server or as a table for docs/ACCESS.md.
//
//   mayfly-access-table header|markdown DESCRIPTORS OUTPUT
//
// Exit status 1, and nothing written, where an RPC declares nothing or nonsense: so the build
// fails.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "mayfly/ca/v1/access.pb.h"

namespace {

namespace pb = google::protobuf;
namespace v1 = mayfly::ca::v1;

constexpr char kPackagePrefix[] = "mayfly.";

struct Method {
  std::string service;  // "mayfly.ca.v1.CertificateAuthorityService"
  std::string name;     // "IssueCertificate"
  std::string request;  // "mayfly.ca.v1.IssueCertificateRequest"
  v1::Access access;

  std::string full_name() const { return service + "/" + name; }
};

// What is wrong with every method, one line each.
using Complaints = std::vector<std::string>;

bool HasRole(const v1::Access& access, int role) {
  return std::ranges::find(access.roles(), role) != access.roles().end();
}

bool Takes(const v1::Access& access, int credential) {
  return std::ranges::find(access.credentials(), credential) != access.credentials().end();
}

// The numbers of an enum in use, in their order.
std::vector<const pb::EnumValueDescriptor*> ValuesOf(const pb::EnumDescriptor& type) {
  std::vector<const pb::EnumValueDescriptor*> values;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) values.push_back(type.value(i));
  }
  return values;
}

template <class Numbers>
void CheckNumbers(const Method& method, const Numbers& numbers, const pb::EnumDescriptor& type,
                  Complaints& complaints) {
  if (numbers.empty()) complaints.push_back(method.full_name() + " names no " + type.name());
  std::set<int> seen;
  for (const int number : numbers) {
    if (number == 0 || type.FindValueByNumber(number) == nullptr || !seen.insert(number).second) {
      complaints.push_back(method.full_name() + " names " + type.name() + " " +
                           std::to_string(number) + ", which is none, or names it twice");
    }
  }
}

void CheckMethod(const pb::MethodDescriptorProto& declared, const Method& method,
                 Complaints& complaints) {
  if (!declared.options().HasExtension(v1::access)) {
    complaints.push_back(method.full_name() +
                         " does not declare who may call it: give it option (mayfly.ca.v1.access)");
    return;
  }
  CheckNumbers(method, method.access.roles(), *v1::Role_descriptor(), complaints);
  CheckNumbers(method, method.access.credentials(), *v1::Credential_descriptor(), complaints);
}

// The server finds a declaration by the type of the request.
void CheckRequestsDiffer(const std::vector<Method>& methods, Complaints& complaints) {
  std::set<std::string> seen;
  for (const Method& method : methods) {
    if (seen.insert(method.request).second) continue;
    complaints.push_back(method.full_name() + " shares " + method.request +
                         " with another method; each needs a request of its own");
  }
}

std::vector<Method> ReadMethods(const pb::FileDescriptorSet& files, Complaints& complaints) {
  std::vector<Method> methods;
  for (const pb::FileDescriptorProto& file : files.file()) {
    if (!file.package().starts_with(kPackagePrefix)) continue;  // others' protos
    for (const pb::ServiceDescriptorProto& service : file.service()) {
      for (const pb::MethodDescriptorProto& declared : service.method()) {
        Method method{file.package() + "." + service.name(), declared.name(),
                      declared.input_type().substr(1), declared.options().GetExtension(v1::access)};
        CheckMethod(declared, method, complaints);
        methods.push_back(std::move(method));
      }
    }
  }
  CheckRequestsDiffer(methods, complaints);
  if (methods.empty()) complaints.push_back("there is no method at all");
  return methods;
}

template <class Numbers>
std::string SetText(const Numbers& numbers, const pb::EnumDescriptor& type) {
  std::string text;
  for (const int number : numbers) {
    text += (text.empty() ? "" : " | ") + ("1u << " + type.FindValueByNumber(number)->name());
  }
  return text;
}

std::string NamespaceOf(const std::string& full_name) {
  std::string text = full_name.substr(0, full_name.rfind('.'));
  for (size_t at = 0; (at = text.find('.', at)) != std::string::npos;) text.replace(at, 1, "::");
  return text;
}

std::string LastWord(const std::string& full_name) {
  return full_name.substr(full_name.rfind('.') + 1);
}

constexpr char kHeaderBegin[] = R"(// Made from the proto by mayfly-access-table. Do not edit.
#pragma once

#include <cstdint>

#include "mayfly/ca/v1/access.pb.h"

namespace mayfly::ca::v1 {

// What one method declares: sets of 1u << Role and of 1u << Credential.
struct MethodAccess {
  const char* service;
  const char* method;
  uint32_t roles;
  uint32_t credentials;
};

// The declaration of the method that takes this request. A method without one has none, so that
// what serves it does not compile.
template <class Request>
struct AccessOf;

inline constexpr MethodAccess kAccessTable[] = {
)";

std::string Header(const std::vector<Method>& methods) {
  std::ostringstream out;
  out << kHeaderBegin;
  for (const Method& method : methods) {
    out << "    {\"" << method.service << "\", \"" << method.name << "\",\n     "
        << SetText(method.access.roles(), *v1::Role_descriptor()) << ",\n     "
        << SetText(method.access.credentials(), *v1::Credential_descriptor()) << "},\n";
  }
  out << "};\n\n}  // namespace mayfly::ca::v1\n";
  for (size_t i = 0; i < methods.size(); ++i) {
    const std::string& request = methods[i].request;
    out << "\nnamespace " << NamespaceOf(request) << " {\nclass " << LastWord(request) << ";\n}\n"
        << "template <>\nstruct mayfly::ca::v1::AccessOf<" << NamespaceOf(request)
        << "::" << LastWord(request) << "> {\n"
        << "  static constexpr const MethodAccess& kAccess = kAccessTable[" << i << "];\n};\n";
  }
  return out.str();
}

// "ENROLMENT_TOKEN" -> "enrolment token".
std::string Word(const pb::EnumValueDescriptor& value) {
  std::string word = value.name().substr(value.name().find('_') + 1);
  for (char& c : word) c = c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  return word;
}

// The credentials with which a role is let in; "-" where with none.
std::string Cell(const v1::Access& access, const pb::EnumValueDescriptor& role) {
  std::string words;
  if (!HasRole(access, v1::ROLE_REQUESTER) && !HasRole(access, role.number())) return "-";
  for (const auto* credential : ValuesOf(*v1::Credential_descriptor())) {
    if (credential->number() == v1::CREDENTIAL_NONE || !Takes(access, credential->number()))
      continue;
    if (credential->number() == v1::CREDENTIAL_ENROLMENT_TOKEN &&
        role.number() != v1::ROLE_REQUESTER)
      continue;  // its holder is nothing more
    words += (words.empty() ? "" : ", ") + Word(*credential);
  }
  return words.empty() ? "-" : words;
}

// One row a method and one column a role; the first is for callers who show nothing.
std::string Markdown(const std::vector<Method>& methods) {
  const auto roles = ValuesOf(*v1::Role_descriptor());
  std::string head = "| call | nobody known |", line = "|---|---|", rows;
  for (const auto* role : roles) {
    head += " " + Word(*role) + " |";
    line += "---|";
  }
  for (const Method& method : methods) {
    rows += "| `" + method.name + "` | ";
    rows += Takes(method.access, v1::CREDENTIAL_NONE) ? "yes |" : "- |";
    for (const auto* role : roles) rows += " " + Cell(method.access, *role) + " |";
    rows += "\n";
  }
  return head + "\n" + line + "\n" + rows;
}

int Run(const std::string& format, const std::string& input, const std::string& output) {
  pb::FileDescriptorSet files;
  std::ifstream in(input, std::ios::binary);
  if (!files.ParseFromIstream(&in)) {
    std::cerr << input << ": not a descriptor set\n";
    return 1;
  }
  Complaints complaints;
  const std::vector<Method> methods = ReadMethods(files, complaints);
  for (const std::string& complaint : complaints) std::cerr << "error: " << complaint << "\n";
  if (!complaints.empty()) return 1;
  std::ofstream out(output);
  out << (format == "header" ? Header(methods) : Markdown(methods)) << std::flush;
  if (!out) std::cerr << output << ": cannot be written\n";
  return out ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() != 3 || (arguments[0] != "header" && arguments[0] != "markdown")) {
    std::cerr << "usage: mayfly-access-table header|markdown DESCRIPTORS OUTPUT\n";
    return 2;
  }
  return Run(arguments[0], arguments[1], arguments[2]);
}
