#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/config/agent_config.hpp"
#include "libagent/ports/web_client.hpp"

#include <functional>

namespace libagent::app {

/// A client for model servers and collectors. `on_thread_start` runs on its thread; may be empty.
/// Errors: `tls.ca-file` cannot be read or has no certificate.
[[nodiscard]] expected<web_client_ptr> make_web_client(const agent_config& config,
                                                       std::function<void()> on_thread_start);

}  // namespace libagent::app
