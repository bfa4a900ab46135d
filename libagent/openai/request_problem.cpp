#include "libagent/openai/request_problem.hpp"

#include "libagent/base/text.hpp"

namespace libagent {

std::string request_path::text() const {
  std::string out = before == nullptr ? "" : before->text();
  if (index)
    return out + "[" + std::to_string(*index) + "]";
  if (!out.empty())
    out += '.';
  return out.append(name);
}

bool request_problem::wrong(const request_path& at, const std::string& what,
                            std::string_view code) {
  auto path = at.text();
  failure_ = {.status = 400,
              .message = path.empty() ? what : path + ": " + what,
              .type = "invalid_request_error",
              .code = std::string{code},
              .param = std::move(path)};
  return false;
}

bool request_problem::wrong_type(const request_path& at, std::string_view expected, json_view got) {
  return wrong(at, "expected " + std::string{expected} + ", got " + std::string{got.kind_name()},
               "invalid_type");
}

bool request_problem::missing(const request_path& at, std::string_view expected) {
  return wrong(at, "missing; expected " + std::string{expected}, "missing_required_parameter");
}

bool request_problem::unreadable(const error& failure) {
  const bool too_large = failure.code == errc::too_large;
  failure_ = {.status = too_large ? 413 : 400,
              .message = "read the request's body: " + failure.context,
              .type = "invalid_request_error",
              .code = too_large ? "request_too_large" : "invalid_json",
              .param = {}};
  return false;
}

bool request_problem::read(json_view value, const request_path& at, std::optional<bool>& out) {
  if (!value.has_value())
    return true;
  out = value.boolean();
  return out || wrong_type(at, "a boolean", value);
}

bool request_problem::read(json_view value, const request_path& at, bool& out) {
  std::optional<bool> read_value = out;
  if (!read(value, at, read_value))
    return false;
  out = *read_value;
  return true;
}

bool request_problem::read(json_view value, const request_path& at, std::size_t bytes_max,
                           std::string& out) {
  if (!value.has_value())
    return true;
  if (!value.is_string())
    return wrong_type(at, "a string", value);
  out = value.text();
  return out.size() <= bytes_max ||
         wrong(at,
               "a string of " + std::to_string(out.size()) + " bytes, at most " +
                   std::to_string(bytes_max) + " allowed",
               "string_above_max_length");
}

bool request_problem::read(json_view value, const request_path& at, double low, double high,
                           std::optional<double>& out) {
  if (!value.has_value())
    return true;
  if (!value.is_number())
    return wrong_type(at, "a number", value);
  out = value.real();
  return (out && *out >= low && *out <= high) ||
         wrong(at, "expected a number from " + number_text(low) + " to " + number_text(high) +
                       ", got " + std::string{utf8_prefix(value.raw(), 40)});
}

bool request_problem::read(json_view value, const request_path& at, std::int64_t low,
                           std::int64_t high, std::optional<std::int64_t>& out) {
  if (!value.has_value())
    return true;
  if (!value.is_number())
    return wrong_type(at, "an integer", value);
  out = value.integer(low, high);
  return out ||
         wrong(at, "expected an integer from " + std::to_string(low) + " to " +
                       std::to_string(high) + ", got " + std::string{utf8_prefix(value.raw(), 40)});
}

bool request_problem::read_required(json_view value, const request_path& at, std::size_t bytes_max,
                                    std::string& out) {
  if (!value.has_value())
    return missing(at, "a string");
  if (!read(value, at, bytes_max, out))
    return false;
  return !out.empty() || wrong(at, "must not be empty");
}

}  // namespace libagent
