#include "tools/sim/simulator.hpp"

#include "tools/sim/answer.hpp"
#include "tools/sim/draw.hpp"
#include "tools/sim/state.hpp"

#include <algorithm>

namespace rota::sim {

namespace {

/// Where a call's own draws come from, apart from those of its body.
enum purpose : uint64_t { request_id = 100, first_byte, chunk };

/// One call on its way through.
struct visit {
  const http_request& request;
  route where;
  microseconds now;
  uint64_t number = 0;
  std::string id;
  account* who = nullptr;
  call asked;
  uint64_t subject = 0;
  prices price;
  const rule* ruled = nullptr;
};

constexpr std::string_view page =
    "<!DOCTYPE html>\n<html><head><title>Please wait</title></head>"
    "<body><h1>Checking your browser</h1></body></html>\n";

http_reply spell_out(const visit& v, error_style style, trouble what,
                     int status, const std::string& message, nanos needed = 0) {
  trouble_facts facts{v.where.is,
                      v.request.method,
                      v.request.path(),
                      v.asked.model,
                      message,
                      v.id,
                      v.who != nullptr ? v.who->books.balance() : 0,
                      needed};
  auto x = spell_error(style, what, status, facts);
  return json_reply(x.status, std::move(x.body));
}

const prices* price_of(const options& opts, const account& who,
                       std::string_view model) {
  for (const auto* map : {&who.opts.prices, &opts.prices})
    for (const auto name : {model, std::string_view{"default"}})
      if (const auto i = map->find(name); i != map->end())
        return &i->second;
  return nullptr;
}

} // namespace

struct simulator::impl {
  impl(options x, int64_t wall) : st{std::move(x)}, wall{wall} {
    // nop
  }

  int64_t seconds(microseconds now) const {
    return wall + now.count() / 1'000'000;
  }

  http_reply handle(const http_request& x, microseconds now) {
    st.move_money(now);
    visit v{x, route_of(x.path()), now, ++numbers, {}, nullptr, {}, 0, {}, {}};
    v.id = hex(draw(st.opts.seed, v.number, purpose::request_id));
    if (v.where.is == surface::admin)
      return handle_admin(st, x, now);
    st.note(x);
    if (v.where.is == surface::unknown)
      return spell_out(v, st.opts.style, trouble::no_such_path, 0, {});
    if (v.where.is == surface::stored_response)
      return look_up(v);
    if (x.method != (v.where.post ? "POST" : "GET"))
      return spell_out(v, st.opts.style, trouble::no_such_path, 405, {});
    if (!v.where.post)
      return look(v);
    v.who = st.by_key(key_of(x));
    if (v.who == nullptr)
      return spell_out(v, st.opts.style, trouble::invalid_key, 0, {});
    return serve(v);
  }

  /// Answers what costs nothing and is in no book.
  http_reply look(visit& v) {
    const auto key = key_of(v.request);
    v.who = v.where.is == surface::user_self
                ? st.by_access_token(console_token_of(v.request))
                : st.by_key(key);
    call_facts facts{key, {}, {}, v.request.path(), false};
    if (v.who != nullptr) {
      facts.key = v.who->opts.key;
      facts.account = v.who->opts.name;
    }
    v.ruled = st.rules.decide(facts, v.now - st.script_since);
    http_reply out;
    if (v.ruled != nullptr && replaces_answer(*v.ruled))
      out = replaced(v);
    else if (v.where.is == surface::models
             || v.where.is == surface::gemini_models)
      out = list_models(v);
    else
      out = handle_console(st, v.where.is, v.request, v.now, seconds(v.now));
    if (v.ruled != nullptr)
      apply(*v.ruled, out);
    return out;
  }

  /// Answers about a response that is kept: in the list of calls, in no book.
  http_reply look_up(visit& v) {
    v.who = st.by_key(key_of(v.request));
    if (v.who == nullptr)
      return spell_out(v, st.opts.style, trouble::invalid_key, 0, {});
    const auto& who = v.who->opts;
    v.ruled = st.rules.decide({who.key, who.name, {}, v.request.path(), false},
                              v.now - st.script_since);
    auto out = v.ruled != nullptr && replaces_answer(*v.ruled)
                   ? replaced(v)
                   : handle_stored(st, *v.who, v.where, v.request.method);
    if (v.ruled != nullptr)
      apply(*v.ruled, out);
    book(v, out, 0, false);
    return out;
  }

  http_reply list_models(const visit& v) {
    if (v.who == nullptr)
      return spell_out(v, st.opts.style, trouble::invalid_key, 0, {});
    auto models = v.who->opts.models;
    for (const auto& [name, _] : st.opts.prices)
      if (v.who->opts.models.empty() && name != "default")
        models.push_back(name);
    return json_reply(200, spell_models(v.where.is, models,
                                        !v.request.anthropic_version.empty()));
  }

  /// Answers a call to a model and books it.
  http_reply serve(visit& v) {
    auto& who = *v.who;
    v.asked = st.parser.parse(v.where, v.request.content_type,
                              v.request.body);
    v.subject = hash_of(v.request.body);
    ++who.books.calls;
    v.ruled = st.rules.decide({who.opts.key, who.opts.name, v.asked.model,
                               v.request.path(), is_paid(v.where.is),
                               v.request.body},
                              v.now - st.script_since);
    auto refusal = refuse(v);
    const auto wants_answer = !v.ruled || !replaces_answer(*v.ruled);
    const auto charged = is_paid(v.where.is) && refusal.status == 200
                         && (!v.ruled || charged_under(*v.ruled));
    http_reply out;
    answer said;
    if (refusal.status == 200 && (wants_answer || charged))
      said = make_answer(v.asked, st.opts.replies, v.price, st.opts.seed,
                         v.subject);
    if (!wants_answer)
      out = replaced(v);
    else if (refusal.status != 200)
      out = std::move(refusal);
    else
      out = spelt(v, said);
    out.headers += id_headers(who.opts.style, v.id);
    if (v.ruled != nullptr)
      apply(*v.ruled, out);
    who.books.failed_calls += v.ruled != nullptr && fails(*v.ruled);
    who.books.refused_calls += wants_answer && refusal.status != 200;
    book(v, out,
         charged ? charge_of(said.used, v.price, who.opts.multiplier_ppm) : 0,
         charged);
    return out;
  }

  /// @returns An error if the provider itself declines; otherwise status 200.
  http_reply refuse(visit& v) {
    const auto& who = *v.who;
    const auto style = who.opts.style;
    const auto& asked = v.asked;
    if (!asked.fault.empty())
      return spell_out(v, style, trouble::bad_request, 0, asked.fault);
    if (style == error_style::anthropic && is_anthropic(v.where.is)) {
      if (v.request.anthropic_version.empty())
        return spell_out(v, style, trouble::bad_request, 0,
                         "anthropic-version: header is required");
      if (v.where.is == surface::messages && asked.tokens_max < 0)
        return spell_out(v, style, trouble::bad_request, 0,
                         "max_tokens: Field required");
    }
    const auto& allowed = who.opts.models;
    if (!allowed.empty()
        && std::find(allowed.begin(), allowed.end(), asked.model)
               == allowed.end())
      return spell_out(v, style, trouble::model_forbidden, 0, {});
    const auto price = price_of(st.opts, who, asked.model);
    if (price == nullptr)
      return spell_out(v, style, trouble::model_unknown, 0, {});
    v.price = *price;
    if (!asked.previous.empty() && !st.kept_by(who, asked.previous))
      return spell_out(v, style, trouble::bad_request, 0,
                       "Previous response with id '"
                           + std::string{asked.previous} + "' not found.");
    return is_paid(v.where.is) && !who.opts.may_overdraw ? ask_money(v)
                                                         : http_reply{};
  }

  http_reply ask_money(const visit& v) {
    const auto& who = *v.who;
    const auto balance = who.books.balance();
    if (balance <= 0)
      return spell_out(v, who.opts.style, trouble::no_money, 0, {});
    if (who.opts.style != error_style::new_api)
      return {};
    // new-api keeps back what a call may cost at most, at least 500 tokens.
    auto most = make_answer(v.asked, st.opts.replies, v.price, st.opts.seed,
                            v.subject)
                    .used;
    most = {.input = std::max<int64_t>(v.asked.input_tokens, 500),
            .output = std::max<int64_t>(v.asked.tokens_max, 0),
            .images = most.images,
            .characters = most.characters,
            .seconds = most.seconds,
            .searches = most.searches};
    const auto needed = charge_of(most, v.price, who.opts.multiplier_ppm);
    if (balance < needed)
      return spell_out(v, who.opts.style, trouble::below_reserve, 0, {},
                       needed);
    return {};
  }

  http_reply spelt(const visit& v, answer& said) {
    http_reply out;
    said.id = v.id;
    said.created = seconds(v.now);
    const auto streams = v.asked.stream
                         && (v.where.is != surface::embeddings
                             && v.where.is != surface::moderations
                             && v.where.is != surface::count_tokens
                             && v.where.is != surface::rerank
                             && v.where.is != surface::compact);
    if (v.where.is == surface::responses && v.asked.store)
      st.keep("resp_" + said.id, *v.who,
              spell(v.asked, said, st.opts.replies));
    out.content_type = type_of(v.asked);
    if (streams)
      spell_stream(v.asked, said, query_value(v.request.target, "alt") == "sse",
                   out);
    else
      out.body = spell(v.asked, said, st.opts.replies);
    const auto& latency =
        v.who->opts.latency ? *v.who->opts.latency : st.opts.latency;
    out.delay = draw_delay(latency.first_byte,
                           draw(st.opts.seed, v.number, purpose::first_byte));
    if (latency.per_chunk.is != distribution::none)
      for (size_t i = 0; i < out.piece_ends.size(); ++i)
        out.piece_delays.push_back(
            draw_delay(latency.per_chunk,
                       draw(st.opts.seed, v.number, purpose::chunk + i)));
    return out;
  }

  /// What a rule answers instead.
  http_reply replaced(const visit& v) {
    const auto& x = v.ruled->action;
    const auto style = v.who != nullptr ? v.who->opts.style : st.opts.style;
    http_reply out;
    if (x.is == deed::html) {
      out.content_type = "text/html; charset=utf-8";
      out.body = x.body.value_or(std::string{page});
    } else if (x.is == deed::status && !x.body && x.status >= 400) {
      out = spell_out(v, style, trouble_of(x.status), x.status,
                      "This call was scripted to fail.");
    } else if (x.is == deed::status) {
      out.body = x.body.value_or("{}");
    }
    if (x.status != 0)
      out.status = x.status;
    return out;
  }

  /// Adds what a rule does to an answer besides replacing it.
  static void apply(const rule& by, http_reply& out) {
    const auto& x = by.action;
    if (!x.content_type.empty())
      out.content_type = x.content_type;
    for (const auto& [name, value] : x.headers)
      out.headers.append(name).append(": ").append(value).append("\r\n");
    out.delay += x.delay;
    out.at_byte = x.at_byte;
    if (x.is == deed::reset)
      out.ending = mishap::reset;
    else if (x.is == deed::truncate)
      out.ending = mishap::truncate;
    else if (x.is == deed::stall)
      out.ending = mishap::stall;
    out.stall = x.stall.value_or(microseconds{0});
  }

  void book(const visit& v, const http_reply& out, nanos cost, bool charged) {
    auto& who = *v.who;
    if (charged) {
      who.books.charge(cost, v.now);
      ++who.books.charged_calls;
      st.executions.count(v.subject);
    }
    auto& row = st.calls.add();
    row.at = v.now;
    row.account = who.opts.name;
    row.path = v.request.path();
    row.model = v.asked.model;
    const auto silent =
        out.at_byte < 0
        && (out.ending == mishap::reset
            || (out.ending == mishap::stall && out.stall.count() == 0));
    row.status = silent ? 0 : out.status;
    row.charged = charged;
    row.charge = cost;
    const auto marker = v.request.marker.empty()
                            ? std::string_view{v.asked.marker}
                            : v.request.marker;
    row.marker = marker.substr(0, 256);
    row.action = v.ruled != nullptr ? std::string_view{v.ruled->name}
                                    : std::string_view{};
    row.body_hash = v.subject;
  }

  state st;
  int64_t wall;
  uint64_t numbers = 0;
};

simulator::simulator(options opts, int64_t wall_seconds)
    : impl_{std::make_unique<impl>(std::move(opts), wall_seconds)} {
  // nop
}

simulator::~simulator() = default;

http_reply simulator::handle(const http_request& x, microseconds now) {
  return impl_->handle(x, now);
}

} // namespace rota::sim
