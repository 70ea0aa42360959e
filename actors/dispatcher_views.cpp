// What the DISPATCHER says to people.

#include "actors/dispatcher.hpp"

namespace rota {

namespace {

/// Views asked for at the same time: CAF finds an open request by a linear
/// search.
constexpr size_t gather_window = 64;

} // namespace

struct dispatcher_state::gathering {
  caf::typed_response_promise<account_views_ptr> answer;
  std::vector<account_actor> left;
  std::vector<account_view> views;
  size_t open = 0;
};

template <class Predicate>
waiting_view dispatcher_state::look_at_waiting(Predicate is_meant) const {
  waiting_view result;
  const seeker* longest = nullptr;
  waiting.for_each([&](const seeker& x) {
    if (!is_meant(x))
      return;
    ++result.jobs;
    if (longest == nullptr || x.since < longest->since)
      longest = &x;
  });
  if (longest == nullptr)
    return result;
  result.line = longest->work().line;
  result.list_cost = longest->request().list_cost;
  if (const auto why = reason_of(*longest).why; why != ec::at_limit)
    result.why = why;
  return result;
}

caf::result<account_views_ptr> dispatcher_state::accounts() {
  auto x = std::make_shared<gathering>();
  x->answer = self->make_response_promise<account_views_ptr>();
  x->views.reserve(members.size());
  members.for_each([&x](account_id, const member& it) {
    x->left.push_back(it.about.actor);
  });
  if (x->left.empty())
    x->answer.deliver(std::make_shared<const std::vector<account_view>>());
  else
    for (size_t i = 0; i < gather_window && !x->left.empty(); ++i)
      gather_next(x);
  return x->answer;
}

pool_view dispatcher_state::status() const {
  const auto all = look_at_waiting([](const seeker&) { return true; });
  return {members.size(), granted, declines, refused,
          all.jobs,       all.why, halted};
}

waiting_view dispatcher_state::waiting_of(const waiting_question& x) const {
  return look_at_waiting([&x](const seeker& y) {
    return y.work().id.batch == x.batch;
  });
}

void dispatcher_state::gather_next(const std::shared_ptr<gathering>& x) {
  const auto next = std::move(x->left.back());
  x->left.pop_back();
  ++x->open;
  const auto go_on = [this, x] {
    --x->open;
    if (!x->left.empty())
      gather_next(x);
    else if (x->open == 0)
      x->answer.deliver(std::make_shared<const std::vector<account_view>>(
        std::move(x->views)));
  };
  self->request(next, caf::infinite, atom::status_v)
    .then(
      [x, go_on](account_view& view) {
        x->views.push_back(std::move(view));
        go_on();
      },
      [go_on](const caf::error&) { go_on(); });
}

} // namespace rota
