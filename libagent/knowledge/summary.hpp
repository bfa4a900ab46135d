#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/knowledge/sentences.hpp"
#include "libagent/knowledge/text_kind.hpp"

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace libagent {

struct summary_options {
  std::size_t sentences_max = 5;
  std::size_t text_bytes_max = std::size_t{16} << 20U;
};

struct text_summary {
  std::vector<sentence> sentences;  ///< In the order of the text.
  std::size_t sentences_read = 0;
};

/// Picks the sentences that stand best for a whole text, in any language that `term_reader` cuts.
///
/// Extractive and deterministic: a sentence is close to the text's centroid (the sum of its tf-idf
/// weighted terms; Radev et al. 2004), early ones and those after a heading count a little more,
/// and one that repeats a chosen sentence is passed over. Cost: linear in the text, but for
/// `sentences_max` passes over the sentences.
///
/// `progress` gets the fraction done, now and then. Errors: `errc::too_large`;
/// `errc::invalid_argument` when the text has no sentence; `errc::cancelled` soon after `stop`.
[[nodiscard]] expected<text_summary> summarize_text(
    std::string_view text, text_kind kind, const summary_options& options,
    const std::stop_token& stop, const std::function<void(double fraction)>& progress);

}  // namespace libagent
