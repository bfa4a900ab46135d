#include "libagent/http/http_headers.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_token_char(char c) {
  const auto lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, is_token_char);
}

bool is_header_value(std::string_view value) {
  return value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
}

}  // namespace

bool same_header_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

http_headers::http_headers(std::initializer_list<http_header> fields) {
  fields_.reserve(fields.size());
  for (const auto& field : fields)
    add(field.name, field.value);
}

void http_headers::add(std::string name, std::string value) {
  LIBAGENT_EXPECTS(is_header_name(name));
  LIBAGENT_EXPECTS(is_header_value(value));
  fields_.push_back({std::move(name), std::move(value)});
}

void http_headers::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const http_header& f) { return same_header_name(f.name, name); });
  add(std::move(name), std::move(value));
}

std::optional<std::string_view> http_headers::find(std::string_view name) const {
  for (const auto& field : fields_) {
    if (same_header_name(field.name, name))
      return field.value;
  }
  return std::nullopt;
}

std::size_t http_headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields_, [&](const http_header& f) { return same_header_name(f.name, name); }));
}

}  // namespace libagent
