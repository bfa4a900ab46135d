#pragma once

#include "libagent/knowledge/question.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace libagent {

/// Where the terms of a question stand in a text.
struct term_match {
  struct hit {
    std::uint32_t position;  ///< Counted in terms from the start, function words left out.
    std::uint32_t term;      ///< Index in the question's terms.
    std::size_t end;         ///< Byte after the term in the text.
  };

  std::uint64_t mask = 0;    ///< Bit i: the question's term i occurs.
  std::vector<hit> hits;     ///< In order of the text.
  std::uint32_t length = 0;  ///< Terms in the text, function words left out.
};

/// Finds the terms of one question in many texts.
///
/// Thread safety: `match` is const and may run concurrently.
class term_matcher {
public:
  /// `terms` must outlive the matcher.
  /// @pre at most `question_terms_max` terms.
  explicit term_matcher(const std::vector<question_term>& terms);

  [[nodiscard]] term_match match(std::string_view text) const;

private:
  void note(term_match& found, std::size_t term, std::size_t end) const;

  const std::vector<question_term>* terms_;
  std::unordered_map<std::string_view, std::size_t> whole_;  // stem -> index
  std::vector<std::size_t> prefixes_;
};

}  // namespace libagent
