#include "runtime/observe/log.hpp"

#include "messages/printable.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <stdexcept>

namespace rota {

namespace {

/// What is said, in one line: providers and operators have their words in it.
class one_line final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& x, const std::tm&,
              spdlog::memory_buf_t& to) override {
    const auto text = printable({x.payload.data(), x.payload.size()});
    to.append(text.data(), text.data() + text.size());
  }

  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<one_line>();
  }
};

std::unique_ptr<spdlog::formatter> log_formatter() {
  auto result = std::make_unique<spdlog::pattern_formatter>(
    spdlog::pattern_time_type::utc);
  result->add_flag<one_line>('*').set_pattern(
    "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %*");
  return result;
}

} // namespace

void set_up_log(const log_options& x) {
  spdlog::drop("rotad"); // Of a run that ended in this process.
  std::shared_ptr<spdlog::logger> log;
  try {
    log = x.file.empty() ? spdlog::stderr_logger_mt("rotad")
                         : spdlog::basic_logger_mt("rotad", x.file);
  } catch (const spdlog::spdlog_ex&) {
    throw std::runtime_error{"The log file " + x.file
                             + " cannot be written; check log.file and the"
                               " permissions of its directory."};
  }
  log->set_formatter(log_formatter());
  log->set_level(spdlog::level::from_str(x.level));
  log->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}

} // namespace rota
