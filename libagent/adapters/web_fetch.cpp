#include "libagent/adapters/web_fetch.hpp"

#include "libagent/openai/provider_error.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace libagent {

namespace {

struct fetched_answer {
  int status = 0;
  http_headers headers;
  std::string body;
};

expected<std::string> body_of(fetched_answer& answer, const expected<void>& ended, time_point due) {
  using namespace std::chrono;
  if (!ended)
    return failure_of_attempt(ended.error(), due);
  if (answer.status / 100 == 2)
    return std::move(answer.body);
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  return read_provider_error(answer.status, answer.headers, answer.body, now).failure;
}

// Nobody waits longer, and sums with it do not overflow.
constexpr std::chrono::hours longest_attempt{24 * 365};

}  // namespace

std::chrono::milliseconds time_for_attempt(time_point deadline, std::chrono::milliseconds limit,
                                           time_point now) {
  if (limit.count() <= 0 || limit > longest_attempt)
    limit = longest_attempt;
  if (deadline - now > longest_attempt)
    return limit;
  return std::min(std::chrono::ceil<std::chrono::milliseconds>(deadline - now), limit);
}

error failure_of_attempt(error failure, time_point due) {
  if (failure.code == errc::deadline_exceeded && std::chrono::steady_clock::now() < due)
    failure.code = errc::unavailable;
  return failure;
}

void fetch(web_client& client, web_call call, std::function<void(expected<std::string>)> on_end) {
  const auto answer = std::make_shared<fetched_answer>();
  call.on_head = [answer](int status, const http_headers& headers) {
    answer->status = status;
    answer->headers = headers;
  };
  call.on_body = [answer](std::string_view piece) { answer->body += piece; };
  const auto due = std::chrono::steady_clock::now() + call.timeout;
  call.on_end = [answer, due, on_end = std::move(on_end)](const expected<void>& ended) {
    on_end(body_of(*answer, ended, due));
  };
  client.start(std::move(call));
}

}  // namespace libagent
