#include "tools/sim/state.hpp"

namespace rota::sim {

namespace {

http_reply refuse(int status, const std::string& text) {
  return json_reply(status, "{\"error\":{\"message\":" + json_text(text)
                                + R"(,"type":"invalid_request_error",)"
                                  R"("param":null,"code":null}})");
}

} // namespace

http_reply handle_stored(state& st, const account& who, const route& where,
                         std::string_view method) {
  const std::string id{where.response};
  const auto* found = st.kept_by(who, id);
  if (found == nullptr)
    return refuse(404, "Response with id '" + id + "' not found.");
  if (where.verb == "/input_items" && method == "GET")
    return json_reply(200, R"({"object":"list","data":[],"first_id":null,)"
                           R"("last_id":null,"has_more":false})");
  if (where.verb == "/cancel" && method == "POST")
    return refuse(400, "Only responses that run in the background can be "
                       "cancelled.");
  if (!where.verb.empty())
    return refuse(404, "Invalid URL.");
  if (method == "GET")
    return json_reply(200, found->body);
  if (method != "DELETE")
    return refuse(405, "Not allowed.");
  st.responses.erase(id);
  return json_reply(200, "{\"id\":" + json_text(id)
                             + R"(,"object":"response.deleted",)"
                               R"("deleted":true})");
}

} // namespace rota::sim
