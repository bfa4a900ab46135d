#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace libagent::lab {

/// What every contestant is given.
struct turn_setup {
  std::uint16_t model_port = 0;  ///< Of the stub model server on 127.0.0.1; base path `/v1`.
  std::string model = "stub";
  std::size_t users = 1;  ///< Turns under way at a time, at most.
};

/// Something inside this process that runs an agent's turn: a model call, a call of the tool that
/// it asks for, and another model call.
///
/// The question is `turn_question`, the tool `get_weather` (`turn_tool_answer` gives its output),
/// and a right turn ends with `turn_answer`. Thread safety: `begin_turn` from any thread.
class turn_contestant {
public:
  turn_contestant() = default;
  turn_contestant(const turn_contestant&) = delete;
  turn_contestant& operator=(const turn_contestant&) = delete;
  virtual ~turn_contestant() = default;

  /// Begins a turn for `user`, who has no other one under way; counted from 0. Then calls `on_end`
  /// once, from any thread, with the text of the answer, or why there is none.
  virtual void begin_turn(std::size_t user, std::function<void(expected<std::string>)> on_end) = 0;
};

using turn_contestant_ptr = std::unique_ptr<turn_contestant>;

/// One that runs in this program, and what it is called.
struct turn_contestant_kind {
  std::string name;
  std::function<expected<turn_contestant_ptr>(const turn_setup&)> start;
};

/// All that there are, the floor last.
[[nodiscard]] std::vector<turn_contestant_kind> turn_contestants();

inline constexpr const char* turn_question = "What is the weather in Oslo?";
inline constexpr const char* turn_instructions = "You help with the weather. Use your tool.";
inline constexpr const char* turn_tool_name = "get_weather";
inline constexpr const char* turn_tool_description = "Says what the weather is in a city.";

/// `{"city": STRING}` in, a sentence out.
[[nodiscard]] std::string turn_tool_answer(const std::string& city);

/// What the stub model says in the end.
[[nodiscard]] std::string turn_answer();

}  // namespace libagent::lab
