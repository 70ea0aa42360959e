#include "config/choice_forms.hpp"
#include "config/row.hpp"
#include "config/schema.hpp"
#include "config/text_forms.hpp"

namespace rota {

namespace {

using namespace std::chrono_literals;

constexpr uint64_t KiB = 1'024;
constexpr uint64_t MiB = 1'024 * KiB;

option_row<options> option(std::string key, auto form, std::string why,
                           auto path) {
  return make_row<options>("api." + std::move(key), std::move(form),
                           applies::restart, std::move(why), &options::api,
                           path);
}

std::vector<option_row<options>> limit_rows() {
  return {
      option("max_body_bytes", size_form{KiB, 4'096 * MiB},
             "Largest body of a request; a larger one is answered with 413.",
             &http_options::max_body_bytes),
      option("max_header_bytes", size_form{KiB, MiB},
             "Largest head of a request, and most of what stands beside the "
             "bytes of a body in chunks; a larger one is answered with 431.",
             &http_options::max_header_bytes),
      option("max_headers", count_form{8, 10'000, "headers"},
             "Headers of a request; more are answered with 431.",
             &http_options::max_headers),
      option("max_target_bytes", size_form{128, MiB},
             "Longest path and query of a request; a longer one is answered "
             "with 414.",
             &http_options::max_target_bytes),
      option("header_timeout", duration_form{100ms, 10min},
             "For a request's head, from its first byte on; then 408.",
             &http_options::header_timeout),
      option("idle_timeout", duration_form{100ms, 24h},
             "A connection without a request for this long is closed.",
             &http_options::idle_timeout),
      option("body_grace", duration_form{100ms, 1h},
             "A body may come as slowly as it likes for this long.",
             &http_options::body_grace),
      option(
          "body_bytes_per_second", size_form{0, 1'024 * MiB},
          "A body that comes more slowly on average, once its grace is over, "
          "is answered with 408. 0: none is too slow.",
          &http_options::body_bytes_per_second),
      option("write_timeout", duration_form{100ms, 24h},
             "A client that takes no byte of its answer for this long is cut "
             "off.",
             &http_options::write_timeout),
      option("write_buffer_bytes", size_form{4 * KiB, 1'024 * MiB},
             "What waits for a slow client; beyond it the provider is not read "
             "until the client has caught up.",
             &http_options::write_buffer_bytes),
      option("max_connections", count_form{1, 1'000'000, "connections"},
             "Connections of clients at once; more are closed.",
             &http_options::max_connections),
      option("max_connections_per_address",
             count_form{1, 1'000'000, "connections"},
             "Connections of one client's address at once; more are closed.",
             &http_options::max_connections_per_address),
      option("max_in_flight", count_form{1, 1'000'000, "requests"},
             "Requests under way or waiting at once; more are answered with "
             "503.",
             &http_options::max_in_flight),
      option("request_timeout", duration_form{100ms, 24h},
             "For a request until its answer begins to reach the client, "
             "waiting and tries included; then 504. What is not streamed must "
             "be whole by then; a stream under way has the rest of "
             "upstream.total_timeout.",
             &http_options::request_timeout),
  };
}

std::vector<option_row<options>> service_rows() {
  return {
      option("drain_bytes", size_form{0, 1'024 * MiB},
             "Where a client leaves, so much of the answer that is under way "
             "is still read, so that what it used is known and booked. 0: the "
             "call is broken off at once, which ends the spending; what it "
             "took stays in doubt until a reading shows it.",
             &http_options::drain_bytes),
      option("ask_for_usage", flag_form{},
             "Streams of chats say what they used only where they are asked "
             "to: true asks in the client's stead, and takes out again what "
             "comes of it. Without it such streams are booked at their "
             "estimate.",
             &http_options::ask_for_usage),
      option("show_account", flag_form{},
             "Answers name the account that served them in the header "
             "x-rota-account, whoever asked; clients[].show_account says it "
             "for one client.",
             &http_options::show_account),
      option("response_ttl", duration_form{1s, 24h * 366},
             "A response (/v1/responses) is found again at the account that "
             "made it for this long; OpenAI keeps one for 30 days.",
             &http_options::response_ttl),
      option("responses_max", count_form{0, 10'000'000, "responses"},
             "Responses that are found again; the oldest are forgotten first.",
             &http_options::responses_max),
  };
}

} // namespace

std::vector<option_row<options>> api_rows() {
  auto result = limit_rows();
  for (auto& x : service_rows())
    result.push_back(std::move(x));
  return result;
}

std::vector<option_row<options>> record_rows() {
  const auto at = &options::records;
  return {
      make_row<options>(
          "records.keep", duration_form{0ms, 24h * 366}, applies::live,
          "Each request of the API leaves a record (rota requests, rota "
          "explain) that is kept for this long; 0s: none is.",
          at, &record_options::keep),
      make_row<options>(
          "records.max", count_form{0, 100'000'000, "records"},
          applies::live,
          "Records that are kept at most, the newest ones; one takes about 300 "
          "bytes. 0: none is.",
          at, &record_options::max),
  };
}

} // namespace rota
