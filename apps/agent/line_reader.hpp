#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace libagent::app {

/// Reads lines that somebody types: with editing and a history on a terminal, plainly elsewhere.
///
/// On a terminal Ctrl-C empties the line, and ends the input when it is empty already. The history
/// is a file that only its owner can read. Thread safety: none, and one at a time exists.
class line_reader {
public:
  /// An empty path: the history is forgotten in the end. A file that cannot be used is, too.
  explicit line_reader(const std::filesystem::path& history_file);
  line_reader(const line_reader&) = delete;
  line_reader& operator=(const line_reader&) = delete;
  ~line_reader();

  /// Whether somebody sits at a terminal, on both sides.
  [[nodiscard]] bool is_interactive() const { return editor_ != nullptr; }

  /// The next line without its end; empty at the end of the input. The prompt is shown on a
  /// terminal only.
  [[nodiscard]] std::optional<std::string> read(const std::string& prompt);

  /// As `read`, for an answer that no history needs.
  [[nodiscard]] std::optional<std::string> ask(const std::string& prompt);

  /// Gives the terminal back as it was, for an end in the middle of a line. Any thread.
  static void restore_terminal();

private:
  struct editor;
  std::unique_ptr<editor> editor_;  ///< Null: not on a terminal.
};

}  // namespace libagent::app
