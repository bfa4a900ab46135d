#include "libagent/knowledge/question.hpp"

#include "libagent/knowledge/stop_words.hpp"
#include "libagent/knowledge/terms.hpp"
#include "libagent/knowledge/unicode.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace libagent {

namespace {

struct kind_cue {
  std::string_view words;
  question_kind kind;
};

// The first that occurs decides, so the special ones stand before the general ones.
constexpr std::array<kind_cue, 26> kind_cues{{
    {"how many", question_kind::quantity},
    {"how much", question_kind::quantity},
    {"how often", question_kind::quantity},
    {"what year", question_kind::time},
    {"when ", question_kind::time},
    {"why ", question_kind::reason},
    {"what does", question_kind::definition},
    {"what do ", question_kind::definition},
    {"what is", question_kind::definition},
    {"what are", question_kind::definition},
    {"what was", question_kind::definition},
    {"whats ", question_kind::definition},
    {"what's", question_kind::definition},
    {"who is", question_kind::definition},
    {"define ", question_kind::definition},
    {"什么时候", question_kind::time},
    {"何时", question_kind::time},
    {"为什么", question_kind::reason},
    {"为何", question_kind::reason},
    {"多少", question_kind::quantity},
    {"多久", question_kind::quantity},
    {"多大", question_kind::quantity},
    {"几", question_kind::quantity},
    {"是什么", question_kind::definition},
    {"做什么", question_kind::definition},
    {"什么是", question_kind::definition},
}};

question_kind kind_of_question(std::string_view question) {
  std::string lower{question};
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c + ('a' - 'A'));
  }
  for (const auto& cue : kind_cues) {
    if (lower.find(cue.words) != std::string::npos)
      return cue.kind;
  }
  return question_kind::other;
}

/// What "how" asks for the measure of; the answer gives a number instead of the word.
bool is_measured(std::string_view word) {
  constexpr std::array<std::string_view, 13> measured{"big",  "deep",  "far",  "fast", "heavy",
                                                      "high", "large", "long", "old",  "quickly",
                                                      "soon", "tall",  "wide"};
  return std::ranges::binary_search(measured, word);
}

/// The question with its Chinese stop words replaced by spaces, so that no pair of letters is
/// formed across them.
std::string without_chinese_stops(std::string_view question) {
  std::string out;
  out.reserve(question.size());
  for (std::size_t at = 0; at < question.size();) {
    const auto rest = question.substr(at);
    const auto stop = chinese_stop_length(rest);
    const auto kept =
        std::max<std::size_t>(chinese_kept_length(rest), decode_utf8(question, at).length);
    if (stop > 0 && stop >= kept) {
      out.push_back(' ');
      at += stop;
    } else {
      out.append(rest.substr(0, kept));
      at += kept;
    }
  }
  return out;
}

}  // namespace

question_analysis analyse_question(std::string_view question) {
  question_analysis analysis;
  analysis.kind = kind_of_question(question);
  const auto text = without_chinese_stops(question);
  term_reader reader{text};
  auto after_how = false;
  while (const auto* found = reader.next()) {
    if (std::exchange(after_how, found->word == "how") && is_measured(found->word)) {
      analysis.measure = found->word;
      analysis.kind = question_kind::quantity;
      continue;
    }
    if (found->run_tail || is_question_word(found->word))
      continue;
    const auto single =
        found->unsegmented && decode_utf8(found->stem, 0).length == found->stem.size();
    question_term wanted{std::string{found->stem}, single, found->unsegmented};
    if (std::ranges::find(analysis.terms, wanted) == analysis.terms.end())
      analysis.terms.push_back(std::move(wanted));
    if (analysis.terms.size() == question_terms_max)
      break;
  }
  return analysis;
}

}  // namespace libagent
