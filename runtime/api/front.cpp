#include "runtime/api/front.hpp"

#include "actors/domain/affinity.hpp"
#include "actors/domain/api_route.hpp"
#include "actors/domain/client_books.hpp"
#include "actors/domain/estimate.hpp"
#include "actors/runner.hpp"
#include "runtime/api/model_list.hpp"
#include "runtime/api/request_job.hpp"
#include "runtime/api/request_sink.hpp"
#include "runtime/engine/hosted.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <future>
#include <optional>
#include <unordered_map>

namespace rota {

namespace {

/// Passes what is said to the front on to it, which lives as long as that goes
/// on: a runner may speak after a stop.
template <class Impl>
front_actor::behavior_type relay(front_actor::pointer,
                                 const std::shared_ptr<Impl>& to) {
  return {
    [](atom::durable, uint64_t) {},
    [to](atom::finish, const item_result_ptr& x) { to->finish(x); },
    [to](atom::dismiss, job_id x) { to->dismiss(x); },
    [](atom::publish, const job_stage&) {},
    [to](atom::admit, const admittance& x) { to->admitted(x); },
  };
}

} // namespace

class api_front::impl : public std::enable_shared_from_this<api_front::impl> {
public:
  impl(wiring& all, const options& opts, clients_ptr clients,
       model_names models)
    : all_{all},
      limits_{opts.api},
      default_output_{opts.batch.default_output_tokens},
      clients_{std::move(clients)},
      models_{std::move(models)} {
    // nop
  }

  void start() {
    owner_ = spawn_hosted(all_.system, &all_.loop, relay<impl>,
                          shared_from_this());
  }

  void stop() {
    std::promise<void> done;
    all_.loop.post([this, &done] {
      const auto all = std::exchange(open_, {});
      for (const auto& [id, x] : all)
        refuse_stopping(x);
      done.set_value();
    });
    done.get_future().wait();
    caf::anon_send_exit(owner_, caf::exit_reason::user_shutdown);
    owner_ = front_actor();
  }

  void drain(milliseconds longest) {
    std::promise<void> idle;
    auto is_idle = idle.get_future();
    const auto wish = std::make_shared<std::promise<void>>(std::move(idle));
    all_.loop.post([self = shared_from_this(), wish] {
      self->idle_ = std::move(*wish);
      self->look_idle();
    });
    is_idle.wait_for(longest);
  }

  void clients(clients_ptr x) {
    all_.loop.post([self = shared_from_this(), x = std::move(x)]() mutable {
      self->clients_ = std::move(x);
    });
  }

  void serve(const http_exchange_ptr& client) {
    const auto found = route_of(client->method(), client->target(),
                                client->headers());
    pending x;
    x.client = client;
    x.route = found.route;
    x.id.item = ++last_;
    x.request_id = id_for(*client, x.id.item);
    x.show_account = limits_.show_account;
    const client_list::client* caller = &nobody_;
    if (!clients_->is_open()) {
      const auto token = credential_of(client->target(), client->headers());
      caller = clients_->find(token);
      if (caller == nullptr)
        return refuse(x, words_for_stranger(!token.empty()));
      x.show_account = x.show_account || caller->options.show_account;
    }
    switch (found.what) {
      case api_call::generate:
        return generate(std::move(x), found, *caller);
      case api_call::list_models:
        return reply(x, 200, {{"content-type", "application/json"}},
                     model_list(found.route, models_for(*caller)));
      case api_call::upgrade:
        // Codex then falls back to HTTP at once.
        return refuse(x, {426, "upgrade_required",
                          "rota serves this over HTTP, not over a WebSocket.",
                          false, {}});
      case api_call::wrong_method:
        return refuse(x, {405, "method_not_allowed",
                          "This path does not take the method "
                            + std::string{client->method()} + '.',
                          false, {}});
      case api_call::unknown:
        return refuse(x, {404, "not_found",
                          "rota serves nothing under this path.", false, {}});
    }
  }

  // -- what the relay passes on -----------------------------------------------

  void admitted(const admittance& x) {
    const auto i = open_.find(x.job.item);
    if (i == open_.end()) { // The client left, or rota stops.
      if (x.why == client_refusal::none)
        caf::anon_send(all_.clients, atom::dismiss_v, x.job);
      return;
    }
    if (x.why == client_refusal::none) {
      i->second.admitted = true;
      return start_runner(i->second);
    }
    const auto entry = take(i);
    refuse(entry, words_of(x, all_.now()));
    look_idle();
  }

  void finish(const item_result_ptr& x) {
    const auto i = open_.find(x->id.item);
    if (i == open_.end())
      return;
    const auto entry = take(i);
    if (!entry.sink || !entry.sink->committed()) {
      auto result = answer_or_count(entry, *x);
      if (entry.show_account && !x->account.empty())
        result.headers.emplace_back(account_header, x->account);
      reply(entry, result.status, std::move(result.headers),
            std::move(result.body));
    }
    look_idle(); // Last: who waits for it cuts the connections.
  }

  void dismiss(job_id x) {
    const auto i = open_.find(x.item);
    if (i == open_.end())
      return;
    refuse_stopping(take(i));
    look_idle();
  }

private:
  /// A request under way.
  struct pending {
    http_exchange_ptr client;
    std::shared_ptr<request_sink> sink; // Absent: the answer comes whole.
    surface route = surface::openai_chat;
    job_id id;
    std::string request_id;
    bool show_account = false;
    int64_t counted = 0; // Tokens that go in, by our estimate.
    bool admitted = false; // Its client's books must hear of its end.
    job_ptr work;
    runner_actor runner;
  };

  using pending_map = std::unordered_map<uint64_t, pending>;

  /// What came of it; where nobody counts tokens, our own count.
  client_answer answer_or_count(const pending& x, const item_result& y) const {
    auto result = answer_for(x.route, y, all_.now());
    const auto asks_count = x.route == surface::anthropic_count
                            || x.route == surface::gemini_count;
    if (!asks_count || result.status == 400 || result.status < 300)
      return result;
    return {200, {{"content-type", "application/json"}},
            count_answer(x.route, x.counted)};
  }

  static void reply(const pending& x, int status, header_list headers,
                    std::string body) {
    headers.emplace_back("x-request-id", x.request_id);
    x.client->answer(status, headers, std::move(body));
  }

  static void refuse(const pending& x, const refusal_words& words) {
    auto said = rota::refuse(x.route, words);
    if (words.status == 401)
      said.headers.emplace_back("www-authenticate", "Bearer");
    reply(x, said.status, std::move(said.headers), std::move(said.body));
  }

  static void refuse_stopping(const pending& x) {
    if (x.sink && x.sink->committed())
      x.client->abort();
    else
      refuse(x, {503, "stopping", "rota is stopping.", true, {}});
  }

  /// The client's own name for its request, if it has a good one.
  std::string id_for(const http_exchange& client, uint64_t item) const {
    const auto given = client.header("x-request-id");
    if (is_request_id(given))
      return std::string{given};
    const auto run = all_.attempt_base >> 8;
    return "req_" + std::to_string(run) + '_' + std::to_string(item);
  }

  static bool may_use(const client_list::client& caller,
                      const std::string& model) {
    const auto& names = caller.options.models;
    return names.empty()
           || std::find(names.begin(), names.end(), model) != names.end();
  }

  std::vector<std::string>
  models_for(const client_list::client& caller) const {
    auto result = models_(caller.options.tags);
    std::erase_if(result,
                  [&](const auto& x) { return !may_use(caller, x); });
    return result;
  }

  void generate(pending x, const api_route& found,
                const client_list::client& caller) {
    const auto facts = read_facts(found, *x.client, default_output_);
    auto model = found.model.empty() ? facts.model : found.model;
    if (model.empty())
      model = default_model(found.route);
    if (!facts.fault.empty())
      return refuse(x, {400, "invalid_request",
                        "The request's body is of no use: " + facts.fault + '.',
                        false, {}});
    if (model.empty() && found.route != surface::openai_stored)
      return refuse(x, {400, "missing_required_parameter",
                        "The request names no model.", false, {}});
    if (!model.empty() && !may_use(caller, model))
      return refuse(x, words_for_model(found.route, model));
    if (open_.size() >= limits_.max_in_flight)
      return refuse(x, {503, "overloaded",
                        "rota serves as many requests as it may already.", true,
                        std::chrono::seconds{1}});
    x.id.client = caller.id;
    auto work = make_job(*x.client, found.route, model, facts.tokens);
    work->id = x.id;
    work->session = session_of(caller.id, found.route, model,
                               x.client->headers(), x.client->body());
    work->tags = caller.options.tags;
    work->attempt_base = all_.attempt_base;
    work->deadline = all_.now() + limits_.request_timeout;
    const auto& made_before = found.response.empty() ? facts.previous_response
                                                     : found.response;
    if (!made_before.empty())
      work->made_before = response_key(caller.id, made_before);
    x.counted = facts.tokens.input;
    if (may_stream(found.route) && (facts.stream || found.stream)) {
      const auto inserted = limits_.ask_for_usage && ask_for_its_usage(*work);
      x.sink = std::make_shared<request_sink>(
        x.client, request_sink::rules{found.route, inserted, x.show_account,
                                      x.request_id});
      work->sink = x.sink;
    }
    x.work = std::move(work);
    x.client->on_gone = [weak = weak_from_this(), id = x.id.item] {
      if (const auto self = weak.lock())
        self->leave(id);
    };
    auto& entry = open_.emplace(x.id.item, std::move(x)).first->second;
    if (caller.id == client_id{})
      return start_runner(entry);
    auto wish = std::make_shared<admission_request>();
    wish->want = {entry.id, facts.tokens.input + facts.tokens.output,
                  highest_cost(*entry.work)};
    wish->reply_to = owner_;
    caf::anon_send(all_.clients, atom::admit_v,
                   admission_ptr{std::move(wish)});
  }

  /// The estimate, at the dearest account.
  money highest_cost(const job& work) const {
    usage expected;
    expected.input_uncached = work.estimate.input;
    expected.output = work.estimate.output;
    return all_.setup()->prices->cost(work.model, expected, clients_->dearest(),
                                      all_.now());
  }

  void start_runner(pending& x) {
    const runner_peers peers{all_.dispatcher, all_.upstream, all_.journal};
    x.runner = spawn_hosted(all_.system, &all_.loop, runner, all_.clock, peers,
                            all_.setup(), std::exchange(x.work, nullptr),
                            job_owner_actor{owner_});
  }

  /// Takes a request out of those under way.
  pending take(pending_map::iterator i) {
    auto result = std::move(i->second);
    open_.erase(i);
    if (result.admitted)
      caf::anon_send(all_.clients, atom::dismiss_v, result.id);
    return result;
  }

  void look_idle() {
    if (idle_ && open_.empty())
      std::exchange(idle_, std::nullopt)->set_value();
  }

  /// The client has gone: nobody waits for this any more.
  void leave(uint64_t id) {
    const auto i = open_.find(id);
    if (i == open_.end())
      return;
    if (i->second.runner)
      return caf::anon_send(i->second.runner, atom::cancel_v);
    open_.erase(i); // Its admission is still on the way.
    look_idle();
  }

  wiring& all_;
  http_options limits_;
  int64_t default_output_;
  clients_ptr clients_;
  model_names models_;
  client_list::client nobody_; // Who asks where there are no clients.
  front_actor owner_;
  pending_map open_; // By item.
  uint64_t last_ = 0;
  std::optional<std::promise<void>> idle_; // Somebody waits for that.
};

api_front::api_front(wiring& all, const options& opts, clients_ptr clients,
                     model_names models)
  : impl_{std::make_shared<impl>(all, opts, std::move(clients),
                                 std::move(models))} {
  impl_->start();
}

api_front::~api_front() {
  impl_->stop();
}

void api_front::clients(clients_ptr x) {
  impl_->clients(std::move(x));
}

void api_front::drain(milliseconds longest) {
  impl_->drain(longest);
}

void api_front::serve(const http_exchange_ptr& client) {
  impl_->serve(client);
}

std::string api_front::refusal(int status, std::string_view sentence) {
  return refuse(surface::openai_chat,
                {status, "invalid_request", std::string{sentence}, false, {}})
    .body;
}

} // namespace rota
