#include "runtime/api/model_list.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rota {

using json = nlohmann::ordered_json;

namespace {

json describe(surface protocol, const std::string& name) {
  switch (protocol) {
    case surface::anthropic_messages:
      return {{"type", "model"},
              {"id", name},
              {"display_name", name},
              {"created_at", "1970-01-01T00:00:00Z"}};
    case surface::gemini_generate:
      return {{"name", "models/" + name},
              {"displayName", name},
              {"supportedGenerationMethods",
               {"generateContent", "streamGenerateContent"}}};
    default:
      return {{"id", name},
              {"object", "model"},
              {"created", 0},
              {"owned_by", "rota"}};
  }
}

std::string model_list(surface protocol,
                       const std::vector<std::string>& names) {
  auto list = json::array();
  for (const auto& x : names)
    list.push_back(describe(protocol, x));
  switch (protocol) {
    case surface::anthropic_messages: {
      const auto first = names.empty() ? json{} : json(names.front());
      const auto last = names.empty() ? json{} : json(names.back());
      return json{{"data", std::move(list)},
                  {"has_more", false},
                  {"first_id", first},
                  {"last_id", last}}
        .dump();
    }
    case surface::gemini_generate:
      return json{{"models", std::move(list)}}.dump();
    default:
      return json{{"object", "list"}, {"data", std::move(list)}}.dump();
  }
}

} // namespace

client_answer answer_about_models(const api_route& x,
                                  const std::vector<std::string>& names) {
  const header_list headers{{"content-type", "application/json"}};
  if (x.what == api_call::list_models)
    return {200, headers, model_list(x.route, names)};
  if (std::find(names.begin(), names.end(), x.model) == names.end())
    return refuse(x.route, {404, "model_not_found",
                            "There is no model " + x.model + " here.", false,
                            {}});
  return {200, headers, describe(x.route, x.model).dump()};
}

} // namespace rota
