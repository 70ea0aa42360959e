#include "config/schema.hpp"

#include "config/alias_form.hpp"
#include "config/choice_forms.hpp"
#include "config/row.hpp"
#include "config/text_forms.hpp"
#include "config/url.hpp"

#include <charconv>

namespace rota {

namespace {

using namespace std::chrono_literals;

using row = option_row<options>;
using rows = std::vector<row>;

constexpr uint64_t KiB = 1'024;
constexpr uint64_t MiB = 1'024 * KiB;
constexpr uint64_t GiB = 1'024 * MiB;

constexpr money unpriced_most{1'000'000'000'000};

constexpr auto live = applies::live;
constexpr auto restart = applies::restart;

template <class Form, class... Members>
row option(std::string key, Form form, applies when, std::string why,
           Members... path) {
  return make_row<options>(std::move(key), std::move(form), when,
                           std::move(why), path...);
}

std::string anything(std::string_view) {
  return {};
}

std::string check_path(std::string_view text) {
  if (text.empty() || text.size() > 4'000)
    return "names no file; write a path of 1 to 4000 bytes";
  return {};
}

/// A unix address holds 107 bytes and a zero (unix(7)).
std::string check_socket(std::string_view text) {
  if (text.empty() || text.size() > 107)
    return "is no path for a unix socket; write one of 1 to 107 bytes";
  return {};
}

std::string check_listen(std::string_view text) {
  constexpr auto wrong = "is no address to listen on; write ADDRESS:PORT such "
                         "as 127.0.0.1:8787 or [::1]:8787";
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return wrong;
  const auto host = listen_host(text);
  const auto port_text = text.substr(colon + 1);
  if (!text.starts_with('[') && host.find(':') != std::string_view::npos)
    return wrong;
  uint16_t port = 0; // 0: the system picks one.
  const auto end = port_text.data() + port_text.size();
  const auto [last, error] = std::from_chars(port_text.data(), end, port);
  if (error != std::errc{} || last != end
      || (host != "localhost" && !is_address(host)))
    return wrong;
  return {};
}

// Made when asked for: other files' globals might not exist yet.
text_form path_form() {
  return {"a path", check_path};
}

text_form optional_path_form() {
  return {"a path, or \"\" for none", anything};
}

rows daemon_rows() {
  return {
      option(
          "state_dir", path_form(), restart,
          "Where rota keeps its books, for one rotad at a time. The directory "
          "is made with mode 0700.",
          &options::state_dir),
      option("listen",
             text_form{"ADDRESS:PORT, such as 127.0.0.1:8787", check_listen},
             restart,
             "Where the API listens. Port 0: any free one. Other machines' "
             "addresses are for pools with clients only; what they send is not "
             "encrypted here.",
             &options::listen),
      option(
          "prices", optional_path_form(), live,
          "Price table (JSON, in LiteLLM's format) that replaces the built-in "
          "one.",
          &options::prices),
      option("failure_rules", optional_path_form(), live,
             "Failure rules (YAML) that are asked before the built-in ones.",
             &options::failure_rules),
      option("admin.socket",
             text_form{"a path of at most 107 bytes", check_socket}, restart,
             "The unix socket that the rota command talks to. Whoever may "
             "connect may change everything, so it is open to rotad's own user "
             "and group only (mode 0660).",
             &options::admin, &admin_options::socket),
  };
}

rows routing_rows() {
  const auto at = &options::routing;
  return {
      option("routing.strategy", choice_form{strategy::proportional}, live,
             "Who serves next among the accounts that may: most money "
             "available, fewest calls in the window, longest unused, in turn, "
             "fastest first byte, or a share by money available.",
             at, &routing_options::by),
      option("routing.window", duration_form{1s, 24h * 31}, live,
             "least_used counts calls and spend within this time.", at,
             &routing_options::window),
      option("routing.attempts", count_form{1, 200, "tries"}, live,
             "Tries a job gets, failovers included, before it fails. Those of "
             "which not a byte could be sent cost nothing and count apart: "
             "there may be four times as many. A job has 255 tries in all.",
             at, &routing_options::attempts),
      option("routing.billed_attempts", count_form{1, 200, "tries"}, live,
             "Tries of one job that were or may have been charged without a "
             "result; bounds what a broken site can cost. What was hardly "
             "charged, as most server errors, is a try only.",
             at, &routing_options::billed_attempts),
      option(
          "routing.backoff_base", duration_form{1ms, 1h}, live,
          "First wait of a job once no other account is left to try; doubles "
          "with each try, with full jitter.",
          at, &routing_options::backoff_base),
      option("routing.backoff_max", duration_form{1ms, 24h}, live,
             "Longest such wait.", at, &routing_options::backoff_max),
      option(
          "routing.queue_max", count_form{1, 10'000'000, "jobs"}, live,
          "Jobs that wait while all accounts are busy; more are refused, for "
          "a longer queue only hides the overload.",
          at, &routing_options::queue_max),
      option("routing.retry_percent", count_form{0, 100, "percent"}, live,
             "Requests of the API that failed are sent again up to this part "
             "of all requests, taken over ten seconds; beyond it clients hear "
             "of the failure, for a pool that fails must not be asked many "
             "times as often as one that serves.",
             at, &routing_options::retry_percent),
      option("routing.retries_per_second", count_form{0, 1'000'000, "tries"},
             live, "So many more are sent again in any case.", at,
             &routing_options::retries_per_second),
      option("routing.affinity_ttl", duration_form{0ms, 24h * 31}, live,
             "A conversation stays with the account that served it until it "
             "has rested for so long; 0s: it goes wherever the strategy says. "
             "Providers cache prompts per account, and some bind what they "
             "have thought to it.",
             at, &routing_options::affinity_ttl),
      option("routing.affinity_wait", duration_form{0ms, 1h}, live,
             "Where that account is merely busy, a prompt that its cache may "
             "hold (1,024 tokens and more) waits for so long before it moves: "
             "elsewhere all of it is paid for again.",
             at, &routing_options::affinity_wait),
      option("routing.affinity_sessions",
             count_form{0, 10'000'000, "conversations"}, live,
             "Conversations that are remembered; those at rest for longest "
             "are forgotten first.",
             at, &routing_options::affinity_sessions),
      option("routing.unpriced_call", money_form{{}, unpriced_most, "USD"},
             live,
             "What a picture, a speech, a recording, a rerank or a moderation "
             "costs by estimate where the price table lacks its model.",
             at, &routing_options::unpriced_call),
      option("routing.price_aliases", aliases_form{}, live,
             "Models under a name that the price table lacks, each with the "
             "name of the one that it costs as much as. What is not known "
             "costs the highest price of all.",
             at, &routing_options::price_aliases),
  };
}

rows health_rows() {
  const auto at = &options::health;
  return {
      option("health.eject_after", count_form{1, 1'000, "failures"}, live,
             "Failures in a row that eject an account, or let one of its "
             "models cool down there.",
             at,
             &health_options::eject_after),
      option("health.eject_base", duration_form{100ms, 24h}, live,
             "Length of the first ejection; doubles with each one that "
             "follows.",
             at, &health_options::eject_base),
      option("health.eject_max", duration_form{100ms, 24h * 7}, live,
             "Longest ejection.", at, &health_options::eject_max),
      option("health.cooldown_base", duration_form{100ms, 24h}, live,
             "First cooldown where the provider did not say how long; doubles. "
             "Twice that, and twice the longest, where it is overloaded.",
             at, &health_options::cooldown_base),
      option("health.cooldown_max", duration_form{100ms, 24h * 7}, live,
             "Longest cooldown where the provider did not say how long.", at,
             &health_options::cooldown_max),
      option("health.ramp", duration_form{0ms, 1h}, live,
             "After an ejection or a cooldown one request tries the account, "
             "or the model there; once it succeeds, what may be in flight "
             "grows to the limit within this time.",
             at, &health_options::ramp),
      option("health.last_resort", duration_form{0ms, 1h}, live,
             "Where no account serves a request, one that failed is tried "
             "after this time already, unless its provider named another; 0s: "
             "never.",
             at, &health_options::last_resort),
  };
}

rows refresh_rows() {
  const auto at = &options::refresh;
  return {
      option("refresh.interval", duration_form{1s, 24h * 7}, restart,
             "How often a provider is asked for a balance; between readings "
             "rota goes by its own books.",
             at, &refresh_options::interval),
      option("refresh.jitter_percent", count_form{0, 50, "percent"}, restart,
             "Moves each probe by up to this part of the interval, so that "
             "accounts of one site do not ask at once.",
             at, &refresh_options::jitter_percent),
      option("refresh.per_host", count_form{1, 100, "probes"}, restart,
             "Probes under way to one host; relays limit by address.", at,
             &refresh_options::per_host),
      option("refresh.timeout", duration_form{100ms, 5min}, restart,
             "A probe without an answer by then has failed; the last reading "
             "stays.",
             at, &refresh_options::timeout),
      option("refresh.stale_intervals", count_form{1, 10'000, "intervals"},
             restart,
             "A reading is stale once this many intervals have passed without "
             "another.",
             at, &refresh_options::stale_intervals),
      option("refresh.stale", choice_form{stale_policy::stop}, restart,
             "What becomes of an account whose reading is stale: a part of its "
             "money is kept back, for others may have spent it, or it serves "
             "nobody until the next reading.",
             at, &refresh_options::stale),
      option("refresh.stale_haircut_percent", count_form{0, 100, "percent"},
             restart, "That part.", at,
             &refresh_options::stale_haircut_percent),
  };
}

rows batch_rows() {
  const auto at = &options::batch;
  return {
      option("batch.max_in_flight", count_form{1, 10'000, "lines"}, live,
             "Lines of one batch under way at once.", at,
             &batch_limits::max_in_flight),
      option("batch.window", count_form{1, 1'000'000, "lines"}, live,
             "Lines kept in memory beyond the first one that has not ended; "
             "memory grows with this, not with the file.",
             at, &batch_limits::window),
      option("batch.max_line_bytes", size_form{KiB, 256 * MiB}, live,
             "Longest line of a batch file.", at,
             &batch_limits::max_line_bytes),
      option("batch.max_file_bytes", size_form{KiB, 1'024 * GiB}, live,
             "Largest batch file.", at, &batch_limits::max_file_bytes),
      option("batch.default_output_tokens", count_form{1, 10'000'000, "tokens"},
             live,
             "Output that is assumed, and held, where a line names no maximum "
             "of its own.",
             at, &batch_limits::default_output_tokens),
  };
}

rows upstream_rows() {
  const auto at = &options::upstream;
  return {
      option("upstream.connect_timeout", duration_form{10ms, 5min}, restart,
             "To connect, TLS included. Certainly not charged.", at,
             &upstream_options::connect_timeout),
      option("upstream.first_byte_timeout", duration_form{10ms, 24h}, live,
             "From the request to the first byte; long, because models think. A"
             " stream must say something each time, too: comments are nothing.",
             at, &upstream_options::first_byte_timeout),
      option("upstream.idle_timeout", duration_form{10ms, 24h}, live,
             "Between two bytes of an answer.", at,
             &upstream_options::idle_timeout),
      option("upstream.total_timeout", duration_form{10ms, 24h}, live,
             "For one try as a whole.", at, &upstream_options::total_timeout),
      option("upstream.max_response_bytes", size_form{KiB, 4 * GiB}, restart,
             "Largest answer that is taken; a longer one is broken off.", at,
             &upstream_options::max_response_bytes),
      option("upstream.max_idle_connection", duration_form{0ms, 10min}, restart,
             "Connections idle for longer are not used again; below the keep-"
             "alive of the provider, so that none dies under a request.",
             at, &upstream_options::max_idle_connection),
      option("upstream.transfers_per_handle",
             count_form{1, 10'000, "transfers"}, restart,
             "Transfers that share one curl multi handle; more open another.",
             at, &upstream_options::transfers_per_handle),
      option("upstream.own_http1", flag_form{}, restart,
             "Providers without TLS (http://) are spoken to by rota itself, on "
             "connections that libcurl opens; this takes less CPU. Otherwise "
             "libcurl speaks, as it does to all others.",
             at, &upstream_options::own_http1),
      option(
          "upstream.ca_file", optional_path_form(), restart,
          "Certificates (PEM) to trust besides the system's, for relays with "
          "private ones.",
          at, &upstream_options::ca_file),
  };
}

rows store_and_log_rows() {
  const auto at = &options::store;
  return {
      option("store.durability", choice_form{store_durability::process},
             restart,
             "What is true before a call leaves and before a result counts: on "
             "disk (power), or with the operating system and on disk within "
             "100 ms (process: outlives a crash of rotad, not one of the "
             "machine).",
             at, &store_options::durability),
      option("store.doubt_grace", duration_form{0ms, 24h * 30}, live,
             "A call whose outcome nobody knows is assumed charged after this "
             "time, unless a reading has shown it.",
             at, &store_options::doubt_grace),
      option("store.hold_margin", duration_form{1s, 24h}, live,
             "A hold outlives the total timeout of its request by this; covers "
             "charges that are posted late.",
             at, &store_options::hold_margin),
      option("store.write_buffer_bytes", size_form{64 * KiB, GiB}, restart,
             "Memory for writes of each part of the store before they go to a "
             "table file.",
             at, &store_options::write_buffer_bytes),
      option("store.group_max", count_form{1, 1'000'000, "records"}, restart,
             "Records that one write to the disk may gather.", at,
             &store_options::group_max),
      option("store.low_space_bytes", size_form{0, 1'024 * GiB}, restart,
             "With less room than this on its disk rota starts no more calls "
             "and takes no files; what is under way still ends. It goes on "
             "once there is a quarter more.",
             at, &store_options::low_space_bytes),
      option("store.ballast_bytes", size_form{0, GiB}, restart,
             "Size of a file that rota deletes when the disk is all but full, "
             "so that calls under way can be booked.",
             at, &store_options::ballast_bytes),
      option("log.level",
             word_form{{"trace", "debug", "info", "warn", "error"}}, live,
             "The least important line that is still written.", &options::log,
             &log_options::level),
      option("log.file", optional_path_form(), restart,
             "Where the log goes; none: standard error.", &options::log,
             &log_options::file),
  };
}

rows all_rows() {
  rows result;
  for (auto& section :
       {daemon_rows(), api_rows(), record_rows(), routing_rows(),
        health_rows(), refresh_rows(), alert_rows(), batch_rows(),
        upstream_rows(), store_and_log_rows()})
    result.insert(result.end(), section.begin(), section.end());
  return result;
}

} // namespace

const std::vector<option_row<options>>& option_rows() {
  static const auto result = all_rows();
  return result;
}

} // namespace rota
