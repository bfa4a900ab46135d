#pragma once

#include "libagent/adapters/worker_process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

namespace libagent::testing {

/// Only failures take this long.
inline constexpr std::chrono::seconds run_patience{30};
inline constexpr stop_patience no_hurry{.until_terminate = std::chrono::seconds{20},
                                        .until_kill = std::chrono::seconds{25}};

/// Workers that are this test program, unless `options` name another.
inline std::shared_ptr<worker_processes> open_workers(worker_process_options options = {}) {
  if (options.program.empty())
    options.program = {"/proc/self/exe", "[.worker_process]"};
  options.environment.emplace_back("WORKER_MARKER=here");
  if (!options.on_error_line)
    options.on_error_line = [](const std::string&) {};
  auto opened = worker_processes::open(std::move(options));
  REQUIRE(opened);
  return *opened;
}

inline worker_process_options shell_worker(const std::string& script) {
  return {.program = {"/bin/sh", "-c", script}};
}

inline tool_context context_for(std::chrono::milliseconds timeout = run_patience) {
  return {.id = {}, .deadline = std::chrono::steady_clock::now() + timeout, .stop = {}};
}

inline nlohmann::json describe_from(worker_processes& workers) {
  const auto output = workers.run("describe", "{}", context_for());
  REQUIRE(output);
  return nlohmann::json::parse(*output);
}

/// Runs a tool and asks it to stop at its first progress.
inline expected<std::string> run_and_stop(worker_processes& workers, const std::string& tool,
                                          const std::string& arguments = "{}") {
  std::stop_source stop;
  auto context = context_for();
  context.stop = stop.get_token();
  context.progress = [&stop](double, const std::string&) { stop.request_stop(); };
  return workers.run(tool, arguments, context);
}

}  // namespace libagent::testing
