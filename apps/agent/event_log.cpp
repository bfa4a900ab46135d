#include "apps/agent/event_log.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <utility>
#include <variant>

namespace libagent::app {

namespace {

constexpr std::size_t log_lines_waiting_max = 8192;

spdlog::level::level_enum to_spdlog(event_level level) {
  switch (level) {
    case event_level::debug: return spdlog::level::debug;
    case event_level::info: return spdlog::level::info;
    case event_level::warning: return spdlog::level::warn;
    case event_level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

event_level threshold(log_level configured) {
  switch (configured) {
    case log_level::debug: return event_level::debug;
    case log_level::info: return event_level::info;
    case log_level::warning: return event_level::warning;
    case log_level::error: return event_level::error;
  }
  return event_level::info;
}

class spdlog_event_sink final : public event_sink {
public:
  using event_sink::emit;

  spdlog_event_sink(spdlog::sink_ptr out, event_level level)
      : pool_{std::make_shared<spdlog::details::thread_pool>(log_lines_waiting_max, 1)},
        logger_{std::make_shared<spdlog::async_logger>(
            "agent", std::move(out), pool_, spdlog::async_overflow_policy::overrun_oldest)} {
    logger_->set_level(to_spdlog(level));
    logger_->flush_on(spdlog::level::warn);
    // The pattern makes the line's head; `%v` is the rest of the JSON object.
    logger_->set_pattern(R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                         spdlog::pattern_time_type::utc);
  }

  void emit(const event_kind& kind, std::span<const event_field> fields) noexcept override {
    const auto level = to_spdlog(kind.level);
    if (!logger_->should_log(level))
      return;
    try {
      nlohmann::ordered_json line;
      line["event"] = kind.name;
      for (const auto& [name, value] : fields)
        std::visit([&line, key = std::string{name}](const auto& v) { line[key] = v; }, value);
      // Texts may carry anything, so bytes that are not UTF-8 are replaced rather than thrown on.
      const auto text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      logger_->log(level, "{}", std::string_view{text}.substr(1, text.size() - 2));
    } catch (...) {  // NOLINT(bugprone-empty-catch): a log that fails must not fail its caller.
    }
  }

private:
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

}  // namespace

expected<event_sink_ptr> open_event_log(const log_config& config) {
  try {
    spdlog::sink_ptr out;
    if (config.file.empty()) {
      out = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      out = std::make_shared<spdlog::sinks::basic_file_sink_mt>(config.file);
    }
    return event_sink_ptr{
        std::make_shared<spdlog_event_sink>(std::move(out), threshold(config.level))};
  } catch (const spdlog::spdlog_ex& failed) {
    return error{errc::io_failed, "open log file " + config.file + ": " + failed.what()};
  }
}

}  // namespace libagent::app
