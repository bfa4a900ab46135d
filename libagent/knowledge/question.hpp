#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// What sort of answer a question asks for.
enum class question_kind : std::uint8_t {
  other,
  definition,  ///< "What is X", "What does X do", "X是什么".
  quantity,    ///< "How many", "多少".
  time,        ///< "When", "什么时候".
  reason,      ///< "Why", "为什么".
};

/// One thing that a question is about.
struct question_term {
  std::string stem;
  bool prefix = false;  ///< A single letter of a script without spaces: any term that begins so.
  bool unsegmented = false;  ///< Of such a script; see `term`.

  friend bool operator==(const question_term&, const question_term&) = default;
};

/// A question as retrieval and ranking see it.
struct question_analysis {
  question_kind kind = question_kind::other;
  std::string measure;  ///< "high" of "how high": helps to rank, but an answer may leave it out.
  std::vector<question_term> terms;  ///< Without stop words and repetitions, in order.
};

/// More terms than this are cut off: nobody's question has them.
inline constexpr std::size_t question_terms_max = 48;

/// Finds what a question in English or Chinese (or any language with neither's stop words) asks.
[[nodiscard]] question_analysis analyse_question(std::string_view question);

}  // namespace libagent
