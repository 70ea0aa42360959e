#pragma once

#include "tests/actors/pool_fixture.hpp"

namespace rota {

inline constexpr int64_t dollar = 1'000'000'000;

/// Asks accounts of a pool and tells them how it went.
struct account_fixture : pool_fixture {
  std::variant<hold_grant, caf::error> hold(const std::string& name,
                                            uint64_t item, int64_t nanos) {
    auto x = std::make_shared<acquire_request>();
    x->want = {line(item), 1, money{nanos}};
    auto response = self->request(accounts.at(name), caf::infinite,
                                  atom::hold_v, acquire_ptr{x});
    run();
    std::variant<hold_grant, caf::error> result;
    response.receive(
      [&](const hold_grant& grant, account_state& state) {
        serials[item] = grant.serial;
        result = grant;
        self->send(pool, atom::publish_v, std::move(state)); // As it would.
      },
      [&](caf::error& why) { result = std::move(why); });
    run();
    return result;
  }

  reading_cut cut(const std::string& name) {
    return std::get<reading_cut>(
      ask<reading_cut>(accounts.at(name), atom::cut_v));
  }

  void read(const std::string& name, int64_t nanos) {
    self->send(accounts.at(name), atom::reading_v,
               balance_reading{money{nanos}, cut(name)});
    run();
  }

  ec refused(const std::string& name, uint64_t item, int64_t nanos) {
    const auto x = hold(name, item, nanos);
    return x.index() == 0 ? ec::ok : code_of(std::get<caf::error>(x));
  }

  void end(const std::string& name, uint64_t item, charge charged,
           int64_t nanos, failure_class cls = failure_class::none) {
    auto x = std::make_shared<attempt_end>();
    x->hold = {{{1}, item}, 1};
    x->report.judged.charged = charged;
    x->report.judged.cls = cls;
    x->report.serial = serials[item];
    x->report.model = "m";
    x->cost = money{nanos};
    self->send(accounts.at(name), atom::settle_v, attempt_end_ptr{x});
    run();
  }

  std::map<uint64_t, attempt_serial> serials;
};

} // namespace rota
