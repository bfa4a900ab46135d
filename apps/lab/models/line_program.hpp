#pragma once

#include "libagent/base/expected.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace libagent::lab {

/// Runs a program to its end and returns the last whole line of its standard output that is a JSON
/// object. The program, looked for in PATH, leads a process group, which is killed when it is not
/// done in time or when this thread ends. Blocking.
///
/// Errors: `errc::not_found` when it cannot be started, `errc::deadline_exceeded`,
/// `errc::unavailable` when it printed no such line.
[[nodiscard]] expected<nlohmann::ordered_json> run_for_line(const std::vector<std::string>& command,
                                                            std::chrono::milliseconds patience);

}  // namespace libagent::lab
