#include "runtime/configuration.hpp"

#include "config/load.hpp"
#include "config/secrets.hpp"
#include "config/validate.hpp"
#include "runtime/routing_files.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace rota {

namespace {

/// @returns What is wrong with a file of certificates, or nothing.
std::string check_certificates(const std::string& path) {
  errno = 0;
  const std::unique_ptr<BIO, decltype(&BIO_free)> in{
      BIO_new_file(path.c_str(), "r"), BIO_free};
  if (!in) {
    const std::string why = std::strerror(errno);
    ERR_clear_error();
    return path + " cannot be opened: " + why
           + "; correct the path or remove the option";
  }
  int count = 0;
  while (auto* x = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    X509_free(x);
    ++count;
  }
  // The last look finds no more certificates, which is no fault.
  const auto why = ERR_GET_REASON(ERR_peek_last_error());
  ERR_clear_error();
  if (count > 0 && why == PEM_R_NO_START_LINE)
    return {};
  return path
         + " holds no certificates, or broken ones; give a file with"
           " certificates in PEM (-----BEGIN CERTIFICATE-----)";
}

/// "accounts[a].api_key" of "accounts[a].api_key: is not set; export it".
std::string key_of(const std::string& fault) {
  return fault.substr(0, fault.find(": "));
}

/// The 12 of "FILE:12: key: what is wrong"; 0: it stands in no line.
int line_of(const std::string& fault, const std::string& path) {
  int result = 0;
  if (fault.size() > path.size())
    std::from_chars(fault.data() + path.size() + 1,
                    fault.data() + fault.size(), result);
  return result;
}

} // namespace

configuration load_configuration(const std::string& path) {
  auto loaded = load_options(path);
  configuration result;
  result.faults = std::move(loaded.faults);
  const auto placed = [&](const std::string& sentence) {
    return path + loaded.place_of(key_of(sentence)) + ": " + sentence;
  };
  const auto note = [&](const std::string& fault) {
    result.faults.push_back(placed(fault));
  };
  for (const auto& fault : check_secrets(loaded.opts))
    note(fault);
  if (const auto& file = loaded.opts.upstream.ca_file; !file.empty())
    if (const auto fault = check_certificates(file); !fault.empty())
      note("upstream.ca_file: " + fault);
  for (const auto& slips :
       {find_same_keys(loaded.opts), find_unknown_balances(loaded.opts)})
    for (const auto& slip : slips)
      result.warnings.push_back(placed(slip));
  auto clients = client_list::load(loaded.opts);
  if (result.faults.empty()) // Else the same secrets are lacking.
    for (const auto& fault : clients.faults)
      note(fault);
  result.clients = std::move(clients.list);
  auto routing = load_routing(loaded.opts);
  for (const auto& fault : routing.unreadable)
    note(fault);
  std::stable_sort(result.faults.begin(), result.faults.end(),
                   [&path](const auto& x, const auto& y) {
                     return line_of(x, path) < line_of(y, path);
                   });
  result.faults.insert(result.faults.end(), routing.faults.begin(),
                       routing.faults.end());
  result.routing = std::move(routing.setup);
  result.opts = std::move(loaded.opts);
  return result;
}

} // namespace rota
