#pragma once

#include "runtime/admin/server.hpp"
#include "runtime/admin/views.hpp"

// How the admin API answers.
namespace rota {

inline constexpr auto application_json = "application/json";

inline void answer(admin_exchange& x, int status, const json& body) {
  // What providers and clients said may be anything.
  x.reply(status, application_json,
          body.dump(-1, ' ', false, json::error_handler_t::replace) + '\n');
}

inline void refuse(admin_exchange& x, int status, const std::string& code,
            const std::string& message) {
  answer(x, status, error_of(code, message));
}

inline void not_found(admin_exchange& x, const std::string& what) {
  refuse(x, 404, "not_found", what);
}

inline void wrong_method(admin_exchange& x) {
  refuse(x, 405, "wrong_method",
         x.path() + " does not take " + x.method() + ".");
}

} // namespace rota
