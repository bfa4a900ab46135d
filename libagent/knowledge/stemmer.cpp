#include "libagent/knowledge/stemmer.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace libagent {

namespace {

struct suffix_rule {
  std::string_view suffix;
  std::string_view replacement;
};

// Within a table a suffix stands before every suffix of itself: the longest match decides.
constexpr std::array<suffix_rule, 21> derivation_rules{{
    {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
    {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
    {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
    {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
    {"logi", "log"},
}};

constexpr std::array<suffix_rule, 7> adjective_rules{{
    {"icate", "ic"},
    {"ative", ""},
    {"alize", "al"},
    {"iciti", "ic"},
    {"ical", "ic"},
    {"ful", ""},
    {"ness", ""},
}};

constexpr std::array<std::string_view, 19> bare_suffixes{
    "al",  "ance", "ence", "er",  "ic",  "able", "ible", "ant", "ement", "ment",
    "ent", "ion",  "ou",   "ism", "ate", "iti",  "ous",  "ive", "ize"};

struct irregular_form {
  std::string_view word;
  std::string_view base;
};

constexpr std::array<irregular_form, 60> irregular_forms{{
    {"became", "become"}, {"began", "begin"},   {"begun", "begin"},
    {"bought", "buy"},    {"broke", "break"},   {"broken", "break"},
    {"brought", "bring"}, {"built", "build"},   {"came", "come"},
    {"caught", "catch"},  {"chose", "choose"},  {"chosen", "choose"},
    {"drawn", "draw"},    {"drew", "draw"},     {"fell", "fall"},
    {"felt", "feel"},     {"found", "find"},    {"gave", "give"},
    {"given", "give"},    {"gone", "go"},       {"grew", "grow"},
    {"grown", "grow"},    {"held", "hold"},     {"kept", "keep"},
    {"knew", "know"},     {"known", "know"},    {"led", "lead"},
    {"left", "leave"},    {"lost", "lose"},     {"made", "make"},
    {"meant", "mean"},    {"met", "meet"},      {"paid", "pay"},
    {"ran", "run"},       {"said", "say"},      {"sang", "sing"},
    {"saw", "see"},       {"seen", "see"},      {"sent", "send"},
    {"shown", "show"},    {"shrank", "shrink"}, {"shrunk", "shrink"},
    {"slept", "sleep"},   {"sold", "sell"},     {"spent", "spend"},
    {"spoke", "speak"},   {"stole", "steal"},   {"taken", "take"},
    {"taught", "teach"},  {"thought", "think"}, {"threw", "throw"},
    {"told", "tell"},     {"took", "take"},     {"understood", "understand"},
    {"went", "go"},       {"woke", "wake"},     {"won", "win"},
    {"wore", "wear"},     {"written", "write"}, {"wrote", "write"},
}};
static_assert(std::ranges::is_sorted(irregular_forms, {}, &irregular_form::word));

/// The word under work. "Measure" is Porter's m: how often a vowel run is followed by a
/// consonant run.
class porter_word {
public:
  explicit porter_word(std::span<char> letters) : letters_{letters}, size_{letters.size()} {}

  [[nodiscard]] std::size_t size() const { return size_; }

  void strip_plural() {
    if (ends_with("sses") || ends_with("ies")) {
      size_ -= 2;
    } else if (ends_with("s") && !ends_with("ss")) {
      size_ -= 1;
    }
  }

  void strip_past_and_participle() {
    if (ends_with("eed")) {
      if (measure(size_ - 3) > 0)
        size_ -= 1;
    } else if (ends_with("ed") && has_vowel(size_ - 2)) {
      size_ -= 2;
      restore_ending();
    } else if (ends_with("ing") && has_vowel(size_ - 3)) {
      size_ -= 3;
      restore_ending();
    }
  }

  void soften_final_y() {
    if (ends_with("y") && has_vowel(size_ - 1))
      letters_[size_ - 1] = 'i';
  }

  template <std::size_t N>
  void apply_rules(const std::array<suffix_rule, N>& rules) {
    for (const auto& rule : rules) {
      if (!ends_with(rule.suffix))
        continue;
      if (measure(size_ - rule.suffix.size()) > 0) {
        size_ -= rule.suffix.size();
        append(rule.replacement);
      }
      return;
    }
  }

  void strip_bare_suffix() {
    std::string_view longest;
    for (const auto suffix : bare_suffixes) {
      if (suffix.size() > longest.size() && ends_with(suffix))
        longest = suffix;
    }
    if (longest.empty())
      return;
    const auto rest = size_ - longest.size();
    if (longest == "ion" && (rest == 0 || (letters_[rest - 1] != 's' && letters_[rest - 1] != 't')))
      return;
    if (measure(rest) > 1)
      size_ = rest;
  }

  void tidy_ending() {
    if (ends_with("e")) {
      const auto m = measure(size_ - 1);
      if (m > 1 || (m == 1 && !ends_in_short_syllable(size_ - 1)))
        size_ -= 1;
    }
    if (ends_with("ll") && measure(size_ - 1) > 1)
      size_ -= 1;
  }

private:
  [[nodiscard]] bool ends_with(std::string_view suffix) const {
    // Nearly all comparisons fail at the last letter, before a call of memcmp would have begun.
    return suffix.size() <= size_ && letters_[size_ - 1] == suffix.back() &&
           std::string_view{letters_.data(), size_}.ends_with(suffix);
  }

  void append(std::string_view text) {
    std::ranges::copy(text, letters_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
  }

  [[nodiscard]] bool is_consonant(std::size_t at) const {
    switch (letters_[at]) {
      case 'a':
      case 'e':
      case 'i':
      case 'o':
      case 'u': return false;
      case 'y': return at == 0 || !is_consonant(at - 1);
      default: return true;
    }
  }

  [[nodiscard]] std::size_t measure(std::size_t end) const {
    std::size_t count = 0;
    auto after_vowel = false;
    for (std::size_t i = 0; i < end; ++i) {
      const auto consonant = is_consonant(i);
      if (consonant && after_vowel)
        ++count;
      after_vowel = !consonant;
    }
    return count;
  }

  [[nodiscard]] bool has_vowel(std::size_t end) const {
    for (std::size_t i = 0; i < end; ++i) {
      if (!is_consonant(i))
        return true;
    }
    return false;
  }

  /// Consonant, vowel, consonant that is not w, x or y: the "hop" of "hopping".
  [[nodiscard]] bool ends_in_short_syllable(std::size_t end) const {
    if (end < 3 || !is_consonant(end - 1) || is_consonant(end - 2) || !is_consonant(end - 3))
      return false;
    const auto last = letters_[end - 1];
    return last != 'w' && last != 'x' && last != 'y';
  }

  [[nodiscard]] bool ends_in_double_consonant() const {
    return size_ >= 2 && letters_[size_ - 1] == letters_[size_ - 2] && is_consonant(size_ - 1);
  }

  void restore_ending() {
    const bool lost_its_e = ends_with("at") || ends_with("bl") || ends_with("iz");
    if (!lost_its_e && ends_in_double_consonant()) {
      const auto last = letters_[size_ - 1];
      if (last != 'l' && last != 's' && last != 'z')
        size_ -= 1;
    } else if (lost_its_e || (measure(size_) == 1 && ends_in_short_syllable(size_))) {
      append("e");
    }
  }

  std::span<char> letters_;
  std::size_t size_;  // never more than the word had: every rule shortens or keeps the length
};

}  // namespace

std::string_view regular_form(std::string_view word) {
  const auto* found = std::ranges::lower_bound(irregular_forms, word, {}, &irregular_form::word);
  return found != irregular_forms.end() && found->word == word ? found->base : word;
}

std::size_t stem_english(std::span<char> word) {
  if (word.size() <= 2)
    return word.size();
  porter_word stem{word};
  stem.strip_plural();
  stem.strip_past_and_participle();
  stem.soften_final_y();
  stem.apply_rules(derivation_rules);
  stem.apply_rules(adjective_rules);
  stem.strip_bare_suffix();
  stem.tidy_ending();
  return stem.size();
}

}  // namespace libagent
