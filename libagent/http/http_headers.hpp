#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// Whether two header names are the same: ASCII letters compare without case (RFC 9110, 5.1).
[[nodiscard]] bool same_header_name(std::string_view a, std::string_view b);

/// One header field of a request or a response.
struct http_header {
  std::string name;
  std::string value;

  friend bool operator==(const http_header&, const http_header&) = default;
};

/// Header fields in the order in which they were added; names compare without case.
///
/// Thread safety: like a standard container.
class http_headers {
public:
  http_headers() = default;
  /// @pre As for `add`, for each of them.
  http_headers(std::initializer_list<http_header> fields);

  /// Appends a field, also when one of that name is there already.
  /// @pre `name` is an RFC 9110 token; `value` has no CR, LF or NUL, which would let whoever
  /// chose the value write further fields or a second response.
  void add(std::string name, std::string value);

  /// Makes this the only field of that name.
  /// @pre As for `add`.
  void set(std::string name, std::string value);

  /// The value of the first field of that name. Valid until the next change.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

  [[nodiscard]] bool contains(std::string_view name) const { return find(name).has_value(); }

  [[nodiscard]] std::size_t count(std::string_view name) const;

  [[nodiscard]] std::size_t size() const { return fields_.size(); }

  [[nodiscard]] bool empty() const { return fields_.empty(); }

  [[nodiscard]] auto begin() const { return fields_.begin(); }

  [[nodiscard]] auto end() const { return fields_.end(); }

  friend bool operator==(const http_headers&, const http_headers&) = default;

private:
  std::vector<http_header> fields_;
};

}  // namespace libagent
