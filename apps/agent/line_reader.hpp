#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace libagent::app {

/// Where the lines of a conversation come from. Thread safety: none.
class line_source {
public:
  line_source() = default;
  line_source(const line_source&) = delete;
  line_source& operator=(const line_source&) = delete;
  virtual ~line_source() = default;

  /// Whether somebody sits at a terminal, on both sides.
  [[nodiscard]] virtual bool is_interactive() const = 0;

  /// The next line without its end; empty at the end of the input. The prompt is shown on a
  /// terminal only.
  [[nodiscard]] virtual std::optional<std::string> read(const std::string& prompt) = 0;

  /// As `read`, for an answer that no history needs.
  [[nodiscard]] virtual std::optional<std::string> ask(const std::string& prompt) = 0;
};

/// Reads lines that somebody types: with editing and a history on a terminal, plainly elsewhere.
///
/// On a terminal Ctrl-C empties the line, and ends the input when it is empty already. The history
/// is a file that only its owner can read. Thread safety: none, and one at a time exists.
class line_reader final : public line_source {
public:
  /// An empty path: the history is forgotten in the end. A file that cannot be used is, too.
  explicit line_reader(const std::filesystem::path& history_file);
  line_reader(const line_reader&) = delete;
  line_reader& operator=(const line_reader&) = delete;
  ~line_reader() override;

  [[nodiscard]] bool is_interactive() const override { return editor_ != nullptr; }

  [[nodiscard]] std::optional<std::string> read(const std::string& prompt) override;
  [[nodiscard]] std::optional<std::string> ask(const std::string& prompt) override;

  /// Gives the terminal back as it was, for an end in the middle of a line. Any thread.
  static void restore_terminal();

private:
  struct editor;
  std::unique_ptr<editor> editor_;  ///< Null: not on a terminal.
};

}  // namespace libagent::app
