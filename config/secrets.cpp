#include "config/secrets.hpp"

#include "config/places.hpp"
#include "config/url.hpp"
#include "messages/printable.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rota {

namespace {

secret_result wrong(std::string text) {
  return {std::nullopt, std::move(text)};
}

/// What some editors write before UTF-8.
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// A file descriptor that closes itself.
class file {
public:
  /// O_NONBLOCK: a FIFO must not hold up the daemon before it is refused.
  explicit file(const std::string& path)
      : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)} {
    // nop
  }

  file(const file&) = delete;
  file& operator=(const file&) = delete;

  ~file() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  int get() const {
    return fd_;
  }

private:
  int fd_;
};

/// Wipes a buffer on the way out.
struct scratch {
  std::array<char, secret_bytes_max + 1> bytes;

  ~scratch() {
    ::explicit_bzero(bytes.data(), bytes.size());
  }
};

bool is_credential(const std::string& path) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory != nullptr && directory[0] == '/'
         && path.starts_with(std::string{directory} + "/")
         && path.find("/../") == std::string::npos;
}

/// @returns What is wrong with the file of a secret, or nothing.
std::string check_file(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode))
    return "the secret " + path + " is no regular file; name a file";
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return "the secret file " + path + " belongs to somebody else; run: chown "
           + std::to_string(::geteuid()) + " '" + path + "'";
  const mode_t open_to = is_credential(path) ? S_IRWXO : S_IRWXG | S_IRWXO;
  if ((info.st_mode & open_to) != 0)
    return "the secret file " + path
           + " is open to others than its owner; run: chmod 600 '" + path + "'";
  return {};
}

/// Makes a secret of text as it was found.
secret_result adopt(std::string_view text, const std::string& where) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  if (text.starts_with(byte_order_mark))
    text.remove_prefix(byte_order_mark.size());
  if (text.empty())
    return wrong(where + " is empty; put the secret there");
  if (!is_printable_ascii(text))
    return wrong(where
                 + " holds a line break, a control character or one that is "
                   "not ASCII inside the secret; put the secret there alone");
  if (text.front() == ' ' || text.back() == ' ')
    return wrong(where
                 + " holds a space before or behind the secret; put the "
                   "secret there alone");
  if (text.size() > secret_bytes_max)
    return wrong(where + " is longer than 16 KiB; put the secret there alone");
  return {secret{text}, {}};
}

secret_result from_env(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  if (text == nullptr)
    return wrong("the environment variable " + name
                 + " is not set; export it before rotad starts, or use "
                   "file:PATH");
  return adopt(text, "the environment variable " + name);
}

secret_result from_file(const std::string& path) {
  const file in{path};
  struct stat info {};
  if (in.get() < 0 || ::fstat(in.get(), &info) != 0)
    return wrong("the secret file " + path
                 + " cannot be opened: " + std::strerror(errno)
                 + "; create it for the user that runs rotad, with mode 0600");
  if (auto fault = check_file(path, info); !fault.empty())
    return wrong(std::move(fault));
  scratch buffer;
  size_t size = 0;
  while (size < buffer.bytes.size()) {
    const auto n = ::read(in.get(), buffer.bytes.data() + size,
                          buffer.bytes.size() - size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return wrong("the secret file " + path + " cannot be read: "
                   + std::strerror(errno) + "; check the file and its disk");
    if (n == 0)
      break;
    size += static_cast<size_t>(n);
  }
  return adopt({buffer.bytes.data(), size}, "the secret file " + path);
}

void check_token(std::vector<std::string>& faults, const std::string& key,
                 const std::string& text) {
  if (text.starts_with(hash_prefix))
    return;
  const auto found = resolve(token_ref(text));
  if (!found.value)
    faults.push_back(key + ": " + found.fault);
  else if (found.value->reveal().size() < token_bytes_min)
    faults.push_back(key + ": the token of " + text + " is shorter than "
                     + std::to_string(token_bytes_min)
                     + " characters; make one with rota token");
}

void check(std::vector<std::string>& faults, const std::string& key,
           const secret_ref& ref) {
  if (ref.from == secret_ref::source::none)
    return;
  if (const auto result = resolve(ref); !result.value)
    faults.push_back(key + ": " + result.fault);
}

} // namespace

// -- secret -------------------------------------------------------------------

secret::secret(std::string_view text)
    : text_{std::make_unique<char[]>(text.size())}, size_{text.size()} {
  std::copy(text.begin(), text.end(), text_.get());
}

secret::secret(secret&& other) noexcept
    : text_{std::move(other.text_)}, size_{std::exchange(other.size_, 0)} {
  // nop
}

secret& secret::operator=(secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

secret::~secret() {
  wipe();
}

void secret::wipe() noexcept {
  if (text_)
    ::explicit_bzero(text_.get(), size_);
  text_.reset();
  size_ = 0;
}

// -- reading and checking -----------------------------------------------------

secret_result resolve(const secret_ref& ref) {
  switch (ref.from) {
  case secret_ref::source::env:
    return from_env(ref.name);
  case secret_ref::source::file:
    return from_file(ref.name);
  case secret_ref::source::none:
    break;
  }
  return wrong("no secret is named; write env:NAME or file:PATH");
}

secret_ref token_ref(std::string_view text) {
  constexpr std::string_view env = "env:";
  constexpr std::string_view file = "file:";
  if (text.starts_with(env))
    return {secret_ref::source::env, std::string{text.substr(env.size())}};
  if (text.starts_with(file))
    return {secret_ref::source::file, std::string{text.substr(file.size())}};
  return {};
}

std::vector<std::string> check_secrets(const options& x) {
  std::vector<std::string> faults;
  const auto accounts = labels_of(x.accounts);
  for (size_t i = 0; i < accounts.size(); ++i) {
    const auto key = "accounts[" + accounts[i] + "].";
    check(faults, key + "api_key", x.accounts[i].api_key);
    check(faults, key + "balance.console", x.accounts[i].balance.console);
  }
  const auto clients = labels_of(x.clients);
  for (size_t i = 0; i < clients.size(); ++i)
    for (const auto& token : x.clients[i].tokens)
      check_token(faults, "clients[" + clients[i] + "].tokens", token);
  check(faults, "alerts.webhook", x.alerts.webhook);
  check(faults, "alerts.webhook_secret", x.alerts.webhook_secret);
  if (x.alerts.webhook.from != secret_ref::source::none)
    if (const auto url = resolve(x.alerts.webhook); url.value) {
      const auto parsed = check_target_url(url.value->reveal());
      if (!parsed.url)
        faults.push_back("alerts.webhook: the URL " + parsed.fault);
    }
  return faults;
}

} // namespace rota
