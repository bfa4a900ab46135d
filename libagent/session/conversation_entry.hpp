#pragma once

#include "libagent/models/chat.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace libagent {

/// Where a tool call is in its life.
enum class call_phase : std::uint8_t {
  asked,    ///< By the model; nothing was done.
  waits,    ///< For a person.
  allowed,  ///< By a person; not started yet.
  started,  ///< May have had its effects.
  ended     ///< `output` says how.
};

/// A tool call and, once there is one, its result: they are never apart.
struct recorded_call {
  tool_call call;  ///< Its arguments are a JSON object.
  call_phase phase = call_phase::asked;
  bool succeeded = false;
  bool has_run = false;  ///< It was started at some time.
  std::string output;

  friend bool operator==(const recorded_call&, const recorded_call&) = default;
};

/// Something that was said.
struct conversation_entry {
  /// Not of a tool. Its calls are in `calls`, and it has neither reasoning nor a `tool_call_id`.
  chat_message message;
  std::vector<recorded_call> calls;

  friend bool operator==(const conversation_entry&, const conversation_entry&) = default;
};

}  // namespace libagent
