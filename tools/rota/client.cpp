#include "tools/rota/client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>

namespace rota::cli {

namespace {

constexpr long connect_timeout_s = 10;

/// A daemon that takes and gives nothing for so long hangs. Checking a file of
/// many gigabytes, without a word meanwhile, takes less.
constexpr long silence_s = 600;

/// Longer than any sentence: what an error may say at most.
constexpr size_t error_body_max = 16 * 1024 * 1024;

struct easy_deleter {
  void operator()(CURL* x) const {
    curl_easy_cleanup(x);
  }
};

struct list_deleter {
  void operator()(curl_slist* x) const {
    curl_slist_free_all(x);
  }
};

struct file_closer {
  void operator()(std::FILE* x) const {
    if (x != stdin)
      std::fclose(x);
  }
};

using open_file = std::unique_ptr<std::FILE, file_closer>;

[[noreturn]] void cannot_read(const std::string& file, int why) {
  throw std::runtime_error{fmt::format(
    "{} cannot be read: {}. Nothing was submitted.",
    file == "-" ? "Standard input" : "The file " + file, std::strerror(why))};
}

open_file open_to_read(const std::string& file) {
  if (file == "-")
    return open_file{stdin};
  open_file result{std::fopen(file.c_str(), "rbe")};
  // A directory opens; its first byte tells.
  if (result == nullptr
      || (std::ungetc(std::fgetc(result.get()), result.get()) == EOF
          && std::ferror(result.get()) != 0))
    cannot_read(file, errno);
  std::clearerr(result.get());
  return result;
}

} // namespace

/// One request and its reply. The callbacks run inside of curl, which is C:
/// what they throw waits in `failure`.
struct client::exchange {
  explicit exchange(const std::string& socket, const std::string& path)
    : easy{curl_easy_init()} {
    set(CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
    set(CURLOPT_URL, ("http://rotad" + path).c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, silence_s);
    set(CURLOPT_WRITEFUNCTION, &on_reply);
    set(CURLOPT_WRITEDATA, this);
  }

  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy.get(), option, value);
  }

  long status() const {
    long result = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &result);
    return result;
  }

  static size_t on_reply(char* data, size_t, size_t size, void* to) {
    auto& x = *static_cast<exchange*>(to);
    if (x.status() >= 400 && x.reply.size() + size > error_body_max)
      return 0;
    try {
      if (x.piece != nullptr && x.status() < 400)
        (*x.piece)({data, size});
      else
        x.reply.append(data, size);
    } catch (...) {
      x.failure = std::current_exception();
      return 0;
    }
    return size;
  }

  static size_t on_upload(char* to, size_t, size_t room, void* from) {
    auto& x = *static_cast<exchange*>(from);
    const auto size = std::fread(to, 1, room, x.source.get());
    if (size > 0 || std::ferror(x.source.get()) == 0)
      return size;
    // A body that just ended here would be taken for the whole file.
    x.source_error = errno;
    return CURL_READFUNC_ABORT;
  }

  std::unique_ptr<CURL, easy_deleter> easy;
  std::unique_ptr<curl_slist, list_deleter> headers;
  open_file source;
  const sink* piece = nullptr;
  std::string reply;
  int source_error = 0;
  std::exception_ptr failure;
};

void client::cannot_connect(int os_error) const {
  const auto why = os_error == ENOENT   ? "there is no such socket"
                   : os_error == EACCES ? "you may not open it; join the group"
                                          " that rotad runs in"
                   : os_error == ENOTSOCK ? "it is no socket"
                                          : "nobody listens there";
  throw unreachable{fmt::format(
    "rotad cannot be reached at {}: {}. Start it with `rotad --config FILE`,"
    " or name its socket with --socket.",
    socket_, why)};
}

void client::perform(exchange& x) {
  if (socket_.size() >= sizeof(sockaddr_un::sun_path))
    throw unreachable{"rotad cannot be reached at " + socket_
                      + ": the path of a socket has at most 107 bytes."};
  const auto code = curl_easy_perform(x.easy.get());
  if (x.failure)
    std::rethrow_exception(x.failure);
  if (code == CURLE_COULDNT_CONNECT) {
    long os_error = 0;
    curl_easy_getinfo(x.easy.get(), CURLINFO_OS_ERRNO, &os_error);
    cannot_connect(static_cast<int>(os_error));
  }
  const auto status = x.status();
  if (code != CURLE_OK && x.piece != nullptr && status != 0 && status < 400)
    throw std::runtime_error{fmt::format(
      "rotad at {} broke off before the end ({}), so what came is not whole:"
      " its log says why; with that mended it can be done again.",
      socket_, curl_easy_strerror(code))};
  // A refusal that came before the upload's end says why.
  if (code != CURLE_OK && x.source_error == 0 && status < 400)
    throw unreachable{fmt::format("The connection to rotad at {} broke: {}.",
                                  socket_, curl_easy_strerror(code))};
  if (status >= 400)
    refuse(x);
}

void client::refuse(const exchange& x) const {
  auto body = json::parse(x.reply, nullptr, false);
  std::string said;
  if (body.is_object() && body.contains("error")
      && body["error"].is_object() && body["error"].contains("message")
      && body["error"]["message"].is_string())
    said = body["error"]["message"].get<std::string>();
  else
    said = fmt::format("What listens at {} answered {} without a reason; is it"
                       " rotad?",
                       socket_, x.status());
  throw refused{said, std::move(body)};
}

json client::reply_of(exchange& x) {
  perform(x);
  auto body = json::parse(x.reply, nullptr, false);
  if (body.is_discarded())
    throw std::runtime_error{"What listens at " + socket_
                             + " did not answer with JSON; is it rotad?"};
  return body;
}

json client::get(const std::string& path) {
  exchange x{socket_, path};
  return reply_of(x);
}

json client::post(const std::string& path, const std::string& body) {
  exchange x{socket_, path};
  x.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  x.set(CURLOPT_POSTFIELDS, body.c_str());
  return reply_of(x);
}

json client::post_file(const std::string& path, const parameters& query,
                       const std::string& file) {
  auto target = path;
  for (const auto& [name, value] : query)
    if (!value.empty())
      target += (target == path ? "?" : "&") + name + '=' + escaped(value);
  exchange x{socket_, target};
  x.source = open_to_read(file);
  // Chunks, since the length of a pipe is unknown. Without "Expect:" curl
  // would wait a second for leave to send.
  for (const auto* header : {"Expect:", "Transfer-Encoding: chunked",
                             "Content-Type: application/jsonl"})
    x.headers.reset(curl_slist_append(x.headers.release(), header));
  x.set(CURLOPT_HTTPHEADER, x.headers.get());
  x.set(CURLOPT_POST, 1L);
  x.set(CURLOPT_READFUNCTION, &exchange::on_upload);
  x.set(CURLOPT_READDATA, &x);
  auto cut_off = [&] {
    if (x.source_error != 0)
      cannot_read(file, x.source_error);
  };
  try {
    auto result = reply_of(x);
    cut_off();
    return result;
  } catch (const std::runtime_error&) {
    cut_off();
    throw;
  }
}

void client::download(const std::string& path, const sink& piece) {
  exchange x{socket_, path};
  x.piece = &piece;
  perform(x);
}

std::string escaped(const std::string& name) {
  const std::unique_ptr<char, void (*)(void*)> text{
    curl_easy_escape(nullptr, name.c_str(), static_cast<int>(name.size())),
    curl_free};
  return text.get();
}

} // namespace rota::cli
