#pragma once

#include "apps/lab/models/stub_options.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent::lab {

/// What of a chat request decides the reply. In the terms of the OpenAI API reference.
struct stub_request {
  std::string model;
  bool stream = false;
  bool include_usage = false;
  std::uint64_t prompt_tokens = 0;  ///< A quarter of the body's bytes.
  std::string question;             ///< What the user said last.
  std::uint32_t rounds = 0;         ///< Replies with tool calls since then.
  /// The tool to call: the one that the request wants called, or its first; empty: none.
  std::string tool;
  std::string arguments;  ///< For it, as its schema wants them; ASCII.
};

/// Reads a body of `POST /v1/chat/completions`. As servers do, it refuses tool calls without
/// results, and arguments in the history that are no JSON. Errors: `errc::invalid_argument`.
[[nodiscard]] expected<stub_request> read_stub_request(std::string_view body, bool echo);

}  // namespace libagent::lab
