#include "libagent/api/otlp_delivery.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/http/url.hpp"
#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t excerpt_bytes = 160;
constexpr std::array retryable_statuses{429, 502, 503, 504};
constexpr std::string_view otlp_blanks = " \t\r";

/// 64-bit integers are strings in OTLP's JSON, but some servers write numbers.
std::uint64_t count_in(const json_view& value) {
  if (const auto number = value.count())
    return *number;
  std::uint64_t number = 0;
  if (value.is_string()) {
    const auto text = value.text();
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

otlp_answer accepted(std::string_view body) {
  otlp_answer answer;
  json_tape tape;
  // Servers that answer with something else have taken the batch all the same.
  if (!tape.read(body) || !tape.root().is_object())
    return answer;
  const auto partial = tape.root().find("partialSuccess");
  if (!partial.is_object())
    return answer;
  answer.rejected = count_in(partial.find("rejectedSpans"));
  const auto message = partial.find("errorMessage");
  if (message.is_string() && !message.text().empty())
    answer.why = "the collector says " + quoted_excerpt(message.text(), excerpt_bytes);
  if (answer.rejected > 0 && answer.why.empty())
    answer.why = "the collector rejected spans";
  return answer;
}

otlp_answer without_answer(const error& why) {
  const bool is_hopeless =
      why.code == errc::invalid_argument || why.code == errc::too_large;  // whatever is sent again
  return {.verdict = is_hopeless ? otlp_verdict::refused : otlp_verdict::retry,
          .retry_after = {},
          .why = to_string(why)};
}

std::string_view without_otlp_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(otlp_blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(otlp_blanks) - first + 1);
}

expected<void> add_otlp_header(http_headers& headers, std::string_view part) {
  const auto equals = part.find('=');
  const auto name = without_otlp_blanks(part.substr(0, std::min(equals, part.size())));
  if (equals == std::string_view::npos || name.empty())
    return error{errc::invalid_argument, "read OTLP headers: expected NAME=VALUE in each"};
  const error unfit{errc::invalid_argument,
                    "read OTLP headers: " + quoted_excerpt(name, 64) + " cannot be sent"};
  auto value = percent_decode(without_otlp_blanks(part.substr(equals + 1)), plus_means::plus);
  if (!value)
    return unfit;
  try {
    headers.set(std::string{name}, *std::move(value));
  } catch (const contract_violation&) {
    return unfit;
  }
  return {};
}

}  // namespace

otlp_answer judge_otlp_answer(const expected<void>& ended, int status, const http_headers& headers,
                              std::string_view body, unix_millis now) {
  if (status / 100 == 2)
    return accepted(body);
  if (status == 0)
    return without_answer(ended ? error{errc::unavailable, "no answer"} : ended.error());
  const bool may_retry = std::ranges::find(retryable_statuses, status) != retryable_statuses.end();
  return {.verdict = may_retry ? otlp_verdict::retry : otlp_verdict::refused,
          .retry_after = may_retry ? read_retry_after(headers, now) : std::nullopt,
          .why = "the collector answered with status " + std::to_string(status)};
}

std::string otlp_traces_url(std::string endpoint) {
  while (endpoint.ends_with('/'))
    endpoint.pop_back();
  return endpoint + "/v1/traces";
}

expected<http_headers> read_otlp_headers(std::string_view text) {
  http_headers headers;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(",\n"), text.size());
    const auto part = without_otlp_blanks(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty())
      continue;
    if (auto added = add_otlp_header(headers, part); !added)
      return added.error();
  }
  return headers;
}

}  // namespace libagent
