#include "libagent/knowledge/answer.hpp"

#include "libagent/base/text.hpp"
#include "libagent/knowledge/sentence_scorer.hpp"
#include "libagent/knowledge/sentences.hpp"
#include "libagent/knowledge/term_matcher.hpp"
#include "libagent/knowledge/terms.hpp"
#include "libagent/knowledge/unicode.hpp"

#include <algorithm>
#include <bit>
#include <unordered_set>

namespace libagent {

namespace {

constexpr double relevance_share = 0.1;
constexpr double same_words_max = 0.6;    // more shared words make a quote a repetition
constexpr double next_quote_share = 0.8;  // of the best score; less is a digression

struct scored_sentence {
  sentence content;
  const std::string* file;
  sentence_score score;
};

std::string_view closest_heading(std::string_view headings) {
  const auto last = headings.rfind(" > ");
  return last == std::string_view::npos ? headings : headings.substr(last + 3);
}

/// Walks through one passage and scores its sentences, keeping track of what stands above each.
class passage_walk {
public:
  passage_walk(const sentence_scorer& scorer, const term_matcher& matcher,
               const retrieved_passage& from, std::size_t term_count)
      : scorer_{&scorer}, matcher_{&matcher}, from_{&from}, term_count_{term_count} {
    around_.headings = matcher.match(from.content.headings).mask;
    around_.file_name = matcher.match(from.file).mask;
    around_.passage = matcher.match(from.content.text).mask;
    enter_section(closest_heading(from.content.headings));
  }

  void run(double relevance_bonus, std::vector<scored_sentence>& out) {
    for (auto& current :
         split_sentences(from_->content.text, from_->content.kind, from_->content.line_first)) {
      const auto match = matcher_->match(current.text);
      enter_table(current, match.mask);
      auto score = scorer_->score(current, match, around_);
      score.total += relevance_bonus;
      step_past(current, match.mask);
      if (score.coverage > 0)
        out.push_back({std::move(current), &from_->file, score});
    }
  }

private:
  void enter_section(std::string_view title) {
    const auto match = matcher_->match(title);
    const auto terms = static_cast<std::size_t>(std::popcount(match.mask));
    around_.names_section = terms == term_count_ && match.length <= term_count_ + 2;
    around_.place = 0;
    around_.question_above = 0;
  }

  /// The first row of a table names the columns of the others.
  void enter_table(const sentence& current, std::uint64_t mask) {
    if (current.role != sentence_role::row) {
      around_.table_header.reset();
    } else if (!around_.table_header) {
      around_.table_header = mask;
    }
  }

  void step_past(const sentence& passed, std::uint64_t mask) {
    if (passed.role == sentence_role::heading) {
      enter_section(passed.text);
      around_.headings |= mask;
      around_.sentence_before = 0;
      return;
    }
    if (passed.role == sentence_role::question)
      around_.question_above = mask;
    around_.sentence_before = mask;
    ++around_.place;
  }

  const sentence_scorer* scorer_;
  const term_matcher* matcher_;
  const retrieved_passage* from_;
  std::size_t term_count_;
  sentence_surroundings around_;
};

std::vector<scored_sentence> score_all(const question_analysis& question,
                                       const term_statistics& statistics,
                                       std::span<const retrieved_passage> passages) {
  const term_matcher matcher{question.terms};
  const sentence_scorer scorer{question, statistics};
  double relevance_max = 0;
  for (const auto& from : passages)
    relevance_max = std::max(relevance_max, from.relevance);
  std::vector<scored_sentence> all;
  for (const auto& from : passages) {
    const auto bonus = relevance_max > 0 ? relevance_share * from.relevance / relevance_max : 0.0;
    passage_walk{scorer, matcher, from, question.terms.size()}.run(bonus, all);
  }
  std::ranges::stable_sort(all, std::greater{},
                           [](const scored_sentence& s) { return s.score.total; });
  return all;
}

/// A heading or a question leads to an answer and is none.
bool can_be_quoted(sentence_role role) {
  return role != sentence_role::heading && role != sentence_role::question;
}

using stem_set = std::unordered_set<std::string>;

stem_set stem_set_of(std::string_view text) {
  auto stems = stems_of(text);
  return {std::make_move_iterator(stems.begin()), std::make_move_iterator(stems.end())};
}

bool repeats(const stem_set& words, const stem_set& quoted) {
  const auto shared = std::ranges::count_if(
      words, [&quoted](const std::string& stem) { return quoted.contains(stem); });
  const auto smaller = std::min(words.size(), quoted.size());
  return static_cast<double>(shared) > same_words_max * static_cast<double>(smaller);
}

std::string cut_quote(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text;
  auto head = utf8_prefix(text, bytes_max);
  if (const auto space = head.rfind(' '); space != std::string_view::npos && space > bytes_max / 2)
    head = head.substr(0, space);
  return std::string{head} + " \xE2\x80\xA6";
}

}  // namespace

extractive_answer select_answer(const question_analysis& question,
                                const term_statistics& statistics,
                                std::span<const retrieved_passage> passages,
                                const answer_options& options) {
  extractive_answer answer;
  if (question.terms.empty())
    return answer;
  const auto candidates = score_all(question, statistics, passages);
  std::vector<stem_set> quoted;
  for (const auto& candidate : candidates) {
    if (answer.quotes.size() >= options.quotes_max)
      break;
    const auto best = answer.quotes.empty() ? 0.0 : answer.quotes.front().score;
    if (candidate.score.total < next_quote_share * best)
      break;
    if (candidate.score.coverage < options.coverage_min || !can_be_quoted(candidate.content.role))
      continue;
    auto words = stem_set_of(candidate.content.text);
    if (std::ranges::any_of(quoted, [&](const stem_set& other) { return repeats(words, other); }))
      continue;
    quoted.push_back(std::move(words));
    answer.quotes.push_back({cut_quote(candidate.content.text, options.quote_bytes_max),
                             *candidate.file, candidate.content.line_first,
                             candidate.content.line_last, candidate.score.total});
  }
  answer.found = !answer.quotes.empty();
  return answer;
}

}  // namespace libagent
