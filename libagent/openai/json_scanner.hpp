#pragma once

#include "libagent/base/error.hpp"
#include "libagent/openai/json_tape.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace libagent {

/// Fills a `json_tape`; nobody else needs it.
class json_scanner {
public:
  explicit json_scanner(json_tape& tape) : tape_{&tape}, text_{tape.text_} {}

  /// Returns whether the text is one JSON document within the tape's limits.
  [[nodiscard]] bool run();

  /// @pre `run` returned false.
  [[nodiscard]] error failure() const;

private:
  [[nodiscard]] bool read_value();
  [[nodiscard]] bool read_next_in_container();
  [[nodiscard]] bool read_name();
  [[nodiscard]] bool read_string();
  [[nodiscard]] bool read_escape();
  [[nodiscard]] bool read_wide_character();
  [[nodiscard]] bool read_number();
  [[nodiscard]] bool read_exponent();
  [[nodiscard]] bool read_digits();
  [[nodiscard]] bool read_word(std::string_view word, json_tape::kind what);
  [[nodiscard]] bool open(json_tape::kind what);
  void close();
  [[nodiscard]] bool add(json_tape::kind what, std::size_t begin, bool escaped);
  void skip_space();
  [[nodiscard]] bool fail(std::string_view what);

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  json_tape* tape_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool first_ = false;  ///< Nothing has been read yet in the innermost container.
  std::string_view problem_;
};

}  // namespace libagent
