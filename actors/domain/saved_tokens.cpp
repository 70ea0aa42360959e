#include "actors/domain/saved_tokens.hpp"

#include "messages/job.hpp"

namespace rota {

saved_tokens::saved_tokens(account_id account, const job_id& job,
                           const rate_bucket& has, timestamp now)
  : account_{account}, job_{job}, since_{now}, level_{has.level_at(now)} {
  // nop
}

bool saved_tokens::bars(const job_id& x, int64_t tokens,
                        const rate_bucket& has, timestamp now) const {
  if (account_ == account_id{} || x == job_ || has.per_minute == 0
      || (is_line(job_) && !is_line(x)))
    return false;
  const auto gained = static_cast<double>(has.per_minute) / 60'000 / 2
                      * static_cast<double>((now - since_).count());
  return has.level_at(now) - static_cast<double>(tokens) < level_ + gained;
}

} // namespace rota
