#pragma once

#include "actors/node.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/agent_config.hpp"
#include "libagent/ports/web_client.hpp"

namespace libagent::app {

/// Lets the node make spans and send them, when there is an endpoint. `client` carries the
/// requests; null: one is made for them. Errors: a bad address or header, secrets that are not to
/// be had.
[[nodiscard]] expected<void> wire_telemetry(const agent_config& config, web_client_ptr client,
                                            actors::node_parts& parts);

}  // namespace libagent::app
