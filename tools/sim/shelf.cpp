#include "tools/sim/shelf.hpp"

namespace rota::sim {

namespace {

constexpr size_t most = 10'000;
constexpr std::string_view prefix = "/v1/responses/";

http_reply lacking(const std::string& id) {
  http_reply out;
  out.status = 404;
  out.body = "{\"error\":{\"message\":"
             + json_text("Response with id '" + id + "' not found.")
             + R"(,"type":"invalid_request_error","param":null,"code":null}})";
  return out;
}

} // namespace

void response_shelf::put(const std::string& id, std::string_view owner,
                         std::string body) {
  if (!all_.emplace(id, kept{std::string{owner}, std::move(body)}).second)
    return;
  order_.push_back(id);
  if (order_.size() <= most)
    return;
  all_.erase(order_.front());
  order_.pop_front();
}

http_reply response_shelf::handle(const http_request& x,
                                  std::string_view owner) {
  auto rest = x.path().substr(prefix.size());
  const std::string id{rest.substr(0, rest.find('/'))};
  rest.remove_prefix(id.size());
  const auto i = all_.find(id);
  if (i == all_.end() || i->second.owner != owner)
    return lacking(id);
  http_reply out;
  if (rest == "/input_items") {
    out.body = R"({"object":"list","data":[],"has_more":false})";
  } else if (x.method == "DELETE") {
    out.body = "{\"id\":\"" + id + R"(","object":"response","deleted":true})";
    all_.erase(i);
  } else {
    out.body = i->second.body;
  }
  return out;
}

} // namespace rota::sim
