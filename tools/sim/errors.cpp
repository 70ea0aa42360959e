#include "tools/sim/errors.hpp"

namespace rota::sim {

namespace {

/// How one style spells one trouble. `kind` is error.type, or error.status of
/// Gemini; `code` is raw JSON.
struct wording {
  int status;
  std::string_view kind;
  std::string_view code;
  std::string text;
};

std::string in_backticks(std::string_view x) {
  return "`" + std::string{x} + "`";
}

std::string unknown_path(const trouble_facts& facts) {
  return "Invalid URL (" + std::string{facts.method} + " "
         + std::string{facts.path} + ")";
}

wording openai_wording(trouble what, const trouble_facts& facts) {
  constexpr std::string_view invalid = "invalid_request_error";
  switch (what) {
    case trouble::invalid_key:
      return {401, invalid, "\"invalid_api_key\"",
              "Incorrect API key provided. You can find your API key at "
              "https://platform.openai.com/account/api-keys."};
    case trouble::no_money:
    case trouble::below_reserve:
      return {429, "insufficient_quota", "\"insufficient_quota\"",
              "You exceeded your current quota, please check your plan and "
              "billing details."};
    case trouble::model_forbidden:
    case trouble::model_unknown:
      return {404, invalid, "\"model_not_found\"",
              "The model " + in_backticks(facts.model)
                  + " does not exist or you do not have access to it."};
    case trouble::bad_request:
      return {400, invalid, "null", std::string{facts.message}};
    case trouble::no_such_path:
      return {404, invalid, "null", unknown_path(facts)};
    case trouble::rate_limited:
      return {429, "requests", "\"rate_limit_exceeded\"",
              "Rate limit reached for " + std::string{facts.model}
                  + " on requests per min (RPM). Please try again in 1s."};
    case trouble::overloaded:
      return {503, "server_error", "\"slow_down\"",
              "The engine is currently overloaded, please try again later."};
    default:
      return {500, "server_error", "null",
              "The server had an error while processing your request."};
  }
}

wording new_api_wording(trouble what, const trouble_facts& facts) {
  constexpr std::string_view kind = "new_api_error";
  const std::string model{facts.model};
  const auto shown = [](nanos x) {
    return "＄" + usd_text(x).substr(0, usd_text(x).size() - 3);
  };
  switch (what) {
    case trouble::invalid_key:
      return {401, kind, "\"\"", "无效的令牌"};
    case trouble::no_money:
      return {403, kind, "\"insufficient_user_quota\"",
              "用户额度不足, 剩余额度: " + shown(facts.balance)};
    case trouble::below_reserve:
      return {403, kind, "\"insufficient_user_quota\"",
              "预扣费额度失败, 用户剩余额度: " + shown(facts.balance)
                  + ", 需要预扣费额度: " + shown(facts.needed)};
    case trouble::model_forbidden:
      return {403, kind, "\"\"", "该令牌无权访问模型 " + model};
    case trouble::model_unknown:
      return {503, kind, "\"model_not_found\"",
              "分组 default 下模型 " + model + " 无可用渠道（distributor）"};
    case trouble::bad_request:
      return {400, kind, "\"invalid_request\"", std::string{facts.message}};
    case trouble::no_such_path:
      return {404, "invalid_request_error", "\"\"", unknown_path(facts)};
    case trouble::rate_limited:
      return {429, kind, "\"\"", "当前分组上游负载已饱和，请稍后再试"};
    case trouble::overloaded:
      return {500, kind, "\"get_channel_failed\"",
              "当前模型 " + model + " 负载已经达到上限，请稍后重试"};
    default:
      return {500, kind, "\"do_request_failed\"", "upstream error"};
  }
}

wording anthropic_wording(trouble what, const trouble_facts& facts) {
  constexpr std::string_view invalid = "invalid_request_error";
  switch (what) {
    case trouble::invalid_key:
      return {401, "authentication_error", {}, "invalid x-api-key"};
    case trouble::no_money:
    case trouble::below_reserve:
      return {400,
              invalid,
              {},
              "Your credit balance is too low to access the Anthropic API. "
              "Please go to Plans & Billing to upgrade or purchase credits."};
    case trouble::model_forbidden:
    case trouble::model_unknown:
      return {404, "not_found_error", {}, "model: " + std::string{facts.model}};
    case trouble::bad_request:
      return {400, invalid, {}, std::string{facts.message}};
    case trouble::no_such_path:
      return {404, "not_found_error", {}, "Not Found"};
    case trouble::rate_limited:
      return {429,
              "rate_limit_error",
              {},
              "This request would exceed your organization's rate limit."};
    case trouble::overloaded:
      return {529, "overloaded_error", {}, "Overloaded"};
    default:
      return {500, "api_error", {}, "Internal server error"};
  }
}

wording gemini_wording(trouble what, const trouble_facts& facts) {
  switch (what) {
    case trouble::invalid_key:
      return {400,
              "INVALID_ARGUMENT",
              {},
              "API key not valid. Please pass a valid API key."};
    case trouble::no_money:
    case trouble::below_reserve:
      return {429,
              "RESOURCE_EXHAUSTED",
              {},
              "You exceeded your current quota, please check your plan and "
              "billing details."};
    case trouble::model_forbidden:
    case trouble::model_unknown:
      return {404,
              "NOT_FOUND",
              {},
              "models/" + std::string{facts.model}
                  + " is not found for API version v1beta, or is not supported "
                    "for generateContent."};
    case trouble::bad_request:
      return {400, "INVALID_ARGUMENT", {}, std::string{facts.message}};
    case trouble::no_such_path:
      return {404, "NOT_FOUND", {}, "Requested entity was not found."};
    case trouble::rate_limited:
      return {429,
              "RESOURCE_EXHAUSTED",
              {},
              "Resource has been exhausted. Please retry in 1s."};
    case trouble::overloaded:
      return {503,
              "UNAVAILABLE",
              {},
              "The model is overloaded. Please try again later."};
    default:
      return {500, "INTERNAL", {}, "An internal error has occurred."};
  }
}

std::string anthropic_body(const wording& x, std::string_view request_id) {
  return "{\"type\":\"error\",\"error\":{\"type\":" + json_text(x.kind)
         + ",\"message\":" + json_text(x.text)
         + "},\"request_id\":" + json_text(request_id) + "}";
}

std::string gemini_body(const wording& x, int status, trouble what) {
  auto out = "{\"error\":{\"code\":" + std::to_string(status) + ",\"message\":"
             + json_text(x.text) + ",\"status\":" + json_text(x.kind);
  if (what == trouble::invalid_key)
    out += R"(,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",)"
           R"("reason":"API_KEY_INVALID","domain":"googleapis.com"}])";
  else if (what == trouble::no_money || what == trouble::below_reserve)
    out += R"(,"details":[{"@type":"type.googleapis.com/google.rpc.)"
           R"(QuotaFailure","violations":[{"quotaId":)"
           R"("GenerateRequestsPerDayPerProjectPerModel"}]}])";
  else if (what == trouble::rate_limited)
    out += R"(,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",)"
           R"("retryDelay":"1s"}])";
  return out + "}}";
}

std::string openai_body(const wording& x, std::string_view param) {
  std::string out = "{\"error\":{\"message\":" + json_text(x.text)
                    + ",\"type\":" + json_text(x.kind) + ",\"param\":";
  return out.append(param).append(",\"code\":").append(x.code).append("}}");
}

/// The style that an OpenAI-like site falls into on a path of another vendor.
error_style effective(error_style style, surface is) {
  if (style != error_style::openai)
    return style;
  if (is_anthropic(is))
    return error_style::anthropic;
  return is_gemini(is) ? error_style::gemini : style;
}

} // namespace

error_reply spell_error(error_style style, trouble what, int status,
                        const trouble_facts& facts) {
  const auto pick = [status](const wording& x) {
    return status != 0 ? status : x.status;
  };
  switch (effective(style, facts.is)) {
    case error_style::anthropic: {
      const auto x = anthropic_wording(what, facts);
      return {pick(x), anthropic_body(x, facts.request_id)};
    }
    case error_style::gemini: {
      const auto x = gemini_wording(what, facts);
      return {pick(x), gemini_body(x, pick(x), what)};
    }
    case error_style::openai: {
      const auto x = openai_wording(what, facts);
      return {pick(x), openai_body(x, "null")};
    }
    default: {
      auto x = new_api_wording(what, facts);
      x.text += " (request id: " + std::string{facts.request_id} + ")";
      if (is_anthropic(facts.is))
        return {pick(x), "{\"error\":{\"type\":" + json_text(x.kind)
                             + ",\"message\":" + json_text(x.text)
                             + "},\"type\":\"error\"}"};
      return {pick(x), openai_body(x, "\"\"")};
    }
  }
}

trouble trouble_of(int status) {
  switch (status) {
    case 400:
    case 422:
      return trouble::bad_request;
    case 401:
      return trouble::invalid_key;
    case 402:
      return trouble::no_money;
    case 403:
      return trouble::model_forbidden;
    case 404:
      return trouble::model_unknown;
    case 429:
      return trouble::rate_limited;
    case 503:
    case 529:
      return trouble::overloaded;
    default:
      return trouble::server_error;
  }
}

std::string id_headers(error_style style, const std::string& id) {
  switch (style) {
    case error_style::openai:
      return "x-request-id: req_" + id + "\r\nopenai-version: 2020-10-01\r\n";
    case error_style::anthropic:
      return "request-id: req_" + id + "\r\n";
    case error_style::gemini:
      return "x-gemini-request-id: " + id + "\r\n";
    default:
      return "X-Oneapi-Request-Id: " + id
             + "\r\nX-New-Api-Version: v0.11.2\r\n";
  }
}

} // namespace rota::sim
