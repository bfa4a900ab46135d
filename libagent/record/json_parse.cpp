#include "libagent/record/json_parse.hpp"

#include "libagent/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace libagent {

namespace {

/// Reads characters and leaves its position where the document builder can see it: the parser
/// itself tells positions only with syntax errors.
class tracked_iterator {
public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  tracked_iterator(const char* at, const char*& reached) : at_{at}, reached_{&reached} {}

  reference operator*() const { return *at_; }

  tracked_iterator& operator++() {
    *reached_ = ++at_;
    return *this;
  }

  tracked_iterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }

  friend bool operator==(const tracked_iterator& a, const tracked_iterator& b) {
    return a.at_ == b.at_;
  }

private:
  const char* at_;
  const char** reached_;
};

std::string line_and_column(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto line_start = before.rfind('\n');
  const auto column =
      line_start == std::string_view::npos ? before.size() + 1 : before.size() - line_start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// The parser's message without its prefix and without the input it quotes, which may be long.
std::string syntax_message(std::string message, const std::string& last_token) {
  if (const auto at = message.find("while parsing "); at != std::string::npos)
    message.erase(0, at);
  const auto quote = "; last read: '" + last_token + "'";
  if (const auto at = message.find(quote); at != std::string::npos)
    message.erase(at, quote.size());
  return message;
}

/// Builds the document from the parser's events and stops it at the first limit.
class document_builder {
public:
  using json = nlohmann::json;

  document_builder(std::string_view text, const json_limits& limits, const char*& reached,
                   json_lines* lines)
      : text_{text}, limits_{limits}, reached_{reached}, lines_{lines} {}

  bool null() { return add(json(nullptr)) != nullptr; }

  bool boolean(bool value) { return add(json(value)) != nullptr; }

  bool number_integer(std::int64_t value) { return add(json(value)) != nullptr; }

  bool number_unsigned(std::uint64_t value) { return add(json(value)) != nullptr; }

  bool number_float(double value, const std::string&) { return add(json(value)) != nullptr; }

  bool string(std::string& value) { return add(json(std::move(value))) != nullptr; }

  bool binary(json::binary_t&) { return false; }  // not in JSON text

  bool start_object(std::size_t) { return open(json(json::value_t::object)); }

  bool start_array(std::size_t) { return open(json(json::value_t::array)); }

  bool end_object() { return close(); }

  bool end_array() { return close(); }

  bool key(std::string& name) {
    auto& members = open_.back()->get_ref<json::object_t&>();
    const auto [at, is_new] = members.try_emplace(std::move(name));
    member_ = &at->second;
    keys_.back() = &at->first;
    if (!is_new)
      return fail("duplicate field");
    if (lines_ != nullptr)
      note_line();
    return true;
  }

  bool parse_error(std::size_t position, const std::string& last_token, const json::exception& e) {
    const auto what = e.id == out_of_range_id
                          ? "number " + quoted_excerpt(last_token) + " is out of range"
                          : syntax_message(e.what(), last_token);
    failure_ = error{
        errc::invalid_argument,
        "bad JSON at " + line_and_column(text_, position == 0 ? 0 : position - 1) + ": " + what};
    return false;
  }

  [[nodiscard]] const json& document() const { return root_; }

  [[nodiscard]] const std::optional<error>& failure() const { return failure_; }

private:
  static constexpr int out_of_range_id = 406;

  json* add(json&& value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array())
      return &open_.back()->emplace_back(std::move(value));
    *member_ = std::move(value);
    return member_;
  }

  bool open(json&& value) {
    if (open_.size() == limits_.depth_max)
      return fail("nested deeper than " + std::to_string(limits_.depth_max) + " levels");
    // An ancestor's elements do not move while a descendant is open, so the pointers stay valid.
    open_.push_back(add(std::move(value)));
    keys_.push_back(nullptr);
    return true;
  }

  bool close() {
    open_.pop_back();
    keys_.pop_back();
    return true;
  }

  [[nodiscard]] std::string pointer() const {
    std::string path;
    for (std::size_t level = 0; level < open_.size(); ++level) {
      if (keys_[level] != nullptr) {
        append_pointer_token(path, *keys_[level]);
      } else {
        const bool holds_the_next = level + 1 < open_.size();
        const auto size = open_[level]->size();
        append_pointer_token(path, std::to_string(holds_the_next ? size - 1 : size));
      }
    }
    return path;
  }

  void note_line() {
    const auto offset = static_cast<std::size_t>(reached_ - text_.data());
    lines_seen_ += static_cast<std::size_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                   text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
    counted_ = offset;
    lines_->emplace(pointer(), lines_seen_ + 1);
  }

  bool fail(const std::string& what) {
    const auto offset = static_cast<std::size_t>(reached_ - text_.data());
    failure_ = error{errc::invalid_argument,
                     shown_pointer(pointer()) + ": " + what + " (" +
                         line_and_column(text_, offset == 0 ? 0 : offset - 1) + ")"};
    return false;
  }

  std::string_view text_;
  json_limits limits_;
  const char*& reached_;
  json_lines* lines_;
  json root_;
  std::vector<json*> open_;               // from the root down
  std::vector<const std::string*> keys_;  // the current key of each open object; null for arrays
  json* member_ = nullptr;                // where the value after the latest key goes
  std::size_t lines_seen_ = 0;
  std::size_t counted_ = 0;
  std::optional<error> failure_;
};

expected<void> run_parser(std::string_view text, const json_limits& limits, json_lines* lines,
                          const std::function<expected<void>(const nlohmann::json&)>& use) {
  if (text.size() > limits.bytes_max) {
    return error{errc::too_large, "JSON text has " + std::to_string(text.size()) +
                                      " bytes, at most " + std::to_string(limits.bytes_max) +
                                      " allowed"};
  }
  // The parser takes a zero byte for the end of its input and would not see what follows.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    return error{errc::invalid_argument,
                 "bad JSON at " + line_and_column(text, zero) + ": a zero byte"};
  }
  const char* reached = text.data();
  document_builder builder{text, limits, reached, lines};
  const bool parsed =
      nlohmann::json::sax_parse(tracked_iterator{text.data(), reached},
                                tracked_iterator{text.data() + text.size(), reached}, &builder);
  if (!parsed)
    return builder.failure().value_or(error{errc::invalid_argument, "bad JSON"});
  return use(builder.document());
}

}  // namespace

expected<void> with_parsed_json(std::string_view text, const json_limits& limits,
                                const std::function<expected<void>(const nlohmann::json&)>& use) {
  return run_parser(text, limits, nullptr, use);
}

expected<void> with_parsed_json_file(
    std::string_view text, const json_limits& limits,
    const std::function<expected<void>(const nlohmann::json&, const json_lines&)>& use) {
  json_lines lines;
  return run_parser(text, limits, &lines,
                    [&](const nlohmann::json& document) { return use(document, lines); });
}

void append_pointer_token(std::string& pointer, std::string_view token) {
  pointer += '/';
  for (const char c : token) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

std::string shown_pointer(std::string_view pointer) {
  if (pointer.empty())
    return "(root)";
  constexpr std::size_t half = 100;
  std::string shown;
  if (pointer.size() > 2 * half) {
    auto tail = pointer.substr(pointer.size() - half);
    while (!tail.empty() && (static_cast<unsigned char>(tail.front()) & 0xC0U) == 0x80U)
      tail.remove_prefix(1);
    shown.append(utf8_prefix(pointer, half)).append("...").append(tail);
  } else {
    shown = pointer;
  }
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return shown;
}

}  // namespace libagent
