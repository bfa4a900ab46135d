#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// One unit of search in a text.
struct term {
  std::string_view stem;  ///< What is indexed and compared.
  std::string_view word;  ///< Before stemming: folded letters as written.
  std::size_t begin = 0;  ///< Bytes in the text, half open.
  std::size_t end = 0;
  bool unsegmented = false;  ///< A pair of letters (or a last letter) of a script without spaces.
  bool run_tail = false;     ///< The last letter of such a run, given once more on its own.
};

/// Cuts a text into terms. The index, questions and the ranking of answers all use this one, so
/// that what is found and what is scored cannot drift apart.
///
/// - Words (letters and digits) are folded and, when plain English letters, stemmed. `_`, `-`,
///   `/` and other punctuation end a word; an apostrophe inside a word is left out; a dot between
///   digits stays (`0.18.7`), a comma that groups thousands is left out (`10,000`).
/// - Runs of Han, kana, hangul, Thai and the like give overlapping pairs, and their last letter
///   alone, so that one letter is found as the prefix of a term wherever it stands.
/// - Words of more than `word_bytes_max` bytes (base64, digests) give no term.
///
/// Thread safety: none. Cost: linear, without allocation.
class term_reader {
public:
  static constexpr std::size_t word_bytes_max = 48;

  /// `text` must outlive the reader.
  explicit term_reader(std::string_view text) : text_{text} {}

  /// The next term, or null at the end. Its views are valid until the next call.
  [[nodiscard]] const term* next();

private:
  struct folded_letter {
    char32_t folded;
    std::size_t length;
  };

  [[nodiscard]] folded_letter letter_at(std::size_t at) const;
  bool read_word();
  bool read_rare_letter(std::size_t begin);
  void read_unsegmented(folded_letter first);
  [[nodiscard]] std::size_t joined_length(std::size_t begin) const;
  [[nodiscard]] bool groups_thousands(std::size_t comma) const;
  void append_to_word(char32_t folded);
  void finish_word(std::size_t begin);

  std::string_view text_;
  std::size_t at_ = 0;
  bool in_run_ = false;
  bool ascii_letters_only_ = false;
  std::size_t word_size_ = 0;
  std::array<char, word_bytes_max + 8> word_{};
  std::array<char, word_bytes_max + 8> stem_{};
  term term_;
};

/// The stems of a text in order.
[[nodiscard]] std::vector<std::string> stems_of(std::string_view text);

}  // namespace libagent
