#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/ports/web_client.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace libagent {

/// How long an attempt at `now` may take: at most `limit`, where 0 is none, and not past
/// `deadline`.
[[nodiscard]] std::chrono::milliseconds time_for_attempt(time_point deadline,
                                                         std::chrono::milliseconds limit,
                                                         time_point now);

/// `failure` of an attempt that had until `due`. The client's limits for a connection, a first byte
/// or a silence make it `unavailable`: there may be time for another attempt.
[[nodiscard]] error failure_of_attempt(error failure, time_point due);

/// Makes `call`, whose `on_head` and `on_body` and `on_end` are not looked at, and gives the whole
/// body of an answer with a status of 2xx. Errors: those of the client, and for any other status
/// as `read_provider_error`. @pre `call.timeout` is positive.
void fetch(web_client& client, web_call call, std::function<void(expected<std::string>)> on_end);

}  // namespace libagent
