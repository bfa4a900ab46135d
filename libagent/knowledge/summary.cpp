#include "libagent/knowledge/summary.hpp"

#include "libagent/knowledge/passages.hpp"
#include "libagent/knowledge/stop_words.hpp"
#include "libagent/knowledge/terms.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t sentences_between_checks = 256;
constexpr std::size_t terms_min = 4;   // fewer are a fragment
constexpr std::size_t terms_max = 60;  // more are a list or a dump

struct weighed_sentence {
  sentence content;
  std::vector<std::uint32_t> terms;  ///< Sorted, without repetitions.
  bool leads_section = false;
  double score = 0;
};

double squared(double x) {
  return x * x;
}

/// Reads a text into sentences with numbered terms, then scores and picks.
class summarizer {
public:
  summarizer(const summary_options& options, const std::stop_token& stop,
             const std::function<void(double)>& progress)
      : options_{options}, stop_{stop}, report_progress_{progress} {}

  expected<text_summary> run(std::string_view text, text_kind kind) {
    if (!read(text, kind) || !score())
      return error{errc::cancelled, "summarize: cancelled"};
    if (sentences_.empty())
      return error{errc::invalid_argument, "summarize: the text holds no sentence"};
    text_summary summary{{}, sentences_.size()};
    pick(summary.sentences);
    std::ranges::stable_sort(summary.sentences, {}, &sentence::line_first);
    report_progress_(1.0);
    return summary;
  }

private:
  bool read(std::string_view text, text_kind kind) {
    const auto passages = make_passages(text, kind);
    auto after_heading = true;
    for (std::size_t i = 0; i < passages.size(); ++i) {
      if (!go_on(i, passages.size(), 0.0))
        return false;
      for (auto& found :
           split_sentences(passages[i].text, passages[i].kind, passages[i].line_first)) {
        const auto is_heading = found.role == sentence_role::heading;
        if (found.role == sentence_role::prose)
          add(std::move(found), after_heading);
        after_heading = is_heading;
      }
    }
    return true;
  }

  void add(sentence found, bool leads_section) {
    weighed_sentence added{std::move(found), {}, leads_section, 0};
    term_reader reader{added.content.text};
    while (const auto* current = reader.next()) {
      if (is_function_word(current->word) || current->run_tail)
        continue;
      const auto next_id = static_cast<std::uint32_t>(ids_.size());
      added.terms.push_back(ids_.try_emplace(std::string{current->stem}, next_id).first->second);
    }
    occurrences_.resize(ids_.size());
    sentences_with_.resize(ids_.size());
    for (const auto id : added.terms)
      ++occurrences_[id];
    std::ranges::sort(added.terms);
    const auto repeated = std::ranges::unique(added.terms);
    added.terms.erase(repeated.begin(), repeated.end());
    for (const auto id : added.terms)
      ++sentences_with_[id];
    if (added.terms.size() >= terms_min && added.terms.size() <= terms_max) {
      sentences_.push_back(std::move(added));
    } else {
      fragments_.push_back(std::move(added));
    }
  }

  bool score() {
    if (sentences_.empty())
      sentences_ = std::move(fragments_);  // a text of short lines is better than none
    weigh_terms();
    double best = 0;
    for (std::size_t i = 0; i < sentences_.size(); ++i) {
      if (!go_on(i, sentences_.size(), 0.5))
        return false;
      sentences_[i].score = closeness(sentences_[i].terms);
      best = std::max(best, sentences_[i].score);
    }
    for (std::size_t i = 0; i < sentences_.size(); ++i) {
      const auto place = static_cast<double>(i) / static_cast<double>(sentences_.size());
      auto& score = sentences_[i].score;
      score = (best > 0 ? score / best : 0.0) + 0.2 * squared(1.0 - place) +
              (sentences_[i].leads_section ? 0.1 : 0.0);
    }
    return true;
  }

  void weigh_terms() {
    const auto total = static_cast<double>(sentences_.size() + fragments_.size());
    weights_.resize(ids_.size());
    for (std::size_t id = 0; id < weights_.size(); ++id) {
      const auto idf =
          std::log(1.0 + total / std::max(1.0, static_cast<double>(sentences_with_[id])));
      // A term of a single sentence says nothing of the rest.
      weights_[id] = sentences_with_[id] > 1 ? std::log(1.0 + occurrences_[id]) * idf : 0.0;
    }
  }

  /// Cosine with the centroid, but for the centroid's length, which all share.
  [[nodiscard]] double closeness(const std::vector<std::uint32_t>& terms) const {
    double dot = 0;
    for (const auto id : terms)
      dot += weights_[id];
    return dot / std::sqrt(std::max<double>(static_cast<double>(terms.size()), terms_min));
  }

  void pick(std::vector<sentence>& chosen) {
    std::vector<bool> covered(ids_.size());
    while (chosen.size() < options_.sentences_max) {
      auto best = sentences_.end();
      double best_value = 0;
      for (auto candidate = sentences_.begin(); candidate != sentences_.end(); ++candidate) {
        const auto value = candidate->score * (1.0 - repetition(*candidate, covered));
        if (value > best_value) {
          best = candidate;
          best_value = value;
        }
      }
      if (best == sentences_.end())
        return;
      for (const auto id : best->terms)
        covered[id] = true;
      best->score = 0;  // taken
      chosen.push_back(std::move(best->content));
    }
  }

  static double repetition(const weighed_sentence& candidate, const std::vector<bool>& covered) {
    if (candidate.terms.empty())
      return 1;
    const auto known = std::ranges::count_if(candidate.terms,
                                             [&covered](std::uint32_t id) { return covered[id]; });
    return static_cast<double>(known) / static_cast<double>(candidate.terms.size());
  }

  /// Reports progress and looks for a cancel once in a while. Reading is the first half.
  bool go_on(std::size_t done, std::size_t total, double before) {
    if (done % sentences_between_checks != 0)
      return true;
    report_progress_(before + 0.5 * static_cast<double>(done) / static_cast<double>(total));
    return !stop_.stop_requested();
  }

  const summary_options& options_;
  const std::stop_token& stop_;
  const std::function<void(double)>& report_progress_;
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::vector<std::uint32_t> occurrences_;
  std::vector<std::uint32_t> sentences_with_;
  std::vector<double> weights_;
  std::vector<weighed_sentence> sentences_;
  std::vector<weighed_sentence> fragments_;
};

}  // namespace

expected<text_summary> summarize_text(std::string_view text, text_kind kind,
                                      const summary_options& options, const std::stop_token& stop,
                                      const std::function<void(double fraction)>& progress) {
  if (text.size() > options.text_bytes_max) {
    return error{errc::too_large, "summarize: " + std::to_string(text.size()) + " bytes, at most " +
                                      std::to_string(options.text_bytes_max)};
  }
  return summarizer{options, stop, progress}.run(text, kind);
}

}  // namespace libagent
