#include "config/row.hpp"
#include "config/schema.hpp"
#include "config/text_forms.hpp"

namespace rota {

namespace {

using namespace std::chrono_literals;

constexpr money usd_most{1'000'000'000'000'000'000};

} // namespace

std::vector<option_row<options>> alert_rows() {
  const auto at = &options::alerts;
  const auto option = [at](std::string key, auto form, std::string why,
                           auto path) {
    return make_row<options>("alerts." + std::move(key), std::move(form),
                             applies::restart, std::move(why), at, path);
  };
  return {
      option("interval", duration_form{100ms, 1h},
             "How often the alert rules are walked.", &alert_options::interval),
      option("hold", duration_form{0ms, 24h},
             "How long a condition must last before it fires.",
             &alert_options::hold),
      option("overruns_per_hour", count_form{0, 1'000'000'000, "charges"},
             "Charges above their estimates that one account may have within "
             "an hour before an alert is raised.",
             &alert_options::overruns_per_hour),
      option("lates_per_hour", count_form{0, 1'000'000'000, "charges"},
             "The same for charges that came after their holds had ended.",
             &alert_options::lates_per_hour),
      option("unexplained_per_hour", money_form{{}, usd_most},
             "Money that may be missing from one account's readings within an "
             "hour, although nothing that rota did explains it.",
             &alert_options::unexplained_per_hour),
      option("in_doubt", money_form{{}, usd_most},
             "Money of calls in doubt that one account may have.",
             &alert_options::in_doubt),
      option("webhook", secret_form{},
             "URL that alerts are posted to besides the log. A reference, "
             "because such URLs hold a token.",
             &alert_options::webhook),
      option("webhook_secret", secret_form{},
             "Key that signs each post: X-Signature: sha256=HEX of the "
             "HMAC-SHA256 of the body.",
             &alert_options::webhook_secret),
      option("webhook_timeout", duration_form{100ms, 5min},
             "A post without an answer by then has failed.",
             &alert_options::webhook_timeout),
  };
}

} // namespace rota
