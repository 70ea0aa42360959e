#include "tools/rota/client.hpp"

#include <curl/curl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace rota::cli {

namespace {

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

size_t on_reply(char* data, size_t, size_t size, void* to) {
  static_cast<std::string*>(to)->append(data, size);
  return size;
}

struct sink {
  CURL* easy = nullptr;
  const std::function<void(std::string_view)>* piece = nullptr;
  std::string error_body;
};

size_t on_piece(char* data, size_t, size_t size, void* to) {
  auto& x = *static_cast<sink*>(to);
  long status = 0;
  curl_easy_getinfo(x.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 400)
    x.error_body.append(data, size);
  else
    (*x.piece)({data, size});
  return size;
}

size_t on_upload(char* to, size_t, size_t room, void* from) {
  return std::fread(to, 1, room, static_cast<std::FILE*>(from));
}

} // namespace

struct client::exchange {
  explicit exchange(const std::string& socket, const std::string& path)
    : easy{curl_easy_init()} {
    set(CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
    set(CURLOPT_URL, ("http://rotad" + path).c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_WRITEFUNCTION, &on_reply);
    set(CURLOPT_WRITEDATA, &reply);
  }

  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy.get(), option, value);
  }

  std::unique_ptr<CURL, easy_deleter> easy;
  std::unique_ptr<curl_slist, list_deleter> headers;
  std::string reply;
};

json client::perform(exchange& x) {
  const auto code = curl_easy_perform(x.easy.get());
  if (code == CURLE_COULDNT_CONNECT)
    throw unreachable{"rotad cannot be reached at " + socket_
                      + ": nobody listens there. Start it with `rotad --config"
                        " FILE`, or name its socket with --socket."};
  long status = 0;
  curl_easy_getinfo(x.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  // A reply that came before the upload's end says why.
  if (code != CURLE_OK && status < 400)
    throw unreachable{"The connection to rotad at " + socket_
                      + " broke: " + curl_easy_strerror(code) + "."};
  auto body = json::parse(x.reply, nullptr, false);
  if (status >= 400) {
    const auto said = body.is_object() && body.contains("error")
                        ? body["error"].value("message", std::string{})
                        : std::string{};
    throw refused{said.empty() ? "rotad answered " + std::to_string(status)
                                   + " without a reason."
                               : said,
                  std::move(body)};
  }
  return body;
}

json client::get(const std::string& path) {
  exchange x{socket_, path};
  return perform(x);
}

json client::post(const std::string& path, const std::string& body) {
  exchange x{socket_, path};
  x.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  x.set(CURLOPT_POSTFIELDS, body.c_str());
  return perform(x);
}

json client::post_file(const std::string& path, const parameters& query,
                       const std::string& file) {
  auto* in = file == "-" ? stdin : std::fopen(file.c_str(), "rbe");
  if (in == nullptr)
    throw refused{"The file " + file + " cannot be read: "
                    + std::strerror(errno) + ".",
                  {}};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closing{
    in, [](std::FILE* f) { return f == stdin ? 0 : std::fclose(f); }};
  auto target = path;
  const std::unique_ptr<CURL, easy_deleter> escaper{curl_easy_init()};
  for (const auto& [name, value] : query) {
    if (value.empty())
      continue;
    auto* text = curl_easy_escape(escaper.get(), value.c_str(),
                                  static_cast<int>(value.size()));
    target += (target == path ? "?" : "&") + name + '=' + text;
    curl_free(text);
  }
  exchange x{socket_, target};
  x.headers.reset(curl_slist_append(nullptr, "Expect:"));
  x.headers.reset(curl_slist_append(x.headers.release(),
                                    "Transfer-Encoding: chunked"));
  x.set(CURLOPT_HTTPHEADER, x.headers.get());
  x.set(CURLOPT_POST, 1L);
  x.set(CURLOPT_READFUNCTION, &on_upload);
  x.set(CURLOPT_READDATA, in);
  return perform(x);
}

void client::download(const std::string& path,
                      const std::function<void(std::string_view)>& piece) {
  exchange x{socket_, path};
  sink to{x.easy.get(), &piece, {}};
  x.set(CURLOPT_WRITEFUNCTION, &on_piece);
  x.set(CURLOPT_WRITEDATA, &to);
  try {
    perform(x);
  } catch (const refused&) {
    const auto body = json::parse(to.error_body, nullptr, false);
    if (body.is_object() && body.contains("error"))
      throw refused{body["error"].value("message", std::string{}), body};
    throw;
  }
}

} // namespace rota::cli
