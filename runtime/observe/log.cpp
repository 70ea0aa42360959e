#include "runtime/observe/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <stdexcept>

namespace rota {

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
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v",
                   spdlog::pattern_time_type::utc);
  log->set_level(spdlog::level::from_str(x.level));
  log->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}

} // namespace rota
