#pragma once

#include "libagent/models/chat.hpp"
#include "libagent/openai/json_tape.hpp"

#include <optional>
#include <string>

namespace libagent {

/// Reads a `usage` (OpenAI API reference); its details may be missing. Absent: not an object with
/// any count in it.
[[nodiscard]] std::optional<token_usage> read_usage(json_view value);

/// Reads llama.cpp's `timings`, which count tokens too (README of its server).
[[nodiscard]] std::optional<token_usage> read_timings(json_view value);

void append_usage(std::string& out, const token_usage& usage);

}  // namespace libagent
