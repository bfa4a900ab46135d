#pragma once

#include "libagent/knowledge/answer.hpp"
#include "libagent/knowledge/sentences.hpp"
#include "libagent/knowledge/term_matcher.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace libagent {

/// What surrounds a sentence, as far as it supports it.
struct sentence_surroundings {
  std::uint64_t headings = 0;                 ///< Masks of the question's terms that occur there.
  std::optional<std::uint64_t> table_header;  ///< Only set for a table's rows.
  std::uint64_t file_name = 0;
  std::uint64_t question_above = 0;
  std::uint64_t sentence_before = 0;
  std::uint64_t passage = 0;
  bool names_section = false;  ///< The closest heading is about the question's subject.
  std::uint32_t place = 0;     ///< Sentences between it and the heading (or passage start).
};

struct sentence_score {
  double coverage = 0;  ///< Share of the question's weight in the sentence and its surroundings.
  double total = 0;     ///< For the order of sentences.
};

/// Scores sentences for one question; see `select_answer` for what counts.
class sentence_scorer {
public:
  /// `question` must outlive the scorer.
  sentence_scorer(const question_analysis& question, const term_statistics& statistics);

  [[nodiscard]] sentence_score score(const sentence& candidate, const term_match& match,
                                     const sentence_surroundings& around) const;

private:
  [[nodiscard]] double share_of(std::uint64_t mask) const;
  [[nodiscard]] double coverage(std::uint64_t own, const sentence_surroundings& around) const;
  [[nodiscard]] double neighbourhood(const term_match& match) const;
  [[nodiscard]] double answer_shape(std::string_view text, const term_match& match,
                                    const sentence_surroundings& around) const;
  [[nodiscard]] bool names_measure(std::string_view text) const;
  [[nodiscard]] double definition_shape(std::string_view text, const term_match& match,
                                        const sentence_surroundings& around) const;

  const question_analysis* question_;
  std::vector<double> weights_;  // of the terms; they add up to 1
};

}  // namespace libagent
