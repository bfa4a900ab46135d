#include "libagent/http/http_error.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace libagent {

namespace {

constexpr std::chrono::milliseconds come_back_after{1'000};

int status_of(errc code) {
  using enum errc;
  switch (code) {
    case invalid_argument:
    case context_too_long: return 400;
    case unauthenticated: return 401;
    case permission_denied: return 403;
    case not_found: return 404;
    case deadline_exceeded: return 504;
    case cancelled: return 499;
    case overloaded:
    case unavailable: return 503;
    case too_large: return 413;
    case key_reused:
    case tool_failed: return 422;
    case already_exists: return 409;
    case budget_exceeded:
    case rate_limited: return 429;
    case unsupported: return 501;
    case ok:
    case io_failed:
    case corrupt:
    case crashed:
    case internal: break;
  }
  return 500;
}

void append_string_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_quoted(out, text);
  }
}

}  // namespace

std::string default_error_type(int status) {
  if (status == 429)
    return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

http_error to_http_error(const error& failure, std::chrono::milliseconds retry_after) {
  http_error out;
  out.status = status_of(failure.code);
  out.code = to_string(failure.code);
  out.message = failure.context.empty() ? out.code : failure.context;
  out.type = failure.code == errc::tool_failed ? "tool_error" : default_error_type(out.status);
  if (out.status == 503 || out.status == 429)
    out.retry_after = std::max(failure.retry_after.value_or(retry_after), come_back_after);
  return out;
}

http_error rate_limited(std::string message, std::chrono::milliseconds retry_after) {
  return {.status = 429,
          .message = std::move(message),
          .type = "rate_limit_error",
          .code = "rate_limit_exceeded",
          .param = {},
          .retry_after = std::max(retry_after, come_back_after)};
}

http_response error_response(const http_error& failure) {
  std::string body = R"({"error":{"message":)";
  append_quoted(body, failure.message);
  body += R"(,"type":)";
  append_quoted(body, failure.type.empty() ? default_error_type(failure.status) : failure.type);
  body += R"(,"param":)";
  append_string_or_null(body, failure.param);
  body += R"(,"code":)";
  append_string_or_null(body, failure.code);
  body += "}}";
  auto response = json_response(failure.status, std::move(body));
  if (failure.retry_after > std::chrono::milliseconds{0}) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(failure.retry_after).count();
    response.headers.set("Retry-After", std::to_string(seconds));
  }
  return response;
}

http_response error_response(const error& failure) {
  return error_response(to_http_error(failure));
}

}  // namespace libagent
