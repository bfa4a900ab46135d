#include "libagent/openai/json_scanner.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace libagent {

namespace {

constexpr std::array<bool, 256> make_plain_characters() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c)
    plain[c] = c != '"' && c != '\\';
  return plain;
}

/// Characters that stand for themselves within a string and take one byte.
constexpr auto plain_characters = make_plain_characters();

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

constexpr std::string_view too_many_values = "too many values";

}  // namespace

bool json_scanner::run() {
  skip_space();
  if (!read_value())
    return false;
  while (!tape_->open_.empty()) {
    if (!read_next_in_container())
      return false;
  }
  skip_space();
  return at_ == text_.size() || fail("something follows the document");
}

error json_scanner::failure() const {
  const auto before = text_.substr(0, at_);
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto line_start = before.rfind('\n');
  const auto column = line_start == std::string_view::npos ? at_ + 1 : at_ - line_start;
  return {problem_ == too_many_values ? errc::too_large : errc::invalid_argument,
          "bad JSON at line " + std::to_string(line) + ", column " + std::to_string(column) + ": " +
              std::string{problem_}};
}

bool json_scanner::read_value() {
  switch (peek()) {
    case '{': return open(json_tape::kind::object);
    case '[': return open(json_tape::kind::array);
    case '"': return read_string();
    case 't': return read_word("true", json_tape::kind::boolean);
    case 'f': return read_word("false", json_tape::kind::boolean);
    case 'n': return read_word("null", json_tape::kind::null);
    default: return read_number();
  }
}

bool json_scanner::read_next_in_container() {
  const bool is_list = tape_->nodes_[tape_->open_.back()].what == json_tape::kind::array;
  skip_space();
  if (peek() == (is_list ? ']' : '}')) {
    close();
    return true;
  }
  if (!first_) {
    if (peek() != ',')
      return fail(is_list ? "expected ',' or ']'" : "expected ',' or '}'");
    ++at_;
    skip_space();
  }
  first_ = false;
  return (is_list || read_name()) && read_value();
}

bool json_scanner::read_name() {
  if (peek() != '"')
    return fail("expected a member's name");
  if (!read_string())
    return false;
  skip_space();
  if (peek() != ':')
    return fail("expected ':'");
  ++at_;
  skip_space();
  return true;
}

bool json_scanner::read_string() {
  const auto begin = at_++;
  bool escaped = false;
  while (true) {
    while (at_ < text_.size() && plain_characters[static_cast<unsigned char>(text_[at_])])
      ++at_;
    if (at_ == text_.size())
      return fail("the text ends within a string");
    if (text_[at_] == '"')
      break;
    if (text_[at_] == '\\') {
      escaped = true;
      if (!read_escape())
        return false;
    } else if (!read_wide_character()) {
      return false;
    }
  }
  ++at_;
  return add(json_tape::kind::string, begin, escaped);
}

bool json_scanner::read_escape() {
  ++at_;
  const char c = peek();
  if (c != 'u') {
    if (c == '\0' || std::string_view{"\"\\/bfnrt"}.find(c) == std::string_view::npos)
      return fail("bad escape in a string");
    ++at_;
    return true;
  }
  const auto digits = text_.substr(at_ + 1, 4);
  if (digits.size() < 4 || !std::ranges::all_of(digits, is_hex_digit))
    return fail("bad escape in a string");
  at_ += 5;
  return true;
}

bool json_scanner::read_wide_character() {
  if (static_cast<unsigned char>(text_[at_]) < 0x20)
    return fail("control character in a string");
  if (tape_->rule_ == json_tape::text_rule::keep) {
    ++at_;
    return true;
  }
  const auto size = utf8_sequence_size(text_.substr(at_));
  if (size == 0)
    return fail("a string is not UTF-8");
  at_ += size;
  return true;
}

bool json_scanner::read_number() {
  const auto begin = at_;
  if (peek() == '-')
    ++at_;
  if (!is_digit(peek()))
    return fail(at_ == text_.size() ? "the text ends within a value" : "expected a value");
  if (peek() == '0') {
    ++at_;
  } else if (!read_digits()) {
    return false;
  }
  if (peek() == '.') {
    ++at_;
    if (!read_digits())
      return false;
  }
  return read_exponent() && add(json_tape::kind::number, begin, false);
}

bool json_scanner::read_exponent() {
  if (peek() != 'e' && peek() != 'E')
    return true;
  ++at_;
  if (peek() == '+' || peek() == '-')
    ++at_;
  return read_digits();
}

bool json_scanner::read_digits() {
  if (!is_digit(peek()))
    return fail("expected a digit");
  while (is_digit(peek()))
    ++at_;
  return true;
}

bool json_scanner::read_word(std::string_view word, json_tape::kind what) {
  if (!text_.substr(at_).starts_with(word))
    return fail("expected a value");
  const auto begin = at_;
  at_ += word.size();
  return add(what, begin, false);
}

bool json_scanner::open(json_tape::kind what) {
  if (tape_->open_.size() == tape_->limits_.depth_max)
    return fail("nested too deeply");
  const auto begin = at_++;
  tape_->open_.push_back(static_cast<std::uint32_t>(tape_->nodes_.size()));
  first_ = true;
  return add(what, begin, false);
}

void json_scanner::close() {
  auto& container = tape_->nodes_[tape_->open_.back()];
  container.end = static_cast<std::uint32_t>(++at_);
  container.next = static_cast<std::uint32_t>(tape_->nodes_.size());
  tape_->open_.pop_back();
  first_ = false;
}

bool json_scanner::add(json_tape::kind what, std::size_t begin, bool escaped) {
  auto& nodes = tape_->nodes_;
  if (nodes.size() == tape_->values_max_)
    return fail(too_many_values);
  const auto next = static_cast<std::uint32_t>(nodes.size() + 1);
  nodes.push_back({.begin = static_cast<std::uint32_t>(begin),
                   .end = static_cast<std::uint32_t>(at_),
                   .next = next,
                   .what = what,
                   .escaped = escaped});
  return true;
}

void json_scanner::skip_space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
    ++at_;
}

bool json_scanner::fail(std::string_view what) {
  problem_ = what;
  return false;
}

}  // namespace libagent
