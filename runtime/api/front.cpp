#include "runtime/api/front.hpp"

#include "actors/domain/api_route.hpp"
#include "actors/domain/client_error.hpp"
#include "actors/domain/estimate.hpp"
#include "actors/domain/stream_gate.hpp"
#include "actors/runner.hpp"
#include "runtime/api/model_list.hpp"
#include "runtime/api/request_sink.hpp"
#include "runtime/engine/hosted.hpp"

#include <caf/send.hpp>

#include <future>
#include <optional>
#include <unordered_map>

namespace rota {

namespace {

job_owner_actor::behavior_type
relay(job_owner_actor::pointer,
      const std::function<void(const item_result_ptr&)>& finish,
      const std::function<void(job_id)>& dismiss) {
  return {
    [](atom::durable, uint64_t) {},
    [finish](atom::finish, const item_result_ptr& x) { finish(x); },
    [dismiss](atom::dismiss, job_id x) { dismiss(x); },
  };
}

bool asks_for_stream_options(std::string_view body) {
  return body.find("\"stream_options\"") != std::string_view::npos;
}

} // namespace

class api_front::impl : public std::enable_shared_from_this<api_front::impl> {
public:
  impl(wiring& all, const options& opts, model_names models)
    : all_{all},
      limits_{opts.api},
      default_output_{opts.batch.default_output_tokens},
      models_{std::move(models)} {
    // nop
  }

  void start() {
    owner_ = spawn_hosted(
      all_.system, &all_.loop, relay,
      std::function<void(const item_result_ptr&)>{
        [this](const item_result_ptr& x) { finish(x); }},
      std::function<void(job_id)>{[this](job_id x) { dismiss(x); }});
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
    owner_ = job_owner_actor();
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

  void serve(const http_exchange_ptr& client) {
    const auto found = route_of(client->method(), client->target(),
                                client->headers());
    switch (found.what) {
      case api_call::generate:
        return generate(client, found);
      case api_call::list_models:
        return client->answer(200, {{"content-type", "application/json"}},
                              model_list(found.route, models_()));
      case api_call::upgrade:
        // Codex then falls back to HTTP at once.
        return refuse(client, found.route,
                      {426, "upgrade_required",
                       "rota serves this over HTTP, not over a WebSocket.",
                       false, {}});
      case api_call::wrong_method:
        return refuse(client, found.route,
                      {405, "method_not_allowed",
                       "This path does not take the method "
                         + std::string{client->method()} + '.',
                       false, {}});
      case api_call::unknown:
        return refuse(client, found.route,
                      {404, "not_found",
                       "rota serves nothing under this path.", false, {}});
    }
  }

private:
  /// A request under way.
  struct pending {
    http_exchange_ptr client;
    std::shared_ptr<request_sink> sink; // Absent: the answer comes whole.
    surface route = surface::openai_chat;
    runner_actor runner;
  };

  static void refuse(const http_exchange_ptr& client, surface route,
                     const refusal_words& words) {
    auto x = rota::refuse(route, words);
    client->answer(x.status, x.headers, std::move(x.body));
  }

  static void refuse_stopping(const pending& x) {
    if (x.sink && x.sink->committed())
      x.client->abort();
    else
      refuse(x.client, x.route,
             {503, "stopping", "rota is stopping.", true, {}});
  }

  void generate(const http_exchange_ptr& client, const api_route& found) {
    const auto facts = read_request(found.route, client->body(),
                                    default_output_);
    const auto model = found.model.empty() ? facts.model : found.model;
    if (!facts.fault.empty())
      return refuse(client, found.route,
                    {400, "invalid_request",
                     "The request's body is of no use: " + facts.fault + '.',
                     false, {}});
    if (model.empty())
      return refuse(client, found.route,
                    {400, "missing_required_parameter",
                     "The request names no model.", false, {}});
    if (open_.size() >= limits_.max_in_flight)
      return refuse(client, found.route,
                    {503, "overloaded",
                     "rota serves as many requests as it may already.", true,
                     std::chrono::seconds{1}});
    auto work = std::make_shared<job>();
    work->id.item = ++last_;
    work->route = found.route;
    work->model = model;
    work->estimate = facts.tokens;
    work->attempt_base = all_.attempt_base;
    work->deadline = all_.now() + limits_.request_timeout;
    work->target = forwarded_target(client->target());
    work->headers = forwarded_headers(client->headers());
    work->body = client->body();
    work->block = client->body_owner();
    const auto stream = facts.stream || found.stream;
    const auto insert = stream && limits_.ask_for_usage
                        && (found.route == surface::openai_chat
                            || found.route == surface::openai_completions)
                        && !asks_for_stream_options(work->body);
    if (insert)
      if (auto asked = ask_for_usage(work->body)) {
        auto kept = std::make_shared<const std::string>(std::move(*asked));
        work->body = *kept;
        work->block = std::move(kept);
      }
    pending entry{client, nullptr, found.route, {}};
    if (stream) {
      entry.sink = std::make_shared<request_sink>(client, found.route, insert);
      work->sink = entry.sink;
    }
    start_runner(std::move(work), std::move(entry));
  }

  void start_runner(job_ptr work, pending entry) {
    const auto id = work->id.item;
    entry.client->on_gone = [weak = weak_from_this(), id] {
      if (const auto self = weak.lock())
        self->leave(id);
    };
    const runner_peers peers{all_.dispatcher, all_.upstream, all_.journal};
    entry.runner = spawn_hosted(all_.system, &all_.loop, runner, all_.clock,
                                peers, all_.setup(), std::move(work), owner_);
    open_.emplace(id, std::move(entry));
  }

  void look_idle() {
    if (idle_ && open_.empty())
      std::exchange(idle_, std::nullopt)->set_value();
  }

  /// The client has gone: nobody waits for this any more.
  void leave(uint64_t id) {
    if (const auto i = open_.find(id); i != open_.end())
      caf::anon_send(i->second.runner, atom::cancel_v);
  }

  void finish(const item_result_ptr& x) {
    const auto i = open_.find(x->id.item);
    if (i == open_.end())
      return;
    const auto entry = std::move(i->second);
    open_.erase(i);
    if (!entry.sink || !entry.sink->committed()) {
      auto result = answer_for(entry.route, *x, std::nullopt);
      entry.client->answer(result.status, result.headers,
                           std::move(result.body));
    }
    look_idle(); // Last: who waits for it cuts the connections.
  }

  void dismiss(job_id x) {
    const auto i = open_.find(x.item);
    if (i == open_.end())
      return;
    const auto entry = std::move(i->second);
    open_.erase(i);
    refuse_stopping(entry);
    look_idle();
  }

  wiring& all_;
  http_options limits_;
  int64_t default_output_;
  model_names models_;
  job_owner_actor owner_;
  std::unordered_map<uint64_t, pending> open_;
  uint64_t last_ = 0;
  std::optional<std::promise<void>> idle_; // Somebody waits for that.
};

api_front::api_front(wiring& all, const options& opts, model_names models)
  : impl_{std::make_shared<impl>(all, opts, std::move(models))} {
  impl_->start();
}

api_front::~api_front() {
  impl_->stop();
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
