#include "runtime/api/front.hpp"

#include "actors/domain/affinity.hpp"
#include "actors/domain/api_route.hpp"
#include "actors/domain/call_cost.hpp"
#include "actors/domain/call_facts.hpp"
#include "actors/domain/client_books.hpp"
#include "actors/domain/header_text.hpp"
#include "actors/domain/record_draft.hpp"
#include "actors/runner.hpp"
#include "runtime/api/front_relay.hpp"
#include "runtime/api/model_list.hpp"
#include "runtime/api/pending_request.hpp"
#include "runtime/api/price_watch.hpp"
#include "runtime/api/request_job.hpp"
#include "runtime/api/response_keeper.hpp"
#include "runtime/api/stranger.hpp"
#include "runtime/engine/hosted.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <future>
#include <optional>
#include <unordered_map>

namespace rota {

class api_front::impl : public std::enable_shared_from_this<api_front::impl> {
public:
  impl(wiring& all, const options& opts, clients_ptr clients,
       model_names models, std::vector<response_pin> responses)
    : all_{all},
      limits_{opts.api},
      default_output_{opts.batch.default_output_tokens},
      clients_{std::move(clients)},
      models_{std::move(models)},
      responses_{all.journal, opts.api, std::move(responses), all.now()} {
    // nop
  }

  void start() {
    owner_ = spawn_hosted(all_.system, &all_.loop, front_relay<impl>,
                          shared_from_this());
    all_.watch("API's front", owner_);
  }

  void stop() {
    std::promise<void> done;
    all_.loop.post([this, &done] {
      const auto all = std::exchange(open_, {});
      for (const auto& [id, x] : all)
        x.refuse_stopping();
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
    pending_request x;
    x.client = client;
    x.route = found.route;
    x.id.item = ++last_;
    x.arrived = all_.now();
    const auto given = client->header("x-request-id");
    x.is_named = is_request_id(given);
    x.request_id = x.is_named ? std::string{given} : name_of(x.id.item);
    x.show_account = limits_.show_account;
    const client_list::client* caller = &nobody_;
    if (clients_->is_open()) {
      if (const auto fault = fault_of_page(client->headers()))
        return x.refuse(*fault);
    } else {
      if (auto said = answer_preflight(client->method(), client->headers()))
        return client->answer(said->status, said->headers, {});
      allow_page(client->headers(), client->also);
      const auto tokens = credentials_of(client->target(), client->headers());
      caller = clients_->find_any(tokens);
      if (caller == nullptr)
        return x.refuse(
          words_for_stranger(!tokens.empty(), client->header("authorization")));
      x.show_account = x.show_account || caller->options.show_account;
    }
    switch (found.what) {
      case api_call::generate:
        return generate(std::move(x), found, *caller);
      case api_call::stored:
        return look_up(std::move(x), found, *caller);
      case api_call::list_models:
      case api_call::show_model:
        return x.reply(answer_about_models(
          found, models_for(found, *caller, models_)));
      case api_call::upgrade:
      case api_call::wrong_method:
      case api_call::unknown:
        return x.refuse(words_for_route(found, client->method()));
    }
  }

  std::optional<http_answer> greet(std::string_view method,
                                   std::string_view target,
                                   const header_list& headers) {
    return refuse_stranger(*clients_, method, target, headers,
                           [this] { return next_name(); });
  }

  /// A name for what is no request.
  std::string next_name() {
    return name_of(++last_);
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
    const auto words = words_of(x, all_.now());
    note_end(*entry.work, request_outcome::refused, words);
    entry.refuse(words);
    look_idle();
  }

  void finish(const item_result_ptr& x) {
    const auto i = open_.find(x->id.item);
    if (i == open_.end())
      return;
    auto& entry = i->second;
    if (!entry.deletes.empty() && x->state == item_state::succeeded)
      responses_.forget(entry.deletes);
    if (!entry.has_begun() && is_stored_first(entry, *x)) {
      entry.result = x;
      return;
    }
    answer(i, *x);
  }

  /// The response that a request made is found again from now on.
  void durable(uint64_t item) {
    const auto i = open_.find(item);
    if (i == open_.end() || !i->second.result)
      return;
    const auto result = i->second.result;
    answer(i, *result);
  }

  void dismiss(job_id x) {
    const auto i = open_.find(x.item);
    if (i == open_.end())
      return;
    take(i).refuse_stopping();
    look_idle();
  }

private:
  using pending_map = std::unordered_map<uint64_t, pending_request>;

  void answer(pending_map::iterator i, const item_result& x) {
    const auto entry = take(i);
    if (!entry.has_begun())
      entry.reply(x, all_.now());
    look_idle(); // Last: who waits for it cuts the connections.
  }

  /// Has the response that came stored, before its client can ask for it.
  /// @returns Whether that is to be waited for.
  bool is_stored_first(const pending_request& entry, const item_result& x) {
    if (!entry.keeps || x.state != item_state::succeeded)
      return false;
    const auto now = all_.now();
    return responses_.keep(
      {response_id_of(x.body), x.account_number, entry.id.client, now}, now,
      durable_actor{owner_}, entry.id.item);
  }

  /// Stores the record of a request that had no runner.
  void note_end(const job& work, request_outcome what,
                const refusal_words& words) {
    if (!all_.setup()->records)
      return;
    auto x = std::make_shared<commit>();
    x->record = record_without_runner(work, what, words.status,
                                      std::string{words.code}, all_.now());
    caf::anon_send(all_.journal, atom::append_v, commit_ptr{std::move(x)});
  }

  /// Refuses a client whom we know, before there is a job.
  void refuse_known(const pending_request& x, std::string model,
                    const refusal_words& words) {
    job work;
    work.route = x.route;
    work.model = std::move(model);
    x.name(work, all_.attempt_base);
    note_end(work, request_outcome::refused, words);
    x.refuse(words);
  }

  std::string name_of(uint64_t item) const {
    const auto run = all_.attempt_base / attempts_per_run;
    return to_string(rota::request_id{run, item});
  }

  void generate(pending_request x, const api_route& found,
                const client_list::client& caller) {
    x.id.client = caller.id;
    if (const auto coding = x.client->header("content-encoding");
        !coding.empty() && !same_name(coding, "identity"))
      return refuse_known(x, found.model, words_for_coding());
    auto facts = read_call(found.route, x.client->header("content-type"),
                           x.client->body(), default_output_);
    auto model = found.model.empty() ? facts.model : found.model;
    if (!facts.fault.empty())
      return refuse_known(x, model,
                          {400, "invalid_request",
                           "The request's body is of no use: " + facts.fault
                             + '.',
                           false, {}});
    if (model.empty())
      return refuse_known(x, model,
                          {400, "missing_required_parameter",
                           "The request names no model.", false, {}});
    if (!may_use(caller, model))
      return refuse_known(x, model, words_for_model(found.route, model));
    const auto pinned = facts.previous.empty()
                          ? std::nullopt
                          : responses_.find(facts.previous, caller.id,
                                            all_.now());
    if (!facts.previous.empty() && !pinned)
      return refuse_known(x, model, words_for_previous(facts.previous));
    x.tokens = facts.tokens.input;
    x.keeps = found.route == surface::openai_responses && facts.stored;
    if (is_free(found.route))
      facts.tokens = {};
    auto work = make_job(*x.client, found.route, std::move(model),
                         facts.tokens);
    work->units = facts.units;
    work->pinned = pinned;
    work->session = session_of(caller.id, found.route, work->model,
                               x.client->headers(), x.client->body());
    const auto streams = facts.stream || found.stream
                         || found.route == surface::openai_speech;
    begin(std::move(x), std::move(work), streams, caller);
  }

  /// Asks the account that keeps a response about it.
  void look_up(pending_request x, const api_route& found,
               const client_list::client& caller) {
    x.id.client = caller.id;
    const auto keeper = responses_.find(found.response, caller.id, all_.now());
    if (!keeper)
      return refuse_known(x, {}, words_for_response(found.response));
    if (found.deletes)
      x.deletes = found.response;
    auto work = make_job(*x.client, found.route, {}, {});
    work->pinned = keeper;
    begin(std::move(x), std::move(work), found.stream, caller);
  }

  void begin(pending_request x, std::shared_ptr<job> work, bool streams,
             const client_list::client& caller) {
    if (open_.size() >= limits_.max_in_flight)
      return refuse_known(x, work->model,
                          {503, "overloaded",
                           "rota serves as many requests as it may already.",
                           true, std::chrono::seconds{1}});
    x.name(*work, all_.attempt_base);
    prices_.look(all_.setup()->prices, *work);
    work->drains = limits_.drain_bytes > 0;
    work->tags = caller.options.tags;
    if (x.client->header("x-request-id").empty()) // Else it travels as it is.
      work->headers.emplace_back("x-request-id", x.request_id);
    work->deadline = x.arrived + patience_for(x.route, limits_.request_timeout);
    if (streams) {
      const auto inserted = limits_.ask_for_usage && ask_for_its_usage(*work);
      x.sink = std::make_shared<request_sink>(
        x.client, request_sink::rules{x.route, inserted, x.show_account,
                                      x.request_id, on_response(x)});
      work->sink = x.sink;
    }
    x.work = std::move(work);
    x.client->on_gone = [weak = weak_from_this(), id = x.id.item] {
      if (const auto self = weak.lock())
        self->leave(id);
    };
    auto& entry = open_.emplace(x.id.item, std::move(x)).first->second;
    // To count costs nothing, and clients count before each request.
    if (caller.id == client_id{} || counts_tokens(entry.route))
      return start_runner(entry);
    const auto& tokens = entry.work->estimate;
    auto wish = std::make_shared<admission_request>();
    wish->want = {entry.id, tokens.input + tokens.output,
                  highest_cost(*entry.work)};
    wish->reply_to = owner_;
    caf::anon_send(all_.clients, atom::admit_v,
                   admission_ptr{std::move(wish)});
  }

  /// What becomes of the id of a response that is streamed.
  std::function<void(const std::string&, account_id)>
  on_response(const pending_request& x) {
    if (!x.keeps)
      return nullptr;
    return [weak = weak_from_this(), client = x.id.client](
             const std::string& id, account_id account) {
      if (const auto self = weak.lock()) {
        const auto now = self->all_.now();
        self->responses_.keep({id, account, client, now}, now);
      }
    };
  }

  /// The estimate, at the dearest account.
  money highest_cost(const job& work) const {
    const auto setup = all_.setup();
    return expected_cost({*setup->prices, setup->routing.unpriced_call}, work,
                         clients_->dearest(), all_.now());
  }

  void start_runner(pending_request& x) {
    const runner_peers peers{all_.dispatcher, all_.upstream, all_.journal};
    x.runner = spawn_hosted(all_.system, &all_.loop, runner, all_.clock, peers,
                            all_.setup(), std::exchange(x.work, nullptr),
                            job_owner_actor{owner_});
  }

  /// Takes a request out of those under way.
  pending_request take(pending_map::iterator i) {
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
    if (const auto& x = i->second; x.runner) {
      const auto end = [runner = x.runner] {
        caf::anon_send(runner, atom::cancel_v);
      };
      if (x.sink && limits_.drain_bytes > 0)
        x.sink->drain(limits_.drain_bytes, end);
      return end();
    }
    note_end(*i->second.work, request_outcome::client_left,
             {0, {}, {}, false, {}});
    open_.erase(i); // Its admission is still on the way.
    look_idle();
  }

  wiring& all_;
  http_options limits_;
  int64_t default_output_;
  clients_ptr clients_;
  model_names models_;
  response_keeper responses_;
  price_watch prices_;
  client_list::client nobody_; // Who asks where there are no clients.
  front_actor owner_;
  pending_map open_; // By item.
  uint64_t last_ = 0;
  std::optional<std::promise<void>> idle_; // Somebody waits for that.
};

api_front::api_front(wiring& all, const options& opts, clients_ptr clients,
                     model_names models, std::vector<response_pin> responses)
  : impl_{std::make_shared<impl>(all, opts, std::move(clients),
                                 std::move(models), std::move(responses))} {
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

std::optional<http_answer> api_front::greet(std::string_view method,
                                            std::string_view target,
                                            const header_list& headers) {
  return impl_->greet(method, target, headers);
}

http_answer api_front::refuse(int status, std::string_view sentence,
                              std::string_view target) {
  auto said = words_to(route_of("POST", target, {}).route,
                       {status, "invalid_request", std::string{sentence},
                        false, {}});
  said.headers.emplace_back("x-request-id", impl_->next_name());
  return {said.status, std::move(said.headers), std::move(said.body)};
}

} // namespace rota
