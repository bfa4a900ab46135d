#include "libagent/api/request_headers.hpp"

#include "libagent/api/client_name.hpp"

#include <algorithm>
#include <string>

namespace libagent {

namespace {

constexpr std::string_view key_header = "Idempotency-Key";
constexpr std::string_view trace_header = "traceparent";

/// `00-` and the ids and flags with their dashes.
constexpr std::size_t trace_bytes = 55;

error bad_key(const std::string& got) {
  return {errc::invalid_argument, "read the header Idempotency-Key: expected 1 to " +
                                      std::to_string(idempotency_key_bytes_max) +
                                      " printable ASCII characters, got " + got};
}

bool is_trace_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_trace_id(std::string_view text) {
  return is_trace_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool has_trace_shape(std::string_view text) {
  return text.size() >= trace_bytes && text[2] == '-' && text[35] == '-' && text[52] == '-' &&
         is_trace_hex(text.substr(0, 2)) && is_trace_id(text.substr(3, 32)) &&
         is_trace_id(text.substr(36, 16)) && is_trace_hex(text.substr(53, 2));
}

}  // namespace

expected<std::string> idempotency_key(const http_request& request) {
  const auto given = request.headers.find(key_header);
  if (!given)
    return std::string{};
  if (request.headers.count(key_header) > 1)
    return bad_key("more than one such header");
  if (given->empty() || given->size() > idempotency_key_bytes_max)
    return bad_key(std::to_string(given->size()) + " bytes");
  const auto odd = std::ranges::find_if(*given, [](char c) { return c < ' ' || c > '~'; });
  if (odd != given->end()) {
    return bad_key("another one at position " + std::to_string(odd - given->begin() + 1));
  }
  return std::string{*given};
}

std::string trace_parent(const http_request& request) {
  const auto given = request.headers.find(trace_header);
  if (!given || request.headers.count(trace_header) > 1 || !has_trace_shape(*given))
    return {};
  const auto version = given->substr(0, 2);
  if (version == "ff")
    return {};
  if (version == "00")
    return given->size() == trace_bytes ? std::string{*given} : std::string{};
  if (given->size() > trace_bytes && (*given)[trace_bytes] != '-')
    return {};
  // Passed on as the version that we know, whose only flag is the lowest bit.
  constexpr std::string_view odd_digits = "13579bdf";
  const bool sampled = odd_digits.find((*given)[trace_bytes - 1]) != std::string_view::npos;
  return "00" + std::string{given->substr(2, trace_bytes - 4)} + (sampled ? "01" : "00");
}

expected<void> take_headers(const http_request& request, task_request& into) {
  auto client = client_name(request);
  if (!client)
    return client.error();
  auto key = idempotency_key(request);
  if (!key)
    return key.error();
  into.client = *std::move(client);
  into.key = *std::move(key);
  into.trace = trace_parent(request);
  return {};
}

}  // namespace libagent
