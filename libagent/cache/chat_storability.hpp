#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace libagent {

/// Whether an answer may be stored, and if not, why.
enum class storability : std::uint8_t {
  storable,
  forbidden,   ///< The asker wants it not stored.
  failed,      ///< It is an error.
  incomplete,  ///< A part was cut off, filtered or never came.
  varying,     ///< Another call would give another answer, and nobody said that this is fine.
};

/// What is known of a model's answer once it is over, and of the request it answers.
struct chat_answer_facts {
  /// One for each choice, as the provider says; empty for a choice that never ended.
  std::span<const std::string_view> finish_reasons;
  bool has_error = false;
  std::optional<double> temperature;  ///< As requested; the provider's default is not known.
  bool has_seed = false;
  bool accepts_repeats = false;  ///< The asker takes one sample for all (opt-in).
  bool no_store = false;
};

/// Complete answers only: each choice ended by `stop` or `tool_calls`. And only those that a
/// repetition would give again: at a temperature given as 0, or with a seed; all others on request.
[[nodiscard]] storability storability_of(const chat_answer_facts& facts);

[[nodiscard]] inline bool is_storable(const chat_answer_facts& facts) {
  return storability_of(facts) == storability::storable;
}

}  // namespace libagent
