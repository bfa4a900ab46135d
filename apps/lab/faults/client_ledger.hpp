#pragma once

#include "apps/lab/faults/http_call.hpp"
#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/expected.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace libagent::lab {

/// What a client knows of one submit.
enum class submit_outcome : std::uint8_t {
  unknown,       ///< Sent, and no answer came that says what became of it.
  refused,       ///< It was told that nothing was accepted.
  acknowledged,  ///< It was told an id.
};

/// Ends the label of what is sent with the key of another op and a body of its own.
inline constexpr const char* other_body_suffix = "-other";

/// How a task ended, as the client was told.
struct told_end {
  std::string state;
  std::string outcome;  ///< The result as JSON, or the code of the error.

  friend bool operator==(const told_end&, const told_end&) = default;
};

/// A submit, and what came of it.
struct client_op {
  std::size_t number = 0;
  std::string tool;
  std::string label;  ///< Different for each, and in the lines of its runs.
  std::string arguments;
  std::string key;  ///< Empty: none.
  bool waits = false;
  std::optional<int> timeout_ms;

  submit_outcome outcome = submit_outcome::unknown;
  std::string refusal;
  std::string id;
  std::optional<told_end> end;
  std::uint32_t attempt = 0;  ///< The latest that was told.
  time_point told_at;         ///< When that was; answers to earlier questions may be older.
  bool is_lost = false;       ///< With a damaged journal, and reported as such.
  bool is_set_back = false;   ///< The same, to an earlier state.

  /// Whether what it was told must still be true after a crash.
  [[nodiscard]] bool is_durable() const { return !waits || !key.empty() || tool == "append_once"; }
};

/// The client's own book: a file to which it adds a line before it sends anything, and one for all
/// that it is told, each on disk before it goes on. Answers that contradict an earlier one are
/// problems, unless the node said that its journal was damaged. Thread safety: all.
class client_ledger {
public:
  /// `reports_damage`: whether the node did. Errors: `io_failed`.
  [[nodiscard]] static expected<std::unique_ptr<client_ledger>> open(
      const std::filesystem::path& file, std::function<bool()> reports_damage);

  /// Returns the op's number.
  std::size_t add(client_op op);

  /// What the node said to a submit of that op, or to a question about it.
  void take_answer(std::size_t number, const http_answer& answer);

  void note_problem(const std::string& what);
  /// Whether the node said that its journal was damaged.
  [[nodiscard]] bool knows_of_damage();
  /// A problem, unless the journal was damaged.
  void note_contradiction(std::size_t number, const std::string& what);

  void change(std::size_t number, const std::function<void(client_op&)>& how);

  [[nodiscard]] std::vector<client_op> ops() const;
  [[nodiscard]] std::vector<std::string> problems() const;

private:
  client_ledger(owned_descriptor file, std::function<bool()> reports_damage)
      : file_{std::move(file)}, reports_damage_{std::move(reports_damage)} {}

  void write_line(const nlohmann::ordered_json& line);
  void take_record(client_op& op, const nlohmann::json& record, time_point asked_at);
  void check_result(client_op& op, const nlohmann::json& record);
  void take_end(client_op& op, const nlohmann::json& record);
  void take_refusal(client_op& op, const http_answer& answer);
  void add_problem(std::string what);
  void add_contradiction(client_op& op, const std::string& what);

  mutable std::mutex mutex_;
  owned_descriptor file_;
  std::function<bool()> reports_damage_;
  std::vector<client_op> ops_;
  std::vector<std::string> problems_;
};

}  // namespace libagent::lab
