#pragma once

#include "libagent/api/render.hpp"
#include "libagent/session/turn.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace libagent {

struct chat_printer_options {
  text_style style;
  /// Longest line about a tool, at least 20; answers are never wrapped or cut.
  std::size_t columns = 100;
  bool verbose = false;  ///< Shows what the model thinks, and what a turn took.
};

/// Makes text for a terminal of what happens in turns, one after another.
///
/// The answer comes as it is written; each tool call and each result is one dim line; citations
/// stand at the end. Control characters of models and tools are left out, so that none of them can
/// play with the terminal. Thread safety: none.
class chat_printer {
public:
  explicit chat_printer(chat_printer_options options);

  /// What to print now; may be empty.
  [[nodiscard]] std::string on_update(const turn_update& update);
  /// What ends the turn; the cursor is at the start of a line then.
  [[nodiscard]] std::string on_end(const turn_result& result);
  [[nodiscard]] std::string on_refused(const error& why);

private:
  [[nodiscard]] std::string take(const turn_text& x);
  [[nodiscard]] std::string take(const turn_reasoning& x);
  [[nodiscard]] std::string take(const turn_call_piece& x);
  [[nodiscard]] std::string take(const turn_step_ended& x);
  [[nodiscard]] std::string take(const turn_tool_began& x);
  [[nodiscard]] std::string take(const turn_tool_ended& x);
  [[nodiscard]] std::string take(const turn_handed_over& x);

  /// Of the whole answer what was not printed yet.
  [[nodiscard]] std::string what_is_missing(std::string_view answer);
  [[nodiscard]] std::string show(std::string_view text);
  /// A dim line of its own, cut to the columns.
  [[nodiscard]] std::string note(std::string_view text);
  /// A line break unless the cursor is at the start of a line.
  [[nodiscard]] std::string new_line();
  [[nodiscard]] std::string how_it_ended(const turn_result& result);
  [[nodiscard]] std::string what_it_took(const turn_result& result);

  chat_printer_options options_;
  bool at_line_start_ = true;
  bool is_thinking_ = false;  ///< What was printed last is a thought.
  std::string printed_;       ///< Of the answer, since the last step.
};

/// `text` without control characters other than line ends and tabs, and without marks that change
/// the direction of what follows them.
[[nodiscard]] std::string printable_text(std::string_view text);

/// `text` in one line of at most `columns` columns, marked where it was cut; printable.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t columns);

/// A call as a person reads it: name and arguments.
[[nodiscard]] std::string call_text(const tool_call& call);

}  // namespace libagent
