#include "libagent/knowledge/sentence_scorer.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/knowledge/line_marks.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

namespace libagent {

namespace {

// How much a word of the question counts that is not in the sentence but near it.
constexpr double question_above_support = 0.85;
constexpr double headings_support = 0.75;
constexpr double file_name_support = 0.6;
constexpr double sentence_before_support = 0.5;
constexpr double passage_support = 0.2;

// A pair of letters that no document has is mostly the end of one word and the start of the next.
constexpr double unknown_pair_weight = 0.35;

bool has_term(std::uint64_t mask, std::size_t term) {
  return ((mask >> term) & 1U) != 0;
}

template <std::size_t N>
bool starts_with_any(std::string_view text, const std::array<std::string_view, N>& starts) {
  return std::ranges::any_of(starts, [text](auto start) { return text.starts_with(start); });
}

template <std::size_t N>
bool contains_any(std::string_view text, const std::array<std::string_view, N>& parts) {
  return std::ranges::any_of(
      parts, [text](auto part) { return text.find(part) != std::string_view::npos; });
}

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool says_amount(std::string_view text) {
  constexpr std::array<std::string_view, 14> words{" one ", " two ", " three ", " four ", " five ",
                                                   " six ", " ten ", " none ",  "一",     "两",
                                                   "三",    "四",    "五",      "十"};
  return has_digit(text) || contains_any(text, words);
}

bool gives_reason(std::string_view text) {
  constexpr std::array<std::string_view, 12> words{"because",   "since ",      "so that", "Because",
                                                   "therefore", "in order to", "reason",  "avoid",
                                                   "因为",      "由于",        "以便",    "为了"};
  return contains_any(text, words);
}

bool continues_as_definition(std::string_view rest) {
  constexpr std::array<std::string_view, 24> verbs{
      "is ",     "are ",    "was ",      "means ",    "refers ", "provides ",
      "does ",   "keeps ",  "watches ",  "measures ", "holds ",  "describes ",
      "allows ", "stands ", "contains ", ": ",        "- ",      "是",
      "：",      "指",      "用于",      "用来",      "负责",    "可以"};
  return starts_with_any(rest, verbs);
}

double idf(std::uint64_t passages, std::uint64_t with) {
  const auto n = static_cast<double>(passages);
  const auto df = static_cast<double>(std::min(with, passages));
  return std::log(1.0 + (n - df + 0.5) / (df + 0.5));
}

}  // namespace

sentence_scorer::sentence_scorer(const question_analysis& question,
                                 const term_statistics& statistics)
    : question_{&question} {
  LIBAGENT_EXPECTS(statistics.passages_with.size() == question.terms.size());
  const auto idf_max = idf(statistics.passages, 0);
  for (std::size_t i = 0; i < question.terms.size(); ++i) {
    const auto with = statistics.passages_with[i];
    // Between 0.5 and 1.5: with the bare idf one rare word would outvote all the others.
    auto weight = 0.5 + idf(statistics.passages, with) / idf_max;
    if (with == 0 && question.terms[i].unsegmented)
      weight *= unknown_pair_weight;
    weights_.push_back(weight);
  }
  const auto sum = std::accumulate(weights_.begin(), weights_.end(), 0.0);
  for (auto& weight : weights_)
    weight /= sum;
}

sentence_score sentence_scorer::score(const sentence& candidate, const term_match& match,
                                      const sentence_surroundings& around) const {
  sentence_score result;
  result.coverage = coverage(match.mask, around);
  result.total = 0.55 * result.coverage + 0.45 * share_of(match.mask) + neighbourhood(match) +
                 answer_shape(candidate.text, match, around);
  if (match.length < 4)
    result.total -= 0.15;  // a fragment
  if (match.length > 60)
    result.total -= 0.1;
  switch (candidate.role) {
    case sentence_role::prose: break;
    case sentence_role::row: result.total -= 0.05; break;
    case sentence_role::code: result.total -= 0.2; break;
    case sentence_role::question:
    case sentence_role::heading: break;  // never quoted
  }
  return result;
}

double sentence_scorer::share_of(std::uint64_t mask) const {
  double share = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (has_term(mask, i))
      share += weights_[i];
  }
  return share;
}

double sentence_scorer::coverage(std::uint64_t own, const sentence_surroundings& around) const {
  double covered = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    double support = 0;
    if (has_term(own, i)) {
      support = 1;
    } else if (has_term(around.question_above, i)) {
      support = question_above_support;
    } else if (has_term(around.headings | around.table_header.value_or(0), i)) {
      support = headings_support;
    } else if (has_term(around.file_name, i)) {
      support = file_name_support;
    } else if (has_term(around.sentence_before, i)) {
      support = sentence_before_support;
    } else if (has_term(around.passage, i)) {
      support = passage_support;
    }
    covered += support * weights_[i];
  }
  return covered;
}

/// Words that stand together in the question and in the sentence.
double sentence_scorer::neighbourhood(const term_match& match) const {
  if (weights_.size() < 2)
    return 0;
  std::uint64_t together = 0;
  for (std::size_t i = 1; i < match.hits.size(); ++i) {
    const auto& before = match.hits[i - 1];
    const auto& here = match.hits[i];
    if (here.term == before.term + 1 && here.position <= before.position + 1)
      together |= std::uint64_t{1} << before.term;
  }
  const auto pairs = static_cast<double>(weights_.size() - 1);
  return 0.15 * static_cast<double>(std::popcount(together)) / pairs;
}

double sentence_scorer::answer_shape(std::string_view text, const term_match& match,
                                     const sentence_surroundings& around) const {
  switch (question_->kind) {
    case question_kind::definition: return definition_shape(text, match, around);
    case question_kind::quantity:
      return (says_amount(text) ? 0.2 : 0.0) + (names_measure(text) ? 0.15 : 0.0);
    case question_kind::time: return has_digit(text) ? 0.1 : 0.0;
    case question_kind::reason: return gives_reason(text) ? 0.15 : 0.0;
    case question_kind::other: return 0;
  }
  return 0;
}

bool sentence_scorer::names_measure(std::string_view text) const {
  return !question_->measure.empty() && text.find(question_->measure) != std::string_view::npos;
}

/// "X is ...": begins with the whole subject. Below a heading "X" the first sentences are as good.
double sentence_scorer::definition_shape(std::string_view text, const term_match& match,
                                         const sentence_surroundings& around) const {
  double shape = 0;
  const auto subject_size = static_cast<std::uint32_t>(weights_.size());
  std::uint64_t leading = 0;
  std::size_t subject_end = 0;
  for (const auto& hit : match.hits) {
    if (hit.position > subject_size)
      break;
    leading |= std::uint64_t{1} << hit.term;
    subject_end = hit.end;
  }
  const auto rest = text.substr(subject_end);
  const auto is_compound = rest.size() > 1 && rest[0] == '-' && rest[1] != ' ';  // X-tool is not X
  if (!match.hits.empty() && match.hits.front().position <= 1 && share_of(leading) > 0.7 &&
      !is_compound) {
    shape += 0.15;
    const auto word = rest.find_first_not_of(" `*\"()");
    if (word != std::string_view::npos && continues_as_definition(rest.substr(word)))
      shape += 0.1;
  }
  if (around.names_section)
    shape += 0.25 / (1.0 + around.place);
  return shape;
}

}  // namespace libagent
