#pragma once

#include "libagent/knowledge/passages.hpp"
#include "libagent/knowledge/question.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace libagent {

/// A passage that an index holds for a question.
struct retrieved_passage {
  std::string file;  ///< Relative to the documents' folder.
  passage content;
  double relevance = 0;  ///< BM25; greater is better. Only compared within one result.
};

/// How rare the terms of a question are.
struct term_statistics {
  std::uint64_t passages = 0;                ///< In the whole index.
  std::vector<std::uint64_t> passages_with;  ///< For each term of the question, in its order.
};

/// Words of a document that answer, and where they stand.
struct answer_quote {
  std::string text;
  std::string file;
  std::uint32_t line_first = 0;  ///< Counted from 1.
  std::uint32_t line_last = 0;   ///< Inclusive.
  double score = 0;              ///< Above 0; greater answers better.
};

/// An answer made of quotes only.
struct extractive_answer {
  bool found = false;  ///< False: no quotes, because nothing covers the question's words.
  std::vector<answer_quote> quotes;  ///< Best first.
};

struct answer_options {
  std::size_t quotes_max = 3;
  std::size_t quote_bytes_max = 480;  ///< Longer quotes are cut, with an ellipsis.
  /// Share of the question's weight, in (0, 1], that a sentence and its surroundings must cover.
  double coverage_min = 0.62;
};

/// Chooses the sentences that answer, from passages that retrieval brought.
///
/// The extractive model: classical language processing without weights or network. A sentence
/// is scored by the question's words in it (rare ones count more) and, less, in its headings, its
/// file's name and the sentences before it; by the shape an answer to such a question has (a
/// definition begins with what it defines, an amount has a number); and by its passage's
/// relevance. Near repetitions are left out. When the best sentence covers too little, nothing is
/// found: no answer is better than a wrong one.
/// @pre `statistics.passages_with` has one entry for each term of `question`.
[[nodiscard]] extractive_answer select_answer(const question_analysis& question,
                                              const term_statistics& statistics,
                                              std::span<const retrieved_passage> passages,
                                              const answer_options& options = {});

}  // namespace libagent
