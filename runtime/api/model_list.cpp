#include "runtime/api/model_list.hpp"

#include <nlohmann/json.hpp>

namespace rota {

using json = nlohmann::ordered_json;

std::string model_list(surface protocol,
                       const std::vector<std::string>& names) {
  auto list = json::array();
  for (const auto& x : names)
    switch (protocol) {
      case surface::anthropic_messages:
        list.push_back({{"type", "model"},
                        {"id", x},
                        {"display_name", x},
                        {"created_at", "1970-01-01T00:00:00Z"}});
        break;
      case surface::gemini_generate:
        list.push_back({{"name", "models/" + x},
                        {"displayName", x},
                        {"supportedGenerationMethods",
                         {"generateContent", "streamGenerateContent"}}});
        break;
      default:
        list.push_back({{"id", x},
                        {"object", "model"},
                        {"created", 0},
                        {"owned_by", "rota"}});
    }
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

} // namespace rota
