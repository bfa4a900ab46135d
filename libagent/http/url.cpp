#include "libagent/http/url.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace libagent {

namespace {

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

constexpr bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

error encoding_error(std::size_t position, std::string_view problem) {
  return {errc::invalid_argument,
          "percent-decode: " + std::string{problem} + " at position " + std::to_string(position)};
}

/// The part of an absolute-form target from its path on; empty when there is no known scheme.
std::optional<std::string_view> after_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme))
      continue;
    const auto path = target.find_first_of("/?", scheme.size());
    return path == std::string_view::npos ? std::string_view{} : target.substr(path);
  }
  return std::nullopt;
}

/// The byte that `text`, which starts with '%', stands for.
std::optional<int> escaped_byte(std::string_view text) {
  const int high = text.size() > 2 ? hex_digit(text[1]) : -1;
  const int low = text.size() > 2 ? hex_digit(text[2]) : -1;
  if (high < 0 || low < 0)
    return std::nullopt;
  return high * 16 + low;
}

bool is_printable_ascii_or_high(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7F;
}

}  // namespace

expected<std::string> percent_decode(std::string_view text, plus_means plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      const bool is_space = text[at] == '+' && plus == plus_means::space;
      out += is_space ? ' ' : text[at];
      continue;
    }
    const auto byte = escaped_byte(text.substr(at));
    if (!byte)
      return encoding_error(at, "'%' without two hex digits");
    if (*byte == 0)
      return encoding_error(at, "%00 is not allowed");
    out += static_cast<char>(*byte);
    at += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4U], digits[byte & 0x0FU]};
    }
  }
  return out;
}

expected<std::vector<query_param>> parse_query(std::string_view query, const query_limits& limits) {
  if (query.size() > limits.bytes_max) {
    return error{errc::too_large, "parse query: " + std::to_string(query.size()) +
                                      " bytes, at most " + std::to_string(limits.bytes_max)};
  }
  std::vector<query_param> params;
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    if (part.empty())
      continue;
    if (params.size() == limits.params_max) {
      return error{errc::too_large,
                   "parse query: more than " + std::to_string(limits.params_max) + " parameters"};
    }
    const auto equals = part.find('=');
    auto name = percent_decode(part.substr(0, equals), plus_means::space);
    if (!name)
      return name.error();
    const auto raw =
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
    auto value = percent_decode(raw, plus_means::space);
    if (!value)
      return value.error();
    params.push_back({std::move(*name), std::move(*value)});
  }
  return params;
}

expected<request_target> parse_target(std::string_view target, const query_limits& limits) {
  if (!std::ranges::all_of(target, is_printable_ascii_or_high))
    return error{errc::invalid_argument, "parse request target: a control character or a space"};
  if (target.find('#') != std::string_view::npos)
    return error{errc::invalid_argument, "parse request target: '#' is not allowed, write %23"};
  auto origin = target;
  if (const auto rest = after_authority(target)) {
    origin = *rest;
  } else if (!target.starts_with('/')) {
    return error{errc::invalid_argument, "parse request target: it must begin with '/' or http://"};
  }
  const auto mark = origin.find('?');
  request_target out{.path = std::string{origin.substr(0, mark)}, .query = {}};
  if (out.path.empty())
    out.path = "/";
  if (mark == std::string_view::npos)
    return out;
  auto query = parse_query(origin.substr(mark + 1), limits);
  if (!query)
    return query.error();
  out.query = std::move(*query);
  return out;
}

}  // namespace libagent
