#pragma once

#include "libagent/base/text.hpp"

#include <concepts>
#include <string>
#include <string_view>

namespace libagent {

/// Writes one JSON object, member by member, to the end of a text. It is closed by `close`.
class object_appender {
public:
  explicit object_appender(std::string& out) : out_{&out} { out += '{'; }

  /// Begins a member; its value is appended to the result by the caller.
  std::string& member(std::string_view name) {
    if (!first_)
      *out_ += ',';
    first_ = false;
    append_quoted(*out_, name);
    *out_ += ':';
    return *out_;
  }

  void text(std::string_view name, std::string_view value) { append_quoted(member(name), value); }

  void boolean(std::string_view name, bool value) { member(name) += value ? "true" : "false"; }

  /// @pre `value` is finite.
  void real(std::string_view name, double value) { member(name) += number_text(value); }

  void integer(std::string_view name, std::integral auto value) {
    member(name) += std::to_string(value);
  }

  /// A value that is JSON already.
  void raw(std::string_view name, std::string_view json) { member(name) += json; }

  void close() { *out_ += '}'; }

private:
  std::string* out_;
  bool first_ = true;
};

/// Writes a JSON array of what `append(element)` appends for each element of `list`.
template <class List, class Append>
void append_array(std::string& out, const List& list, Append&& append) {
  out += '[';
  bool first = true;
  for (const auto& element : list) {
    if (!first)
      out += ',';
    first = false;
    append(element);
  }
  out += ']';
}

}  // namespace libagent
