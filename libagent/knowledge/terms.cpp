#include "libagent/knowledge/terms.hpp"

#include "libagent/knowledge/stemmer.hpp"
#include "libagent/knowledge/unicode.hpp"

#include <algorithm>

namespace libagent {

namespace {

constexpr bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_ascii_letter(char32_t c) {
  return c >= 'a' && c <= 'z';
}

constexpr char32_t right_single_quote = 0x2019;

// For each ASCII character its folded form when it is part of words, else 0. Most text is ASCII,
// and indexing cuts all of it: one look-up takes the place of four calls.
constexpr auto ascii_word_letters = [] {
  std::array<char, 128> letters{};
  for (std::size_t c = 0; c < letters.size(); ++c) {
    const auto letter = static_cast<char>(c);
    if ((letter >= 'a' && letter <= 'z') || is_ascii_digit(letter)) {
      letters[c] = letter;
    } else if (letter >= 'A' && letter <= 'Z') {
      letters[c] = static_cast<char>(letter + ('a' - 'A'));
    }
  }
  return letters;
}();

char ascii_word_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 ? ascii_word_letters[byte] : '\0';
}

std::size_t encode_at(char* to, char32_t code) {
  if (code < 0x80) {
    to[0] = static_cast<char>(code);
    return 1;
  }
  std::string bytes;  // at most four bytes: no allocation
  append_utf8(bytes, code);
  std::ranges::copy(bytes, to);
  return bytes.size();
}

}  // namespace

const term* term_reader::next() {
  while (at_ < text_.size()) {
    if (ascii_word_letter(text_[at_]) != '\0') {
      in_run_ = false;
      if (read_word())
        return &term_;
      continue;
    }
    const auto current = letter_at(at_);
    switch (classify_letter(current.folded)) {
      case letter_class::separator:
        at_ += current.length;
        in_run_ = false;
        break;
      case letter_class::word:
        in_run_ = false;
        if (read_word())
          return &term_;
        break;
      case letter_class::unsegmented: read_unsegmented(current); return &term_;
    }
  }
  return nullptr;
}

term_reader::folded_letter term_reader::letter_at(std::size_t at) const {
  const auto first = static_cast<unsigned char>(text_[at]);
  if (first < 0x80)
    return {fold_letter(first), 1};
  const auto decoded = decode_utf8(text_, at);
  return {fold_letter(decoded.code), decoded.length};
}

/// Reads what is no ASCII letter or digit but part of a word. Returns false at the word's end.
bool term_reader::read_rare_letter(std::size_t begin) {
  const auto current = letter_at(at_);
  if (current.folded == 0) {
    at_ += current.length;  // a combining mark
    return true;
  }
  if (classify_letter(current.folded) == letter_class::word) {
    append_to_word(current.folded);
    at_ += current.length;
    return true;
  }
  const auto joined = joined_length(begin);
  if (joined > 0 && text_[at_] == '.')
    append_to_word('.');
  at_ += joined;
  return joined > 0;
}

bool term_reader::read_word() {
  const auto begin = at_;
  word_size_ = 0;
  ascii_letters_only_ = true;
  while (at_ < text_.size()) {
    if (const auto letter = ascii_word_letter(text_[at_]); letter != '\0') {
      ascii_letters_only_ = ascii_letters_only_ && !is_ascii_digit(letter);
      if (word_size_ <= word_bytes_max)
        word_[word_size_++] = letter;
      ++at_;
    } else if (!read_rare_letter(begin)) {
      break;
    }
  }
  if (word_size_ == 0 || word_size_ > word_bytes_max)
    return false;
  finish_word(begin);
  return true;
}

/// Bytes of punctuation at the reading position that does not end the word; 0: it ends.
std::size_t term_reader::joined_length(std::size_t begin) const {
  if (at_ == begin)
    return 0;
  const auto current = decode_utf8(text_, at_);
  const auto after = at_ + current.length;
  if (after >= text_.size())
    return 0;
  const auto digits_around = is_ascii_digit(text_[at_ - 1]) && is_ascii_digit(text_[after]);
  switch (current.code) {
    case '\'':
    case right_single_quote:
      return classify_letter(letter_at(after).folded) == letter_class::word ? current.length : 0;
    case '.': return digits_around ? 1 : 0;
    case ',': return digits_around && groups_thousands(at_) ? 1 : 0;
    default: return 0;
  }
}

bool term_reader::groups_thousands(std::size_t comma) const {
  std::size_t digits = 0;
  while (comma + 1 + digits < text_.size() && is_ascii_digit(text_[comma + 1 + digits]))
    ++digits;
  return digits == 3;
}

void term_reader::append_to_word(char32_t folded) {
  ascii_letters_only_ = ascii_letters_only_ && is_ascii_letter(folded);
  if (word_size_ > word_bytes_max)
    return;  // too long already; only its end is looked for
  word_size_ += encode_at(word_.data() + word_size_, folded);
}

void term_reader::finish_word(std::size_t begin) {
  const auto rest = text_.substr(at_);
  if (word_size_ == 1 && ascii_letters_only_ && (rest.starts_with("++") || rest.starts_with('#'))) {
    const std::size_t sign_length = rest.front() == '#' ? 1 : 2;  // the languages C++, C#, F#
    std::ranges::copy(rest.substr(0, sign_length), word_.data() + 1);
    word_size_ += sign_length;
    at_ += sign_length;
    ascii_letters_only_ = false;
  }
  const std::string_view word{word_.data(), word_size_};
  auto stem = word;
  if (ascii_letters_only_ && word_size_ > 2) {
    const auto regular = regular_form(word);
    std::ranges::copy(regular, stem_.data());
    stem = {stem_.data(), stem_english({stem_.data(), regular.size()})};
  }
  term_ = {stem, word, begin, at_, false, false};
}

void term_reader::read_unsegmented(folded_letter first) {
  const auto begin = at_;
  at_ += first.length;
  auto end = at_;
  auto size = encode_at(word_.data(), first.folded);
  auto paired = false;
  if (at_ < text_.size()) {
    const auto second = letter_at(at_);
    paired = classify_letter(second.folded) == letter_class::unsegmented;
    if (paired) {
      size += encode_at(word_.data() + size, second.folded);
      end += second.length;
    }
  }
  const std::string_view letters{word_.data(), size};
  term_ = {letters, letters, begin, end, true, !paired && in_run_};
  in_run_ = paired;
}

std::vector<std::string> stems_of(std::string_view text) {
  std::vector<std::string> stems;
  term_reader reader{text};
  while (const auto* found = reader.next())
    stems.emplace_back(found->stem);
  return stems;
}

}  // namespace libagent
