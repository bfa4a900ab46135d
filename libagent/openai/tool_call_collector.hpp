#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/random.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/openai/code_point_joiner.hpp"
#include "libagent/openai/json_tape.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// Notices when the JSON object that a text begins with is complete, byte by byte.
class json_balance {
public:
  void add(std::string_view bytes);

  /// Whether as many braces and brackets were closed as opened, and at least one.
  [[nodiscard]] bool is_closed() const { return opened_ && depth_ == 0; }

private:
  std::size_t depth_ = 0;
  bool opened_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
};

/// Puts tool calls together from the pieces that servers send of them.
///
/// By the book a piece names its call by `index`, and id and name come in the first piece only. In
/// the field the index is missing, or is 0 for all calls; names are repeated with each piece, or
/// come in pieces themselves; and calls arrive whole. A piece belongs to a new call when it has a
/// new index, a new id beside a name, or a name after the call's arguments were complete.
/// Thread safety: none.
class tool_call_collector {
public:
  struct limits {
    std::size_t calls_max;
    std::size_t arguments_bytes_max;
  };

  tool_call_collector(const limits& bounds, std::uint64_t id_seed);

  /// Takes an element of `tool_calls`, or a `function_call` of old. Appends to `fresh` what is new.
  /// Errors: errc::too_large past the limits.
  [[nodiscard]] expected<void> add(json_view piece, std::vector<tool_call_piece>& fresh);

  [[nodiscard]] bool empty() const { return calls_.empty(); }

  /// The calls so far; their arguments may be incomplete.
  [[nodiscard]] const std::vector<tool_call>& calls() const { return calls_; }

  /// Whether the arguments of all calls are complete, as far as their brackets tell.
  [[nodiscard]] bool are_complete() const;

  /// Ends all texts. Appends to `fresh` what was kept back.
  /// Errors: errc::corrupt for a call without a name.
  [[nodiscard]] expected<std::vector<tool_call>> finish(std::vector<tool_call_piece>& fresh);

private:
  /// What is known of a call beside the call itself.
  struct slot {
    std::optional<std::uint64_t> index;  ///< What the server calls it.
    std::string their_id;                ///< As it came; empty: none did.
    code_point_joiner joiner;
    json_balance balance;
  };

  /// What one piece says.
  struct piece {
    std::optional<std::uint64_t> index;
    std::string id;
    std::string name;
    bool has_arguments = false;  ///< Not empty; they are in `scratch_`.
  };

  [[nodiscard]] piece read_piece(json_view value);
  [[nodiscard]] std::optional<std::size_t> find(const piece& p) const;
  [[nodiscard]] bool begins_another(const piece& p, std::size_t at) const;
  [[nodiscard]] expected<void> append(const piece& p, std::vector<tool_call_piece>& fresh);
  [[nodiscard]] std::size_t open(const piece& p);
  [[nodiscard]] std::string accepted_id(const std::string& theirs);
  [[nodiscard]] expected<void> take_name(const piece& p, std::size_t at, std::string& fresh);
  [[nodiscard]] expected<void> take_arguments(std::size_t at, std::string& fresh);

  limits limits_;
  seeded_random random_;
  std::vector<slot> slots_;  ///< One for each of `calls_`.
  std::vector<tool_call> calls_;
  std::string scratch_;  ///< The arguments of a piece.
};

}  // namespace libagent
