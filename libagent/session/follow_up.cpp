#include "libagent/session/follow_up.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace libagent {

namespace {

constexpr std::size_t short_question_words = 8;

constexpr std::array<std::string_view, 6> english_connectors{"and",  "but",        "also",
                                                             "then", "what about", "how about"};
constexpr std::array<std::string_view, 9> english_pronouns{"it",   "its",  "they",  "them", "their",
                                                           "this", "that", "these", "those"};
constexpr std::array<std::string_view, 5> chinese_connectors{"那", "而", "还有", "另外", "然后"};
constexpr std::array<std::string_view, 5> chinese_pronouns{"它", "他们", "这个", "那个", "其"};

/// Lower-case words of ASCII letters; all other bytes separate.
std::vector<std::string> ascii_words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty())
    words.pop_back();
  return words;
}

bool begins_with_connector(const std::vector<std::string>& words) {
  if (words.empty())
    return false;
  const auto first_two = words.size() > 1 ? words[0] + " " + words[1] : words[0];
  return std::ranges::any_of(english_connectors, [&](std::string_view connector) {
    return words[0] == connector || first_two == connector;
  });
}

bool has_english_pronoun(const std::vector<std::string>& words) {
  return std::ranges::any_of(words, [](const std::string& word) {
    return std::ranges::find(english_pronouns, word) != english_pronouns.end();
  });
}

bool leans_in_chinese(std::string_view question) {
  return std::ranges::any_of(chinese_connectors,
                             [&](auto connector) { return question.starts_with(connector); }) ||
         std::ranges::any_of(chinese_pronouns, [&](auto pronoun) {
           return question.find(pronoun) != std::string_view::npos;
         });
}

}  // namespace

std::string resolve_follow_up(std::string_view previous, std::string_view question) {
  const auto words = ascii_words(question);
  const bool leans = begins_with_connector(words) ||
                     (words.size() <= short_question_words && has_english_pronoun(words)) ||
                     leans_in_chinese(question);
  if (previous.empty() || !leans)
    return std::string{question};
  return std::string{previous}.append(" ").append(question);
}

}  // namespace libagent
